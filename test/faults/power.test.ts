import { join } from 'node:path'
import t from 'tap'
import { memorySink } from '../../src/storage/memory/memory.js'
import { MemoryContent } from '../../src/storage/memory/memory-content.js'
import {
  KEEP_ALL,
  listen,
  type Overrides,
  runPipelineInto,
  syntheticLines,
  writeFiles,
} from '../support/pipeline-run.js'

t.test('what a killed run left is flushed before the journal vouches for it', async (t) => {
  const lines = syntheticLines(500_000).toString()
  const place = t.testdir()
  // With lines in the quarantine from the start.
  const input = writeFiles(join(place, 'in'), { 'x.ndjson': lines.replaceAll('\n', '\nnot JSON\n') })
  const content = new MemoryContent()
  const runNow = (overrides: Overrides) =>
    runPipelineInto(input, memorySink(content), { config: KEEP_ALL, workers: 1, ...overrides })
  const crashAt = (cause: 'process' | 'power', at: string, nth: number): Overrides => {
    let reached = 0
    return {
      faultPoint(point) {
        if (point !== at) return
        reached += 1
        if (reached === nth) content.crash(cause)
      },
    }
  }
  await t.rejects(runNow(crashAt('process', 'after-journal', 4)), { code: 'SINK_UNWRITABLE' })
  await t.rejects(runNow(crashAt('power', 'before-append', 1)), { code: 'SINK_UNWRITABLE' })
  const { events, onEvent } = listen()
  await runNow({ onEvent })
  const resumed = events.filter(({ event }) => event === 'item.resumed' || event === 'checkpoint.discarded')
  t.match(resumed, [{ event: 'item.resumed', item: 'x.ndjson' }])
  t.equal(resumed.length, 1)
  t.equal(content.objects.get('x.ndjson')?.bytes.toString(), lines)
})
