import { join } from 'node:path'
import t from 'tap'
import { KEEP_ALL, run, writeFiles } from '../support/pipeline-run.js'

const LINE = '{"resourceType":"Patient","id":"1"}\n'

t.test('a run starts as many threads as it has chunks, and no more than it may', async (t) => {
  const folder = t.testdir()
  let started = 0
  const count = (): void => {
    started += 1
  }
  process.on('worker', count)
  t.teardown(() => process.off('worker', count))
  for (const [name, files, threads] of [
    ['nothing', {}, 1],
    ['one', { 'a.ndjson': LINE }, 1],
    ['two', { 'a.ndjson': LINE, 'b.ndjson': LINE }, 2],
    ['many', { 'a.ndjson': LINE.repeat(100) }, 3],
    ['compressed', { 'a.ndjson.gz': Buffer.alloc(50) }, 3],
  ] as const) {
    started = 0
    const input = writeFiles(join(folder, name), files)
    await run(input, join(folder, `${name}.out`), { config: KEEP_ALL, workers: 3, chunkBytes: 400 })
    t.equal(started, threads, name)
  }
})
