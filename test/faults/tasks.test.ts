// Holds src/pipeline/tasks/old-plan.ts,
// src/pipeline/tasks/plan-file.ts,
// src/pipeline/tasks/commit-unit.ts,
// src/pipeline/tasks/watch.ts,
// src/pipeline/shared-lock.ts.

import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { FAULT_POINTS } from '../../src/pipeline/options.js'
import { TASK_FAULT_POINTS } from '../../src/pipeline/tasks/task.js'
import { joinedSource, wholeOutputs } from '../support/joined-run.js'
import { filesIn, outputsIn, writeFiles } from '../support/pipeline-run.js'
import { type AnyPoint, taskProcess } from '../support/task-process.js'

// All points with the second task; the short form takes a sample of those that runs on one machine are held to, too.
const IS_WHOLE = process.env.SLUICE_TASK_KILLS === 'all'
const SAMPLE: readonly AnyPoint[] = [
  'after-append',
  'after-journal',
  'before-rename',
  'after-rename',
  'before-done',
]

const folder = t.testdir()
const input = writeFiles(join(folder, 'in'), joinedSource(gzipSync))
const clean = join(folder, 'clean')
const first = await taskProcess({ input, output: clean })
const expected = wholeOutputs(outputsIn(clean))
const files = outputsIn(clean)

const quarantineIn = (output: string): ReadonlyMap<string, Buffer> =>
  new Map([...filesIn(`${output}.sluice`)].filter(([name]) => name.startsWith('quarantine/')))

/** Everything is as after the undisturbed run. */
function check(t: Test, output: string): void {
  const outputs = outputsIn(output)
  t.ok(filesIn(output).has('run.json'), 'the run is complete')
  t.strictSame([...outputs.keys()].sort(), [...files.keys()].sort(), 'the same files, nothing half-written')
  t.strictSame(wholeOutputs(outputs), expected, 'the same bytes')
  t.strictSame(quarantineIn(output), quarantineIn(clean), 'the same quarantine')
  const state = [...filesIn(`${output}.sluice`).keys()]
  t.strictSame(
    state.filter((name) => /^(?:units|plan)\/|run-secrets|\.part$/.test(name)),
    [],
    'nothing is left in the state',
  )
}

t.test('the undisturbed run is what the others are held to', async (t) => {
  t.equal(first.exitCode, 0, first.stderr)
  t.ok(files.has('big-00002.ndjson') && filesIn(clean).has('run.json'))
})

for (const point of [...TASK_FAULT_POINTS, ...(IS_WHOLE ? FAULT_POINTS : SAMPLE)])
  t.test(`a task is killed at ${point}, and another goes on`, async (t) => {
    const output = join(folder, `kill-${point}`)
    const ended = await taskProcess({ input, output, kill: { point, nth: 1 } })
    t.equal(ended.signal, 'SIGKILL', ended.stderr)
    const next = await taskProcess({ input, output })
    t.equal(next.exitCode, 0, next.stderr)
    check(t, output)
  })

t.test('two tasks are killed at once, and two others go on together', async (t) => {
  const output = join(folder, 'two')
  const killed = await Promise.all([
    taskProcess({ input, output, kill: { point: 'after-claim', nth: 3 } }),
    taskProcess({ input, output, kill: { point: 'before-unit-done', nth: 2 } }),
  ])
  t.ok(killed.some(({ signal }) => signal === 'SIGKILL'))
  const next = await Promise.all([taskProcess({ input, output }), taskProcess({ input, output })])
  t.strictSame(
    next.map(({ exitCode, stderr }) => [exitCode, stderr]),
    [
      [0, ''],
      [0, ''],
    ],
  )
  check(t, output)
})

const TIMES = { beatEveryMs: 100, staleAfterMs: 1_500, lookEveryMs: 50 }
// Another host name, so that nobody can ask whether the process is alive.
const OTHER_HOST = ['unshare', '--uts', 'sh', '-c', 'hostname other; exec "$@"', 'sh']
const canUnshare = (await import('node:child_process')).spawnSync('unshare', ['--uts', 'true']).status === 0

t.test(
  'a task that is frozen longer than its claim lasts is replaced, and writes nothing when it wakes',
  { skip: canUnshare ? false : 'no second host name can be had here (unshare --uts)' },
  async (t) => {
    for (const point of ['before-rename', 'after-claim', 'before-unit-done', 'before-finish'] as const) {
      const output = join(folder, `freeze-${point}`)
      const file = join(folder, `frozen-${point}`)
      const frozen = taskProcess(
        { input, output, stop: { point, nth: 1, file }, lockTimes: TIMES, clockSkewMs: 300_000 },
        OTHER_HOST,
      )
      await until(() => existsSync(file) && readFileSync(file, 'utf8') !== '')
      const next = await taskProcess({ input, output, lockTimes: TIMES, clockSkewMs: -300_000 })
      t.equal(next.exitCode, 0, `${point}: ${next.stderr}`)
      const before = outputsIn(output)
      process.kill(Number(readFileSync(file, 'utf8')), 'SIGCONT')
      const { stderr, exitCode } = await frozen
      t.ok(exitCode === 0 || stderr === 'SINK_LOCKED', `${point}: ${exitCode} ${stderr}`)
      t.strictSame(outputsIn(output), before, `${point}: nothing is changed`)
      check(t, output)
    }
  },
)

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 20))
}

t.test('tasks whose counts decide whether anything appears are killed, too', async (t) => {
  const maxQuarantined = { count: 10_000 }
  for (const point of ['before-unit-done', 'before-finish', 'after-rename', 'before-done'] as const) {
    const output = join(folder, `late-${point}`)
    const ended = await taskProcess({ input, output, maxQuarantined, kill: { point, nth: 2 } })
    if (point !== 'before-finish') t.equal(ended.signal, 'SIGKILL', ended.stderr)
    const next = await taskProcess({ input, output, maxQuarantined })
    t.equal(next.exitCode, 0, `${point}: ${next.stderr}`)
    check(t, output)
  }
  const output = join(folder, 'too-many')
  const ended = await taskProcess({ input, output, maxQuarantined: { percent: 0.1 } })
  t.equal(ended.stderr, 'TOO_MANY_QUARANTINED')
  t.strictSame(
    [...outputsIn(output).keys()].filter((name) => !name.endsWith('.part')),
    [],
    'nothing appeared',
  )
})

t.test('a source that changed after the plan fails its item, and a retry plans again', async (t) => {
  const changing = writeFiles(join(folder, 'changing'), joinedSource(gzipSync))
  const output = join(folder, 'changed')
  const ended = await taskProcess({ input: changing, output, kill: { point: 'after-plan', nth: 1 } })
  t.equal(ended.signal, 'SIGKILL')
  writeFileSync(join(changing, 'small/3.ndjson'), '{"resourceType":"Patient","id":"later"}\n')
  const failed = await taskProcess({ input: changing, output })
  t.match(JSON.parse(failed.stdout), { kind: 'finished', report: { failed: [{ code: 'SOURCE_CHANGED' }] } })
  t.notOk(filesIn(output).has('run.json'), 'the run is not complete')
  const next = await taskProcess({ input: changing, output })
  t.match(JSON.parse(next.stdout), { kind: 'finished', report: { failed: [] } })
  t.ok(filesIn(output).has('run.json'))
})

t.test('an output that is removed before the end is made again', async (t) => {
  const output = join(folder, 'removed')
  const ended = await taskProcess({ input, output, kill: { point: 'before-finish', nth: 1 } })
  t.equal(ended.signal, 'SIGKILL')
  rmSync(join(output, 'big-00002.ndjson'))
  writeFileSync(join(output, 'small/4.ndjson'), 'changed')
  const seen = await taskProcess({ input, output })
  t.equal(seen.stderr, 'UNITS_MISSING')
  t.notOk(filesIn(output).has('run.json'))
  rmSync(join(output, 'small/4.ndjson'))
  const next = await taskProcess({ input, output })
  t.equal(next.exitCode, 0, next.stderr)
  check(t, output)
})

t.test('another run takes an unfinished one over, with what it made', async (t) => {
  const output = join(folder, 'over')
  await taskProcess({ input, output, kill: { point: 'after-unit-done', nth: 3 } })
  const next = await taskProcess({ input, output, runId: 'r2' })
  t.match(JSON.parse(next.stdout), { kind: 'finished' })
  check(t, output)
  const late = await taskProcess({ input, output, runId: 'r1' })
  t.match(JSON.parse(late.stdout), { kind: 'ended-before' }, 'a late task of the first run has nothing to do')
})

t.test('another configuration is refused in a task, and plans anew under another name', async (t) => {
  const output = join(folder, 'other')
  await taskProcess({ input, output, kill: { point: 'after-unit-done', nth: 3 } })
  const config = { fhirPathRules: [{ path: 'Resource.id', method: 'cryptoHash' }] }
  const refused = await taskProcess({ input, output, config })
  t.equal(refused.stderr, 'PLAN_DIFFERS')
  const next = await taskProcess({ input, output, config, runId: 'r2' })
  t.equal(next.stderr, '')
  t.match(JSON.parse(next.stdout), { kind: 'finished', report: { failed: [] } })
  const alone = join(folder, 'other-alone')
  await taskProcess({ input, output: alone, config })
  t.strictSame(wholeOutputs(outputsIn(output)), wholeOutputs(outputsIn(alone)))
})
