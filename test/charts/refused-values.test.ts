// Values that the chart refuses, and with which words.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { projectRoot } from '../support/shared.js'
import { exampleValues, findHelm } from './helm.js'

const helm = await findHelm()
const skip = helm.absent

/** What is set on top of an example, and what helm then says. */
const REFUSED: readonly (readonly [example: string, set: string, words: RegExp])[] = [
  // By the schema: names, types, bounds.
  ['folder', 'job.task=8', /at '\/job': additional properties 'task' not allowed/],
  ['folder', 'jobs.enabled=true', /additional properties 'jobs' not allowed/],
  ['folder', 'job.tasks=0', /at '\/job\/tasks': minimum: got 0, want 1/],
  ['folder', 'job.tasks=many', /at '\/job\/tasks': got string, want integer/],
  ['folder', 'job.extraArgs[0]=--metrics-port=9464', /at '\/job\/extraArgs\/0'/],
  [
    'folder',
    'job.resources.limits.gpu=1',
    /at '\/job\/resources\/limits': additional properties 'gpu' not allowed/,
  ],
  ['folder', 'image.tag=a b', /at '\/image\/tag'/],
  ['folder', 'volumes[0].mountPath=lake', /at '\/volumes\/0\/mountPath'/],
  ['folder', 'volumes[0].nfs.server=nas', /at '\/volumes\/0/],
  ['folder', 'keys.as=arguments', /at '\/keys\/as': value must be one of 'env', 'files'/],
  ['folder', 'networkPolicy.egress.cidrs[0]=blob.core.windows.net', /at '\/networkPolicy\/egress\/cidrs\/0'/],
  ['nightly', 'nightly.schedule=daily', /at '\/nightly\/schedule'/],
  ['nightly', 'nightly.extraArgs[0]=--daemon', /at '\/nightly\/extraArgs\/0'/],
  ['serve', 'serve.baseUrl=fhir.example.org', /at '\/serve\/baseUrl'/],
  // By the templates: what belongs together.
  ['folder', 'image.repository=', /image\.repository is empty\. There is no public image/],
  ['folder', 'job.input=', /job\.input and job\.output are needed/],
  ['folder', 'job.input=/export', /job\.input is \/export, which is on none of the volumes/],
  [
    'folder',
    'job.output=/lake',
    /job\.output is the root of the volume lake, and its state would be beside it/,
  ],
  ['folder', 'job.parallelism=9', /job\.parallelism is greater than job\.tasks/],
  [
    'folder',
    'configuration.secret=x',
    /configuration needs exactly one of preset, text, configMap and secret/,
  ],
  ['folder', 'env[0].name=AZURE_STORAGE_KEY,env[0].value=c2VjcmV0', /AZURE_STORAGE_KEY is a credential/],
  ['folder', 'env[0].name=SLUICE_RUN_ID,env[0].value=mine', /SLUICE_RUN_ID is set by the chart/],
  [
    'azure-blob',
    'networkPolicy.egress.cidrs=null',
    /job\.input is an address, but networkPolicy\.egress\.cidrs lets no pod reach it/,
  ],
  [
    'nightly',
    'nightly.pipeline.secret=x',
    /nightly\.pipeline needs exactly one of text, configMap and secret/,
  ],
  ['nightly', 'nightly.metricsPort=0', /monitoring\.podMonitor needs nightly\.metricsPort/],
  ['serve', 'serve.auth.open=true', /serve\.auth needs exactly one of clients/],
  ['serve', 'serve.auth.clients.configMap=', /serve\.auth needs exactly one of clients/],
  ['serve', 'serve.outputs=', /serve\.outputs is needed/],
]

t.test('wrong values are refused, and the words say where', { skip }, async (t) => {
  for (const [example, set, words] of REFUSED) {
    const { status, stdout, stderr } = helm.run('template', '--values', exampleValues(example), '--set', set)
    t.not(status, 0, `${example}: ${set}`)
    t.equal(stdout, '', 'nothing is rendered')
    t.match(stderr, words)
  }
})

const KEY = 'CANARY-0123456789abcdef'

t.test('a key in clear is refused, and not repeated', { skip }, async (t) => {
  const texts = [
    `{"fhirPathRules": [], "parameters": {"cryptoHashKey": "${KEY}"}}`,
    `parameters:\n  dateShiftKey: ${KEY}\n`,
    `{ // with a comment\n "parameters": {"encryptKey":\n "${KEY}"}}`,
  ]
  const words = ['template', '--values', exampleValues('azure-blob'), '--set-literal'] as const
  for (const text of texts) {
    const [verb, ...rest] = words
    const { status, stderr } = helm.run(verb, ...rest, `configuration.text=${text}`)
    t.not(status, 0)
    t.match(stderr, /configuration\.text holds \w+Key in clear/)
    t.notMatch(stderr, /CANARY/)
  }
  const [verb, ...rest] = words
  for (const text of [
    '{"parameters": {"cryptoHashKey": {"env": "HASH_KEY"}}}',
    '{ // with a comment\n "parameters": {"encryptKey": {"file": "/keys/encrypt.key"}}}',
  ])
    t.equal(helm.run(verb, ...rest, `configuration.text=${text}`).status, 0)
})

t.test('the schema is closed: no object takes members that it does not list', async (t) => {
  const open: string[] = []
  const look = (schema: unknown, path: string): void => {
    if (typeof schema !== 'object' || schema === null) return
    const members = schema as Readonly<Record<string, unknown>>
    if (members.properties !== undefined && members.additionalProperties !== false) open.push(path)
    if (
      members.type === 'object' &&
      members.additionalProperties === undefined &&
      path !== '/properties/global'
    )
      open.push(path)
    for (const [name, member] of Object.entries(members)) look(member, `${path}/${name}`)
  }
  look(JSON.parse(readFileSync(join(projectRoot, 'charts/sluice/values.schema.json'), 'utf8')), '')
  t.strictSame(open, [])
})
