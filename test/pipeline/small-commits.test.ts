// Holds src/pipeline/background-work.ts.

import { renameSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { BackgroundWork } from '../../src/pipeline/background-work.js'
import { memorySink } from '../../src/storage/memory/memory.js'
import { MemoryContent } from '../../src/storage/memory/memory-content.js'
import type { Sink, SinkItem, State } from '../../src/storage/store.js'
import { KEEP_ALL, runPipelineInto, writeFiles } from '../support/pipeline-run.js'

const AT_ONCE = 32
const ITEMS = AT_ONCE + 8
const LINE = '{"resourceType":"Patient"}\n'
const files = Object.fromEntries(Array.from({ length: ITEMS }, (_, at) => [`item-${at}.ndjson`, LINE]))
const folder = t.testdir()
const input = writeFiles(join(folder, 'before', 'in'), files)

t.test('after a failure, work that was not started is let go, with the reason', async (t) => {
  const reasons: unknown[] = []
  const aside = new BackgroundWork(1, (reason) => reasons.push(reason))
  const failing = Promise.reject(new Error('first'))
  failing.catch(() => {})
  await aside.start(
    () => failing,
    async () => void t.fail('it was started'),
  )
  let letGo = 0
  for (let each = 0; each < 2; each += 1)
    await t.rejects(
      aside.start(
        async () => void t.fail('nothing is started any more'),
        async () => {
          letGo += 1
          throw new Error('second')
        },
      ),
      /first/,
    )
  t.equal(letGo, 2)
  t.equal(reasons.length, 1)
  await aside.settle()
  await t.rejects(aside.end(), /first/)
})

/** A sink whose flushes all fail once more items are written than may wait for one. */
function failingSink(opened: Set<SinkItem>): Sink {
  const sink = memorySink(new MemoryContent())
  const full: { reject?: (reason: unknown) => void } = {}
  const failure = new Promise<void>((_, reject) => {
    full.reject = reject
  })
  failure.catch(() => {})
  let written = 0
  return {
    ...sink,
    item(name, fingerprint) {
      const item = sink.item(name, fingerprint)
      const wrapped: SinkItem = {
        resume: (bytes) => {
          opened.add(wrapped)
          return item.resume(bytes)
        },
        leftBytes: () => item.leftBytes(),
        proven: (places) => item.proven(places),
        digest: () => item.digest(),
        async append(bytes) {
          await item.append(bytes)
          written += 1
          // Once the pump of this item has ended: it waits for room then.
          if (written > AT_ONCE) setImmediate(() => full.reject?.(new Error('the disk is gone')))
        },
        get keptBytes() {
          return item.keptBytes
        },
        complete: () => item.complete(),
        flush: () => failure,
        find: (sealed) => item.find(sealed),
        sealed: () => item.sealed(),
        commit: (facts) => item.commit(facts),
        settle: () => item.settle(),
        abort: () => item.abort(),
        async close() {
          await item.close()
          opened.delete(wrapped)
        },
      }
      return wrapped
    },
  }
}

t.test('a run that fails while small items wait for their flush leaves no output open', async (t) => {
  const opened = new Set<SinkItem>()
  await t.rejects(runPipelineInto(input, failingSink(opened), { config: KEEP_ALL }), /disk is gone/)
  t.equal(opened.size, 0)
})

t.test('finished items whose source has moved share the flushes of their records', async (t) => {
  const content = new MemoryContent()
  await runPipelineInto(input, memorySink(content), { config: KEEP_ALL })
  renameSync(join(folder, 'before'), join(folder, 'after'))
  const moved = join(folder, 'after', 'in')
  const sink = memorySink(content)
  let flushes = 0
  const state: State = {
    ...sink.state,
    async appender(name, keepBytes) {
      const file = await sink.state.appender(name, keepBytes)
      return {
        ...file,
        async flush() {
          if (name.startsWith('items/records')) flushes += 1
          await file.flush()
        },
      }
    },
  }
  const { items } = await runPipelineInto(moved, { ...sink, state }, { config: KEEP_ALL })
  t.equal(items.finishedBefore, ITEMS)
  t.ok(flushes > 0 && flushes < ITEMS / 2, `${flushes} flushes`)
})
