// Runs examples/slurm on a real Slurm. `npm run clusters` installs it.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import {
  type ClusterRun,
  clusterRun,
  freezeHolder,
  onlyWhole,
  skipped,
  unitsFinished,
  unitsPlanned,
  variableOf,
} from '../support/cluster-run.js'
import { projectRoot } from '../support/shared.js'
import { noSlurm, type Slurm, type SlurmJob, startSlurm, until } from '../support/slurm.js'

const EXAMPLES = join(projectRoot, 'examples', 'slurm')
const ARRAY = join(EXAMPLES, 'anonymize.sbatch')

interface Cluster extends ClusterRun {
  readonly slurm: Slurm
  readonly folder: string
  /** Submits the array of the example. Returns its id. */
  submit(words: readonly string[], options?: readonly string[]): Promise<string>
}

async function cluster(t: Test): Promise<Cluster> {
  const folder = t.testdir()
  const run = await clusterRun(folder)
  const slurm = await startSlurm(t, run.path)
  const submit = async (words: readonly string[], options: readonly string[] = []): Promise<string> => {
    const { exitCode, stdout, stderr } = await slurm.run('sbatch', [
      ...['--parsable', ...options],
      ...[ARRAY, ...words],
    ])
    t.equal(exitCode, 0, stderr)
    return stdout.trim()
  }
  return { ...run, slurm, folder, submit }
}

const logsOf = (tasks: readonly SlurmJob[]): readonly string[] => tasks.map(({ log }) => log)

t.test('the examples on a real Slurm', { skip: skipped(noSlurm()) }, async (t) => {
  const { slurm, folder, submit, optionsFor, holds } = await cluster(t)
  const out = (name: string): string => join(folder, 'out', name)
  mkdirSync(join(folder, 'out'))

  await t.test(
    'without --join one task works, and the others are locked out',
    { skip: onlyWhole() },
    async (t) => {
      const words = ['sluice', 'anonymize', ...optionsFor(out('naive'))].filter(
        (word) => !/range|4MiB/.test(word),
      )
      const { stdout } = await slurm.run('sbatch', [
        ...['--parsable', '--array=1-4', '--output=naive-%a.log', '--wrap', `exec ${words.join(' ')}`],
      ])
      const tasks = await slurm.ended(stdout.trim())
      t.ok(tasks.filter(({ exitCode }) => exitCode === '4:0').length >= 1)
      t.match(logsOf(tasks).join(''), /SINK_LOCKED/)
    },
  )

  await t.test('an array shares a run: no unit is done twice', async (t) => {
    const id = await submit(optionsFor(out('shared')))
    const tasks = await slurm.ended(id)
    t.strictSame(
      tasks.map(({ state }) => state),
      ['COMPLETED', 'COMPLETED', 'COMPLETED', 'COMPLETED'],
      logsOf(tasks).join('\n'),
    )
    const units = unitsFinished(logsOf(tasks))
    t.equal(units.length, unitsPlanned(logsOf(tasks)))
    t.equal(new Set(units).size, units.length)
    await holds(t, out('shared'))

    const retry = await slurm.run('scontrol', ['requeue', `${id}_2`])
    t.equal(retry.exitCode, 0, retry.stderr)
    const [again] = await slurm.ended(`${id}_2`)
    t.match(again, { state: 'COMPLETED', log: `the run slurm-${id} ended at` })

    const tomorrow = await slurm.ended(await submit(optionsFor(out('shared'))))
    t.match(logsOf(tomorrow).join(''), /"event":"run\.finished"/, 'another array is another run')
    await holds(t, out('shared'))
  })

  await t.test('a task is killed and started again, and another one is started twice', async (t) => {
    const id = await submit(optionsFor(out('killed')))
    const pid = await freezeHolder(out('killed'))
    const index = variableOf(pid, 'SLURM_ARRAY_TASK_ID')
    process.kill(pid, 'SIGKILL')
    const twice = await slurm.run('sluice', ['anonymize', ...optionsFor(out('killed')), '--join'], {
      SLUICE_RUN_ID: `slurm-${id}`,
      SLURM_ARRAY_TASK_ID: '3',
    })
    t.equal(twice.exitCode, 0, twice.stderr)
    const lost = (await slurm.ended(id)).find((task) => task.id === `${id}_${index}`)
    t.match(lost, { state: 'FAILED', exitCode: '0:9' })
    t.equal((await slurm.run('scontrol', ['requeue', `${id}_${index}`])).exitCode, 0)
    const tasks = await slurm.ended(id)
    t.ok(
      tasks.every(({ state }) => state === 'COMPLETED'),
      logsOf(tasks).join('\n'),
    )
    const logs = [...logsOf(tasks), twice.stderr]
    t.equal(unitsFinished(logs).length, unitsPlanned(logs), 'only the unit in hand was begun again')
    await holds(t, out('killed'))
  })

  await t.test(
    'scancel and the signal before the time limit keep what is done',
    { skip: onlyWhole() },
    async (t) => {
      const id = await submit(optionsFor(out('stopped')), ['--array=1-2'])
      const pid = await freezeHolder(out('stopped'))
      const index = variableOf(pid, 'SLURM_ARRAY_TASK_ID')
      const other = `${id}_${index === '1' ? 2 : 1}`
      await slurm.run('scancel', ['--batch', '--signal=TERM', other])
      await slurm.run('scancel', ['--batch', '--signal=TERM', `${id}_${index}`])
      process.kill(pid, 'SIGCONT')
      const tasks = await slurm.ended(id)
      t.match(
        tasks.find((task) => task.id === `${id}_${index}`),
        { state: 'FAILED', exitCode: '6:0' },
      )
      t.match(logsOf(tasks).join(''), /INTERRUPTED/)

      const next = await submit(optionsFor(out('stopped')))
      const frozen = await freezeHolder(out('stopped'))
      await slurm.run('scancel', [next])
      process.kill(frozen, 'SIGCONT')
      const cancelled = await slurm.ended(next)
      t.match(cancelled.find(({ log }) => log.includes('INTERRUPTED'))?.state, 'CANCELLED')

      const last = await slurm.ended(await submit(optionsFor(out('stopped'))))
      t.ok(last.every(({ state }) => state === 'COMPLETED'))
      const logs = [...logsOf(tasks), ...logsOf(cancelled), ...logsOf(last)]
      const units = unitsFinished(logs)
      t.equal(new Set(units).size, units.length, 'what was done is not done again')
      await holds(t, out('stopped'))
    },
  )

  await t.test('plan, work and finish as jobs, and a job after them', { skip: onlyWhole() }, async (t) => {
    const env = { SLUICE_RUN_ID: 'tuesday' }
    const staged = (words: readonly string[]) => slurm.run(join(EXAMPLES, 'staged.sh'), words, env)
    const { stdout, stderr } = await staged(optionsFor(out('staged')))
    const finish = stdout.trim()
    t.match(finish, /^\d+$/, stderr)
    const after = await slurm.run('sbatch', [
      ...['--parsable', `--dependency=afterok:${finish}`, '--output=after.log'],
      ...['--wrap', `exec sluice check '${out('staged')}'`],
    ])
    t.match(await slurm.ended(after.stdout.trim()), [{ state: 'COMPLETED', log: 'verified' }])
    t.match(await slurm.job(finish), { state: 'COMPLETED' })
    await holds(t, out('staged'))

    const wrong = (await staged([...optionsFor(out('wrong')), '--gzip', '99'])).stdout.trim()
    await until('the last job is dropped', async () => (await slurm.job(wrong)).state === 'CANCELLED')
  })
})
