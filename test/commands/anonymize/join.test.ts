// Holds src/commands/anonymize/open-task.ts,
// src/commands/anonymize/items-from.ts,
// src/commands/anonymize/task-text.ts,
// src/commands/anonymize/open-run.ts,
// src/commands/plan/plan.ts,
// src/commands/plan/plan-text.ts,
// src/commands/finish/finish.ts,
// src/commands/status/status.ts,
// src/storage/selected-source.ts,
// src/pipeline/anonymize-items.ts.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { sharedRun } from '../../../src/config/environment/array-task.js'
import { wholeOutputs } from '../../support/joined-run.js'
import { CONFIG, filesIn, outputsIn, syntheticLines, writeFiles } from '../../support/pipeline-run.js'
import { sluice, startSluice } from '../../support/sluice.js'
import { verbRun } from '../../support/verb-run.js'

const folder = t.testdir()
const input = writeFiles(join(folder, 'in'), {
  'large.ndjson': syntheticLines(26_000_000),
  'packed.ndjson.gz': gzipSync(syntheticLines(200_000, 3)),
  'sub/small.ndjson': syntheticLines(60_000, 2),
  'bad.ndjson': '{"resourceType":"Patient","nosuch":1}\n',
})
const config = join(writeFiles(folder, { 'config.json': JSON.stringify(CONFIG) }), 'config.json')
const base = ['-i', input, '-c', config, '--as-of', '2026-11-21', '--workers', '1']
const ranges = ['--range-bytes', '8MiB']

const alone = join(folder, 'alone')
await sluice(['anonymize', ...base, '-o', alone])
const expected = wholeOutputs(outputsIn(alone))

t.test('three processes share a run, one of them is killed, and a retry goes on', async (t) => {
  const output = join(folder, 'three')
  const words = [...base, ...ranges, '-o', output, '--run-id', 'monday']
  const planned = await sluice(['plan', ...words])
  t.match(planned.stdout, /planned: \d+ units, .* in 4 items/)
  t.match(planned.stdout, /estimate: /)
  const before = await sluice(['status', output])
  t.match(before.stdout, /0 of \d+ units are done, 0 held/)
  const killed = startSluice(['anonymize', ...words, '--join', '-v'])
  await killed.saw('unit.finished')
  killed.child.kill('SIGKILL')
  await killed.finished
  const ended = await Promise.all([1, 2, 3].map(() => sluice(['anonymize', ...words, '--join'])))
  for (const { exitCode, stderr } of ended) t.equal(exitCode, 0, stderr)
  t.equal(ended.filter(({ stdout }) => stdout.includes('files anonymized')).length, 1, 'one ends the run')
  t.strictSame(wholeOutputs(outputsIn(output)), expected, 'the bytes of a run on one machine')
  t.ok(outputsIn(output).has('large-00003.ndjson'))
  t.match((await sluice(['check', output])).stdout, /verified/)
  const late = await sluice(['anonymize', ...words, '--join'])
  t.equal(late.exitCode, 0)
  t.match(late.stdout, /the run monday ended at .*: nothing is left to do/)
  t.match((await sluice(['status', output])).stdout, /ended at/)
  t.match((await sluice(['finish', ...words])).stdout, /nothing is left to do/)
  const asJson = await sluice(['status', output, '--json'])
  t.match(JSON.parse(asJson.stdout), { runId: 'monday', units: { held: 0, free: 0 } })
})

t.test(
  'shards do their own units, and the last one ends the run; finish tells what is missing',
  async (t) => {
    const output = join(folder, 'shards')
    const words = [...base, ...ranges, '-o', output, '--run-id', 'shards']
    const first = await verbRun(['anonymize', ...words, '--shard', '1/2', '--json'])
    t.equal(first.exitCode, 0, first.stderr)
    t.match(JSON.parse(first.stdout), { kind: 'worked' })
    const early = await verbRun(['finish', ...words, '--json'])
    t.equal(early.exitCode, 5)
    t.match(JSON.parse(early.stdout), { error: { code: 'UNITS_MISSING' } })
    t.notOk(existsSync(join(output, 'run.json')))
    const second = await verbRun(['anonymize', ...words, '--shard', '2/2'])
    t.match(second.stdout, /files anonymized/)
    t.strictSame(wholeOutputs(outputsIn(output)), expected)
    for (const wrong of ['0/2', '3/2', '2', 'x/2'])
      t.equal((await verbRun(['anonymize', ...words, '--shard', wrong])).exitCode, 2, wrong)
  },
)

t.test('a task with other options is refused, and so is a run on one machine', async (t) => {
  const output = join(folder, 'refused')
  const words = [...base, ...ranges, '-o', output]
  await verbRun(['plan', ...words])
  for (const other of [
    ['--gzip'],
    ['--range-bytes', '4MiB'],
    ['--quarantine-content'],
    ['--as-of', '2026-11-22'],
  ]) {
    const { exitCode, stderr } = await verbRun(['anonymize', ...words, '--join', ...other])
    t.equal(exitCode, 2, other.join(' '))
    t.match(stderr, /this task was started with another/)
  }
  const plain = await verbRun(['anonymize', ...base, '-o', output])
  t.equal(plain.exitCode, 4)
  t.match(plain.stderr, /continue it with --join, or drop it/)
  t.match((await verbRun(['finish', '-o', output, '--abandon'])).stdout, /is dropped/)
  t.match((await verbRun(['finish', '-o', output, '--abandon'])).stdout, /no unfinished run/)
  t.equal(
    (await verbRun(['anonymize', ...base, '-o', output])).exitCode,
    10,
    'then a run on one machine works',
  )
  t.strictSame(wholeOutputs(outputsIn(output)), expected)
  for (const wrong of [
    ['--split-bytes', '1MiB'],
    ['--range-bytes', '5MB'],
  ])
    t.equal((await verbRun(['anonymize', ...words, '--join', ...wrong])).exitCode, 2, wrong.join(' '))
})

t.test('only the items of a list are taken, by one process and by tasks', async (t) => {
  const lists = writeFiles(join(folder, 'lists'), {
    'some.txt': '\uFEFFsub/small.ndjson\r\n\r\n"bad.ndjson"\n./sub/small.ndjson\n',
    'wrong.txt': 'sub/small.ndjson\nno.ndjson\nnone.ndjson\n',
    'empty.txt': '\n',
  })
  for (const more of [[], ['--join']]) {
    const output = join(folder, `listed${more.length}`)
    const words = [...base, '-o', output, ...more]
    const some = await verbRun(['anonymize', ...words, '--items-from', join(lists, 'some.txt')])
    t.match(some.stdout, /2 of 2 files anonymized/, some.stderr)
    t.strictSame([...outputsIn(output).keys()].sort(), ['bad.ndjson', 'sub/small.ndjson'])
  }
  const output = join(folder, 'listed-wrong')
  const wrong = await verbRun(['anonymize', ...base, '-o', output, '--items-from', join(lists, 'wrong.txt')])
  t.equal(wrong.exitCode, 3)
  t.match(wrong.stderr, /does not hold no\.ndjson and 1 more/)
  for (const name of ['empty.txt', 'missing.txt'])
    t.ok(
      [2, 3].includes(
        (await verbRun(['anonymize', ...base, '-o', output, '--items-from', join(lists, name)])).exitCode ??
          0,
      ),
    )
  t.notOk(existsSync(output), 'nothing was written')
})

t.test('tasks share random keys, and a lake gets one folder for a run', async (t) => {
  const lake = join(folder, 'lake')
  const random = join(
    writeFiles(folder, {
      'random.json': JSON.stringify({
        ...CONFIG,
        parameters: { ...CONFIG.parameters, cryptoHashKey: { random: true } },
      }),
    }),
    'random.json',
  )
  const words = ['anonymize', '-i', input, '-c', random, '-o', lake, '--layout', 'dated', ...ranges, '--join']
  const task = (job: string, index: number) =>
    sluice(words, {
      env: { SLURM_ARRAY_JOB_ID: job, SLURM_ARRAY_TASK_ID: String(index), SLURM_ARRAY_TASK_COUNT: '2' },
    })
  const ended = await Promise.all([task('7', 0), task('7', 1)])
  for (const { exitCode, stderr } of ended) t.equal(exitCode, 0, stderr)
  const runs = () => [...filesIn(lake).keys()].filter((name) => name.endsWith('/run.json'))
  t.equal(runs().length, 1)
  t.match((await task('7', 0)).stdout, /the run slurm-7 ended/)
  await task('8', 0)
  t.equal(runs().length, 2, "tomorrow's job is a run of its own")
})

t.test('a task without the name of a run begins another one where the input has changed', async (t) => {
  const own = writeFiles(join(folder, 'nameless'), { 'a.ndjson': syntheticLines(20_000) })
  const output = join(folder, 'nameless-out')
  const words = ['-i', own, '-c', config, '--as-of', '2026-11-21', '-o', output]
  t.equal((await verbRun(['finish', ...words])).exitCode, 5, 'nothing is planned')
  t.match((await verbRun(['anonymize', ...words, '--join'])).stdout, /1 of 1 files/)
  t.match((await verbRun(['anonymize', ...words, '--join'])).stdout, /nothing is left to do/)
  writeFiles(own, { 'b.ndjson': syntheticLines(20_000, 2) })
  t.match(
    (await verbRun(['anonymize', ...words, '--join'])).stdout,
    /1 of 2 files anonymized \(1 finished before\)/,
  )
  t.ok(outputsIn(output).has('b.ndjson'))
  const dated = await verbRun(['anonymize', ...words, '--join', '--layout', 'dated'])
  t.equal(dated.exitCode, 2)
  t.match(dated.stderr, /give --run-id/)
})

t.test('the run and the number of a task are what its engine says', async (t) => {
  const cases: readonly (readonly [Readonly<Record<string, string>>, string, number | undefined])[] = [
    [{}, '', undefined],
    [{ SLURM_ARRAY_JOB_ID: '12', SLURM_ARRAY_TASK_ID: '3', SLURM_ARRAY_TASK_COUNT: '4' }, 'slurm-12', 3],
    [{ SLURM_ARRAY_JOB_ID: '12', SLURM_ARRAY_TASK_ID: '0', SLURM_ARRAY_TASK_COUNT: '1' }, 'slurm-12', 0],
    [{ SLURM_JOB_ID: '13', SLURM_PROCID: '0' }, 'slurm-13', 0],
    [{ JOB_COMPLETION_INDEX: '2', SLUICE_RUN_ID: 'uid-1' }, 'uid-1', 2],
    [{ AZ_BATCH_JOB_ID: 'job', AZ_BATCH_TASK_ID: 'task-1' }, 'azure-batch-job', undefined],
    [
      { AWS_BATCH_JOB_ID: 'ab-12:4', AWS_BATCH_JOB_ARRAY_INDEX: '4', AWS_BATCH_JOB_ARRAY_SIZE: '9' },
      'aws-batch-ab-12',
      4,
    ],
    [{ PBS_JOBID: '12[3].server', PBS_ARRAY_INDEX: '3' }, 'pbs-12.server', 3],
    [{ PBS_JOBID: '12-3.server', PBS_ARRAYID: '3' }, 'torque-12.server', 3],
    [{ LSB_JOBID: '5', LSB_JOBINDEX: '1' }, 'lsf-5', 1],
    [{ JOB_ID: '5', SGE_TASK_ID: '1' }, 'grid-engine-5', 1],
    [
      { CLOUD_RUN_EXECUTION: 'x-1', CLOUD_RUN_TASK_INDEX: '0', CLOUD_RUN_TASK_COUNT: '2' },
      'cloud-run-x-1',
      0,
    ],
    [{ PARALLEL_SEQ: '2', PARALLEL_PID: '99' }, '', 2],
    [{ BATCH_JOB_UID: 'j-1', BATCH_TASK_INDEX: '1', BATCH_TASK_COUNT: '3' }, 'google-batch-j-1', 1],
    [{ OMPI_COMM_WORLD_RANK: '1', OMPI_COMM_WORLD_SIZE: '3' }, '', 1],
  ]
  for (const [environment, runId, index] of cases) t.strictSame(sharedRun(environment), { runId, index })
})
