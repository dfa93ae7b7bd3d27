// Kubernetes is not here: a SIMULATION of its Job controller runs the Job that the chart renders, with a process for each
// pod and a folder for each volume.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { findHelm } from '../charts/helm.js'
import { wholeOutputs } from '../support/joined-run.js'
import { CONFIG, outputsIn, syntheticLines, writeFiles } from '../support/pipeline-run.js'
import { sluice } from '../support/sluice.js'
import type { JobManifest } from './job-manifest.js'
import { JobSimulation } from './job-simulation.js'
import type { Pod } from './simulated-pod.js'

const helm = await findHelm()
const skip = helm.absent

// With `=`: a word that is only a number is not a string to helm.
const AS_OF = ['--as-of=2026-11-21', '--workers=1']
const lake = t.testdir()
const input = writeFiles(join(lake, 'in'), {
  'Observation.ndjson': syntheticLines(10_000_000),
  'Patient.ndjson.gz': gzipSync(syntheticLines(300_000, 3)),
  'sub/Patient.ndjson': syntheticLines(60_000, 2),
})
const configs = writeFiles(join(lake, 'configs'), { 'night.json': JSON.stringify(CONFIG) })
const folders = { lake, 'sluice-config': configs }

/** The Job of the chart: so many pods anonymize a folder of a shared volume into another one. */
function jobOf(output: string, tasks: number, ...more: readonly string[]): JobManifest {
  const values = {
    'image.repository': 'registry.example.org/sluice',
    'configuration.configMap': 'night',
    'configuration.file': 'night.json',
    'volumes[0].name': 'lake',
    'volumes[0].mountPath': '/lake',
    'volumes[0].existingClaim': 'lake',
    'job.enabled': 'true',
    'job.tasks': String(tasks),
    'job.input': '/lake/in',
    'job.output': `/lake/${output}`,
    'job.extraArgs': `{${[...AS_OF, '-v', ...(more.length > 0 ? more : ['--range-bytes=8MiB'])].join(',')}}`,
  }
  const words = Object.entries(values).map(([name, value]) => `${name}=${value}`)
  const job = helm.template('--set', words.join(',')).find(({ kind }) => kind === 'Job')
  if (job === undefined) throw new Error('the chart renders no Job')
  return job as unknown as JobManifest
}

/** A Job of which the first pod that has finished a unit suffers. */
async function suffered(job: JobManifest, suffer: (pod: Pod) => void) {
  const victims: Pod[] = []
  const onPod = (pod: Pod): void => {
    const strike = (): void => {
      if (victims.push(pod) === 1) suffer(pod)
    }
    // A pod that finds no unit to do ends without it.
    pod.saw('unit.finished').then(strike, () => undefined)
  }
  const end = await new JobSimulation(job, { folders, onPod, graceMs: 30_000 }).ended
  const [victim] = victims
  if (victim === undefined) throw new Error('no pod has finished a unit')
  return { ...end, victim }
}

t.test('the Job of the chart', { skip }, async (t) => {
  const alone = join(lake, 'alone')
  const words = ['-i', input, '-o', alone, '-c', join(configs, 'night.json'), ...AS_OF]
  t.equal((await sluice(['anonymize', ...words])).exitCode, 0)
  const expected = wholeOutputs(outputsIn(alone))
  t.equal(expected.size, 3)
  const logOf = (pods: readonly Pod[]): string =>
    pods.map((pod) => `${pod.name} ${pod.exitCode()}\n${pod.stdout()}${pod.stderr()}`).join('\n')
  const isWhole = (output: string, pods: readonly Pod[]): void => {
    t.strictSame(wholeOutputs(outputsIn(join(lake, output))), expected, `${output}: the bytes of one machine`)
    t.ok(existsSync(join(lake, output, 'run.json')), logOf(pods))
    t.equal(pods.filter((pod) => pod.stdout().includes('files anonymized')).length, 1, 'one pod ends the run')
  }

  await t.test('1 pod, killed: the next one continues', async (t) => {
    const { condition, pods, victim } = await suffered(jobOf('killed', 1), (pod) => pod.kill())
    t.equal(condition, 'Complete', logOf(pods))
    t.equal(victim.exitCode(), 137)
    t.strictSame(
      pods.map(({ index }) => index),
      [0, 0],
    )
    isWhole('killed', pods)
  })

  await t.test('2 pods, one of them evicted: it does not count', async (t) => {
    const job = jobOf('evicted', 2)
    const never = { ...job, spec: { ...job.spec, backoffLimitPerIndex: 0 } }
    const { condition, pods, victim } = await suffered(never, (pod) => pod.evict())
    t.equal(condition, 'Complete', logOf(pods))
    t.ok([0, 6].includes(victim.exitCode() ?? -1), `ended by ${victim.exitCode()}`)
    isWhole('evicted', pods)
  })

  await t.test('2 pods, the replacement of one starts before it is gone', async (t) => {
    const { podFailurePolicy: _, ...spec } = jobOf('early', 2).spec
    const job: JobManifest = {
      ...jobOf('early', 2),
      spec: { ...spec, podReplacementPolicy: 'TerminatingOrFailed' },
    }
    const { condition, pods } = await suffered(job, (pod) => pod.evict())
    t.equal(condition, 'Complete', logOf(pods))
    isWhole('early', pods)
  })

  await t.test('5 pods, one of them lost: two of its index work at once', async (t) => {
    const { condition, pods, victim } = await suffered(jobOf('lost', 5), (pod) => pod.lose())
    t.equal(condition, 'Complete', logOf(pods))
    await victim.gone
    t.equal(victim.exitCode(), 0, victim.stderr())
    t.equal(pods.filter(({ index }) => index === victim.index).length, 2)
    isWhole('lost', pods)
  })

  await t.test('wrong options: exit code 2 fails the Job at once', async (t) => {
    const { ended } = new JobSimulation(jobOf('wrong', 2, '--range-bytes=5MB'), { folders })
    const { condition, reason, pods } = await ended
    t.match({ condition, reason }, { condition: 'Failed', reason: 'PodFailurePolicy' })
    t.equal(pods.length, 2, 'no pod is started again')
    t.ok(pods.some((pod) => pod.exitCode() === 2))
    t.notOk(existsSync(join(lake, 'wrong')))
  })

  await t.test('a Job that is started again is another run, and finds the work done', async (t) => {
    const { condition, pods } = await new JobSimulation(jobOf('killed', 1), { folders }).ended
    t.equal(condition, 'Complete', logOf(pods))
    t.strictSame(wholeOutputs(outputsIn(join(lake, 'killed'))), expected, pods[0]?.stderr() ?? '')
  })
})
