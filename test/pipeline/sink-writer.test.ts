import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { sluiceError } from '../../src/errors.js'
import { folderSink } from '../../src/storage/folder/folder.js'
import type { Sink } from '../../src/storage/store.js'
import { codeOf, runPipelineInto, writeFiles } from '../support/pipeline-run.js'

const LINES = '{"resourceType":"Patient","id":"1"}\n'.repeat(20)
/** Ten chunks of two lines. */
const SMALL_CHUNKS = { chunkBytes: 72, workers: 1 }
const DEADLINE_MS = 60_000

interface Hooks {
  /** Called before an entry of a chunk is written to the journal; `count` is from 1. */
  readonly onEntry: (count: number) => Promise<void>
  /** Called when the output is written to; `count` is from 1. */
  readonly onAppend?: (count: number) => void
}

/** A folder whose journal and outputs are watched. */
function watchedSink(output: string, { onEntry, onAppend = () => {} }: Hooks): Sink {
  const sink = folderSink(output)
  let entries = 0
  let appends = 0
  return {
    ...sink,
    item(name, fingerprint) {
      const item = sink.item(name, fingerprint)
      const append = item.append.bind(item)
      item.append = (pieces) => {
        appends += 1
        onAppend(appends)
        return append(pieces)
      }
      return item
    },
    state: {
      ...sink.state,
      async appender(name, keepBytes) {
        const appender = await sink.state.appender(name, keepBytes)
        return {
          ...appender,
          async append(text) {
            if (text.includes('"chunk":true')) {
              entries += 1
              await onEntry(entries)
            }
            await appender.append(text)
          },
        }
      },
    },
  }
}

t.test('the next chunk is written while the journal is, and no more than one', async (t) => {
  const folder = t.testdir()
  const input = writeFiles(join(folder, 'in'), { 'a.ndjson': LINES })
  const output = join(folder, 'out')
  let [appended, reached] = [0, () => {}]
  const fourth = new Promise<boolean>((resolve) => {
    reached = () => resolve(true)
  })
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), DEADLINE_MS)
  })
  const sink = watchedSink(output, {
    onAppend(count) {
      appended = count
      if (count === 4) reached()
    },
    // Entries 1 and 2 are those of the first two chunks: the journal starts with the second.
    async onEntry(count) {
      t.ok(appended <= Math.max(count, 2) + 1, `entry ${count} with ${appended} chunks written`)
      if (count === 3) t.ok(await Promise.race([fourth, late]), 'the fourth chunk is written before entry 3')
    },
  })
  const report = await runPipelineInto(input, sink, SMALL_CHUNKS)
  clearTimeout(timer)
  t.match(report, { lines: { delivered: 20 }, items: { committed: 1 } })
})

for (const failing of [1, 3, 10])
  t.test(`a journal that cannot take entry ${failing} ends the run, and nothing appears`, async (t) => {
    const folder = t.testdir()
    const input = writeFiles(join(folder, 'in'), { 'a.ndjson': LINES })
    const output = join(folder, 'out')
    const sink = watchedSink(output, {
      async onEntry(count) {
        if (count === failing) throw sluiceError('SINK_FULL', { message: 'full' })
      },
    })
    t.equal(await codeOf(runPipelineInto(input, sink, SMALL_CHUNKS)), 'SINK_FULL')
    t.notOk(existsSync(join(output, 'a.ndjson')))
    t.match(await runPipelineInto(input, folderSink(output), SMALL_CHUNKS), { lines: { delivered: 20 } })
  })
