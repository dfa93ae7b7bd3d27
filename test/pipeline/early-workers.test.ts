import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { startEarly } from '../../src/pipeline/early-workers.js'
import { codeOf, filesIn, KEEP_ALL, run, writeFiles } from '../support/pipeline-run.js'

const LINE = '{"resourceType":"Patient","id":"1"}\n'

/** Counts the threads that start. */
function countThreads(t: Test): () => number {
  let started = 0
  const count = (): void => {
    started += 1
  }
  process.on('worker', count)
  t.teardown(() => process.off('worker', count))
  return () => started
}

t.test('one thread starts at once, and others only when it is busy', async (t) => {
  const folder = t.testdir()
  for (const [name, lines, threads] of [
    ['nothing', 0, [1]],
    ['one', 1, [1]],
    ['two', 16, [2, 3]],
    ['many', 100, [3]],
  ] as const) {
    const started = countThreads(t)
    const pool = startEarly({ workers: 3 })
    await setImmediate()
    t.equal(started(), 1, name)
    const input = writeFiles(join(folder, name), { 'a.ndjson': LINE.repeat(lines) })
    const output = join(folder, `${name}.out`)
    await run(input, output, { config: KEEP_ALL, workers: 3, chunkBytes: 400, pool })
    t.ok(
      threads.some((count) => count === started()),
      `${name}: ${started()}`,
    )
    t.equal(String(filesIn(output).get('a.ndjson')), LINE.repeat(lines))
    await pool.destroy()
  }
})

t.test('a thread anonymizes by the rules that it is told, whatever it has loaded ahead', async (t) => {
  const folder = t.testdir()
  const pool = startEarly({ workers: 1 })
  pool.load('STU3')
  const [input, output] = [writeFiles(join(folder, 'in'), { 'a.ndjson': LINE }), join(folder, 'out')]
  await run(input, output, { config: KEEP_ALL, workers: 1, pool })
  t.equal(String(filesIn(output).get('a.ndjson')), LINE)
})

t.test('a thread that no run needs ends, also while it loads', async (t) => {
  const pool = startEarly({ workers: 2 })
  pool.load('R4')
  await t.resolves(pool.destroy())
})

t.test('sizes that do not fit are refused before a thread starts', async (t) => {
  const started = countThreads(t)
  t.equal(await codeOf((async () => startEarly({ workers: 0 }))()), 'USAGE')
  await setImmediate()
  t.equal(started(), 0)
})
