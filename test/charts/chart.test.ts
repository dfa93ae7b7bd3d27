// Renders charts/sluice as users do, offline, and checks what comes out against the published schemas of Kubernetes.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { projectRoot } from '../support/shared.js'
import { hasSchemas, problemsOf } from './closed-schema.js'
import { exampleValues, findHelm, type Manifest } from './helm.js'
import { podOf, podsOf } from './pods.js'

const helm = await findHelm()
const skip = helm.absent
if (!hasSchemas())
  console.log('# skipped: checks against the schemas of Kubernetes; kubernetes-models is not installed')

const EXAMPLES = readdirSync(join(projectRoot, 'charts/sluice/examples')).map((name) =>
  name.replace(/\.yaml$/, ''),
)
const rendered = new Map(
  (skip ? [] : EXAMPLES).map((name) => [name, helm.template('--values', exampleValues(name))]),
)
const objectOf = (example: string, kind: string): Manifest => {
  const object = rendered.get(example)?.find((manifest) => manifest.kind === kind)
  if (object === undefined) throw new Error(`${example} renders no ${kind}`)
  return object
}

t.test('helm lint accepts the chart and each example', { skip }, async (t) => {
  t.ok(EXAMPLES.length >= 4)
  t.equal(helm.run('lint', '--strict').status, 0)
  for (const name of EXAMPLES) {
    const { status, stdout, stderr } = helm.run('lint', '--strict', '--values', exampleValues(name))
    t.equal(status, 0, `${name}: ${stdout}${stderr}`)
  }
})

t.test('by default nothing runs', { skip }, async (t) => {
  t.strictSame(
    helm.template().map(({ kind }) => kind),
    ['NetworkPolicy', 'ServiceAccount'],
  )
})

t.test(
  'each rendered object is one that Kubernetes knows, to the last member',
  { skip: skip || !hasSchemas() },
  async (t) => {
    for (const [name, objects] of rendered)
      for (const object of objects) t.strictSame(problemsOf(object), [], `${name}: ${object.kind}`)
    const job = structuredClone(objectOf('folder', 'Job')) as { spec: Record<string, unknown> } & Manifest
    job.spec.completions = 'eight'
    job.spec.podFailurPolicy = {}
    t.strictSame(problemsOf(job).toSorted(), [
      '/spec/completions: type',
      '/spec/podFailurPolicy: unknown member',
    ])
  },
)

t.test('every pod is locked down', { skip }, async (t) => {
  for (const [name, objects] of rendered)
    for (const { spec } of podsOf(objects)) {
      t.equal(spec.automountServiceAccountToken, false, name)
      t.match(spec.securityContext, {
        runAsNonRoot: true,
        runAsUser: 10001,
        seccompProfile: { type: 'RuntimeDefault' },
      })
      t.equal(spec.terminationGracePeriodSeconds, 60)
      for (const container of spec.containers) {
        t.strictSame(container.securityContext, {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        })
        const mounted = new Set(container.volumeMounts.map(({ name }) => name))
        t.strictSame(
          mounted,
          new Set(spec.volumes.map(({ name }) => name)),
          `${name}: each volume is mounted`,
        )
        t.ok(mounted.has('tmp'))
        t.match(container.resources, { requests: { memory: String }, limits: { memory: String } })
      }
    }
})

t.test(
  'the job starts the same command in each task, and names the run by the uid of the Job',
  { skip },
  async (t) => {
    const job = objectOf('folder', 'Job')
    t.match(job.spec, {
      completionMode: 'Indexed',
      completions: 8,
      parallelism: 8,
      backoffLimitPerIndex: 4,
      podReplacementPolicy: 'Failed',
      podFailurePolicy: {
        rules: [
          { action: 'FailJob', onExitCodes: { containerName: 'sluice', operator: 'In', values: [2] } },
          { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
        ],
      },
    })
    const { spec } = podOf(job)
    t.equal(spec.restartPolicy, 'Never', 'podFailurePolicy needs it')
    t.strictSame(
      spec.containers[0]?.args.join(' '),
      'anonymize --input /lake/export --output /lake/anonymized --config safe-harbor-r4 --join',
    )
    t.strictSame(spec.containers[0]?.env, [
      {
        name: 'SLUICE_RUN_ID',
        valueFrom: { fieldRef: { fieldPath: "metadata.labels['batch.kubernetes.io/controller-uid']" } },
      },
    ])
  },
)

t.test(
  'the workload identity of Azure needs its label on the pod and its annotation on the account',
  async (t) => {
    t.match(objectOf('azure-blob', 'ServiceAccount').metadata, {
      annotations: { 'azure.workload.identity/client-id': '00000000-0000-0000-0000-000000000000' },
    })
    t.equal(podOf(objectOf('azure-blob', 'Job')).metadata.labels['azure.workload.identity/use'], 'true')
    t.equal(podOf(objectOf('folder', 'Job')).metadata.labels['azure.workload.identity/use'], undefined)
  },
)

t.test('serve is one pod at a time, with probes that the server has', { skip }, async (t) => {
  const deployment = objectOf('serve', 'Deployment')
  t.match(deployment.spec, { replicas: 1, strategy: { type: 'Recreate' } })
  t.match(podOf(deployment).spec.containers[0], {
    livenessProbe: { httpGet: { path: '/healthz' } },
    readinessProbe: { httpGet: { path: '/readyz' } },
  })
})

t.test('a run of the night never overlaps another one', { skip }, async (t) => {
  t.match(objectOf('nightly', 'CronJob').spec, { concurrencyPolicy: 'Forbid', startingDeadlineSeconds: 3600 })
})

t.test('every selector finds the pods it is meant for', { skip }, async (t) => {
  for (const [name, objects] of rendered)
    for (const object of objects) {
      const { selector, podSelector } = (object.spec ?? {}) as {
        selector?: { matchLabels?: Readonly<Record<string, string>> } & Readonly<Record<string, unknown>>
        podSelector?: { matchLabels?: Readonly<Record<string, string>> }
      }
      const wanted =
        podSelector?.matchLabels ?? (object.kind === 'Service' ? selector : selector?.matchLabels)
      if (wanted === undefined) continue
      // A ServiceMonitor selects Services, by their own labels.
      const labels =
        object.kind === 'ServiceMonitor'
          ? objects.filter(({ kind }) => kind === 'Service').map(({ metadata }) => metadata.labels ?? {})
          : podsOf(objects).map(({ metadata }) => metadata.labels)
      t.ok(
        labels.some((found) => Object.entries(wanted).every(([key, value]) => found[key] === value)),
        `${name}: ${object.kind} ${object.metadata.name}`,
      )
    }
})

t.test('the walk in docs/clusters/kubernetes.md renders the Job that it names', { skip }, async (t) => {
  const page = readFileSync(join(projectRoot, 'docs/clusters/kubernetes.md'), 'utf8')
  const values = join(
    t.testdir({ 'values.yaml': /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? '' }),
    'values.yaml',
  )
  const job = helm.template('--values', values).find(({ kind }) => kind === 'Job')
  t.match(job?.spec, { completions: 8 })
  const named = [...page.matchAll(/\bjob (night-\S+)/g)].map(([, name]) => name)
  t.strictSame(new Set(named), new Set([job?.metadata.name]))
  for (const [, value = ''] of page.matchAll(/`((?:job|networkPolicy)\.[\w.]+)`/g)) {
    let found: unknown = parse(readFileSync(join(projectRoot, 'charts/sluice/values.yaml'), 'utf8'))
    for (const name of value.split('.'))
      found = (found as Readonly<Record<string, unknown>> | undefined)?.[name]
    t.not(found, undefined, `${value} is a value of the chart`)
  }
})
