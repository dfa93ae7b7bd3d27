// What the simulation of the Job controller does, with short scripts in place of Sluice.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { FailureRule, JobManifest } from './job-manifest.js'
import { JobSimulation, type SimulationOptions } from './job-simulation.js'
import type { Pod } from './simulated-pod.js'

const FAIL_ON_2: FailureRule = {
  action: 'FailJob',
  onExitCodes: { containerName: 'main', operator: 'In', values: [2] },
}
const IGNORE_DISRUPTION: FailureRule = { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget' }] }

/** A Job whose pods run this script. */
const jobOf = (script: string, more: Partial<JobManifest['spec']> = {}): JobManifest => ({
  kind: 'Job',
  metadata: { name: 'night' },
  spec: {
    completionMode: 'Indexed',
    completions: 2,
    parallelism: 2,
    backoffLimitPerIndex: 1,
    podReplacementPolicy: 'Failed',
    ...more,
    template: {
      spec: {
        restartPolicy: 'Never',
        containers: [
          {
            name: 'main',
            command: [process.execPath, '-e', script],
            args: ['/data/file'],
            env: [
              {
                name: 'RUN',
                valueFrom: {
                  fieldRef: { fieldPath: "metadata.labels['batch.kubernetes.io/controller-uid']" },
                },
              },
            ],
            volumeMounts: [{ name: 'data', mountPath: '/data' }],
          },
        ],
      },
    },
  },
})

/** Where the volume is; nothing is written there. */
const DATA = join(t.testdirName, 'data')

const start = (job: JobManifest, options: Partial<SimulationOptions> = {}) =>
  new JobSimulation(job, { folders: { data: DATA }, ...options })

const WAITS = 'console.error("ready"); setInterval(() => {}, 1000)'

t.test('each index runs once, with its number, the uid of the Job and folders for volumes', async (t) => {
  const said = 'console.log(process.env.JOB_COMPLETION_INDEX, process.env.RUN, process.argv[1])'
  const simulation = start(jobOf(said, { completions: 3, parallelism: 2 }))
  const { condition, succeeded, pods } = await simulation.ended
  t.equal(condition, 'Complete')
  t.strictSame(succeeded, [0, 1, 2])
  t.strictSame(
    pods.map((pod) => pod.stdout().trim()),
    [0, 1, 2].map((index) => `${index} ${simulation.uid} ${join(DATA, 'file')}`),
  )
})

t.test('no more pods run at once than parallelism allows', async (t) => {
  const alive: Pod[] = []
  let most = 0
  const onPod = (pod: Pod): void => {
    alive.push(pod)
    most = Math.max(most, alive.filter(({ phase }) => phase() === 'running').length)
  }
  await start(jobOf('', { completions: 5, parallelism: 2 }), { onPod }).ended
  t.equal(alive.length, 5)
  t.equal(most, 2)
})

t.test('an index is tried again up to its limit, and the others are not held up', async (t) => {
  const script = 'process.exit(process.env.JOB_COMPLETION_INDEX === "1" ? 5 : 0)'
  const { condition, reason, succeeded, failedIndexes, pods } = await start(
    jobOf(script, { completions: 3, backoffLimitPerIndex: 2 }),
  ).ended
  t.match({ condition, reason }, { condition: 'Failed', reason: 'FailedIndexes' })
  t.strictSame({ succeeded, failedIndexes }, { succeeded: [0, 2], failedIndexes: [1] })
  t.equal(pods.filter(({ index }) => index === 1).length, 3)
  const stopped = await start(
    jobOf(script, { completions: 3, parallelism: 1, backoffLimitPerIndex: 0, maxFailedIndexes: 0 }),
  ).ended
  t.equal(stopped.reason, 'MaxFailedIndexesExceeded')
  t.strictSame(stopped.succeeded, [0], 'index 2 never starts')
})

t.test('an exit code of the policy fails the Job at once and ends the other pods', async (t) => {
  const script = `process.env.JOB_COMPLETION_INDEX === "1" ? process.exit(2) : (${WAITS.replace(';', ',')})`
  const policy = { podFailurePolicy: { rules: [FAIL_ON_2, IGNORE_DISRUPTION] } }
  const { reason, pods } = await start(jobOf(script, policy)).ended
  t.equal(reason, 'PodFailurePolicy')
  t.strictSame(
    pods.map((pod) => pod.exitCode()),
    [143, 2],
  )
})

t.test('an evicted pod does not count; one that ignores SIGTERM is killed after the grace', async (t) => {
  const file = join(t.testdir(), 'stubborn')
  const script = `
    const fs = require('node:fs')
    if (fs.existsSync(${JSON.stringify(file)})) process.exit(0)
    process.on('SIGTERM', () => fs.writeFileSync(${JSON.stringify(file)}, 'asked'))
    ${WAITS}`
  const rules = [FAIL_ON_2, IGNORE_DISRUPTION]
  const one = { completions: 1, parallelism: 1, backoffLimitPerIndex: 0, podFailurePolicy: { rules } }
  const onPod = (pod: Pod): void =>
    void pod.saw('ready').then(
      () => pod.evict(),
      () => undefined,
    )
  const { condition, pods } = await start(jobOf(script, one), { onPod, graceMs: 500 }).ended
  t.equal(condition, 'Complete')
  t.strictSame(
    pods.map((pod) => pod.exitCode()),
    [137, 0],
  )
  t.equal(readFileSync(file, 'utf8'), 'asked')
})

for (const [policy, together] of [
  ['Failed', false],
  ['TerminatingOrFailed', true],
] as const)
  t.test(`${policy}: the replacement ${together ? 'may run beside' : 'waits for'} the old pod`, async (t) => {
    const file = join(t.testdir(), 'first')
    const script = `
      const fs = require('node:fs')
      if (fs.existsSync(${JSON.stringify(file)})) process.exit(0)
      fs.writeFileSync(${JSON.stringify(file)}, '')
      process.on('SIGTERM', () => {})
      ${WAITS}`
    const pods: Pod[] = []
    let phaseOfFirst = ''
    const onPod = (pod: Pod): void => {
      pods.push(pod)
      if (pods.length === 1) void pod.saw('ready').then(() => pod.evict())
      else phaseOfFirst = pods[0]?.phase() ?? ''
    }
    const job = jobOf(script, { completions: 1, parallelism: 1, podReplacementPolicy: policy })
    const { condition } = await start(job, { onPod, graceMs: 2000 }).ended
    t.equal(condition, 'Complete')
    t.equal(phaseOfFirst, together ? 'terminating' : 'failed')
    t.ok(existsSync(file))
  })

t.test('a lost pod is replaced while its process goes on', async (t) => {
  const pods: Pod[] = []
  const file = join(t.testdir(), 'first')
  const twice = `
    const fs = require('node:fs')
    if (fs.existsSync(${JSON.stringify(file)})) process.exit(0)
    fs.writeFileSync(${JSON.stringify(file)}, '')
    ${WAITS}`
  const rules = [IGNORE_DISRUPTION]
  const one = { completions: 1, parallelism: 1, backoffLimitPerIndex: 0, podFailurePolicy: { rules } }
  const onPod = (pod: Pod): void => {
    pods.push(pod)
    if (pods.length === 1) void pod.saw('ready').then(() => pod.lose())
  }
  const { condition } = await start(jobOf(twice, one), { onPod }).ended
  t.equal(condition, 'Complete')
  t.equal(pods[0]?.exitCode(), undefined, 'the first one is there')
  pods[0]?.kill()
  await pods[0]?.gone
  t.strictSame(
    pods.map((pod) => pod.exitCode()),
    [137, 0],
  )
})

t.test('what the API server refuses is refused', async (t) => {
  const rules = {
    podFailurePolicy: { rules: [FAIL_ON_2] },
    podReplacementPolicy: 'TerminatingOrFailed',
  } as const
  t.throws(() => start(jobOf('', rules)), /must be Failed/)
  await t.rejects(start(jobOf(''), { folders: {} }).ended, /no folder for the volume data/)
})
