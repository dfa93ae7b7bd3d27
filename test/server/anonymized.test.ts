// Holds src/server/jobs/folder-containers.ts, src/server/query/selection-source.ts,
// src/server/jobs/anonymized-files.ts.

import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { JobRecord } from '../../src/server/jobs/job.js'
import { JobStore } from '../../src/server/jobs/job-store.js'
import { firstOf } from '../support/elements.js'
import { filesIn } from '../support/pipeline-run.js'
import { CONFIG, outcomeText, type Provider, provide } from './provider.js'

const SAFE = '_container=research&_anonymizationConfig=safe.json'
const ETAG = createHash('sha256').update(JSON.stringify(CONFIG)).digest('hex')

const containerOf = ({ folder }: Provider, name: string): Map<string, Buffer> =>
  filesIn(join(folder, 'lake', name))

t.test('an anonymized export is written to the container, and the manifest lists it', async (t) => {
  for (const [level, count] of [
    ['', 15],
    ['/Patient', 12],
    ['/Group/g1', 7],
  ] as const) {
    const provider = await provide(t)
    const { manifest, lines } = await provider.export(`${level}/$export?${SAFE}`)
    t.equal(lines.length, count, level)
    t.notMatch(lines.join(), 'CANARY', 'names are gone')
    t.notMatch(lines.join(), 'Patient/p1', 'ids are hashed')
    const files = containerOf(provider, 'research')
    const written = [...files.keys()].filter((name) => name.endsWith('.ndjson'))
    t.equal(written.length, manifest.output.length)
    for (const name of written) t.match(name, /^\d{8}T\d{6}-[0-9a-f]{32}\/[A-Z][A-Za-z]+-\d+\.ndjson$/)
    t.ok(
      [...files.keys()].some((name) => name.endsWith('/run.json')),
      'with the report of the run',
    )
    const raw = JSON.stringify([...filesIn(join(provider.folder, 'state', 'jobs')).values()].map(String))
    t.notMatch(raw, 'CANARY', 'raw lines never touch the disk')
  }
})

t.test('_type, _since, _typeFilter and includeAssociatedData choose what is anonymized', async (t) => {
  const provider = await provide(t)
  for (const [query, types] of [
    ['_type=Patient&_since=2024-06-01', ['Patient', 'Patient', 'Patient']],
    ['_type=Observation&_typeFilter=Observation%3Fcode%3D2-2', ['Observation']],
    ['_type=Condition&includeAssociatedData=RelevantProvenanceResources', ['Condition', 'Provenance']],
    ['_type=Medication', []],
  ] as const) {
    const { lines } = await provider.export(`/$export?${SAFE}&${query}`)
    t.same(
      lines.map((line) => JSON.parse(line).resourceType),
      types,
      query,
    )
  }
})

t.test('the ETag of the configuration may have quotes', async (t) => {
  const provider = await provide(t)
  for (const etag of [ETAG, `"${ETAG}"`, ETAG.toUpperCase()]) {
    const { lines } = await provider.export(
      `/$export?${SAFE}&_type=Patient&_anonymizationConfigEtag=${encodeURIComponent(etag)}`,
    )
    t.equal(lines.length, 4, etag)
  }
})

const AT_REQUEST: readonly (readonly [string, string])[] = [
  ['_anonymizationConfigEtag=x', "Missing '_anonymizationConfig'"],
  ['_anonymizationConfigCollectionReference=r.example/c:1', "Missing '_anonymizationConfig'"],
  ['_container=research', "Missing '_anonymizationConfig'"],
  ['_anonymizationConfig=safe.json', "Missing '_container'"],
  [
    `${SAFE}&_anonymizationConfigEtag=x&_anonymizationConfigCollectionReference=r.example/c:1`,
    'cannot be given in the same request',
  ],
  [`${SAFE}&_anonymizationConfigCollectionReference=nonsense`, 'is invalid'],
  [`${SAFE}&_anonymizationConfigCollectionReference=r.example/../c:1`, 'is invalid'],
  [`${SAFE}&_anonymizationConfigCollectionReference=r.example/none:1`, 'is not configured'],
  ['_container=..&_anonymizationConfig=safe.json', 'Path traversal'],
  ['_container=a/../b&_anonymizationConfig=safe.json', 'Path traversal'],
  ['_container=a%2f..%2fb&_anonymizationConfig=safe.json', 'Path traversal'],
  ['_container=a%252f..%252fb&_anonymizationConfig=safe.json', 'Path traversal'],
  ['_container=..%5Cb&_anonymizationConfig=safe.json', 'Path traversal'],
  ['_container=/etc&_anonymizationConfig=safe.json', 'must be'],
  ['_container=a%00b&_anonymizationConfig=safe.json', 'must be'],
  ['_container=.hidden&_anonymizationConfig=safe.json', 'must be'],
  ['_container=anonymization&_anonymizationConfig=safe.json', 'must be'],
  ['_container=c&_anonymizationConfig=../state/token.key', 'Path traversal'],
  ['_container=c&_anonymizationConfig=..%255Csafe.json', 'Path traversal'],
  ['_container=c&_anonymizationConfig=/etc/passwd', 'must be'],
  [`${SAFE}&_elements=id`, 'not supported'],
]

t.test('a request for an anonymized export that cannot be is refused at once', async (t) => {
  const provider = await provide(t)
  for (const [query, text] of AT_REQUEST) {
    const response = await provider.kickOff(`/$export?${query}`)
    t.equal(response.status, 400, query)
    t.match(await outcomeText(response), text, query)
  }
  const off = await provide(t, { anonymization: undefined })
  const response = await off.kickOff(`/$export?${SAFE}`)
  t.equal(response.status, 400)
  t.match(await outcomeText(response), 'not enabled')
})

const BAD_CONFIGS: readonly (readonly [string, string, string])[] = [
  ['_anonymizationConfig=none.json', '', "Anonymization configuration 'none.json' not found"],
  ['_anonymizationConfig=folder', '', 'not found'],
  ['_anonymizationConfig=link.json', '', 'not found'],
  ['_anonymizationConfig=large.json', '', 'is too large'],
  ['_anonymizationConfig=broken.json', '', 'Failed to parse configuration file'],
  ['_anonymizationConfig=rules.json', '', 'Failed to parse configuration file'],
  ['_anonymizationConfig=keyless.json', '', 'Failed to parse configuration file'],
  ['_anonymizationConfig=safe.json', '&_anonymizationConfigEtag=0x8D', 'HTTP conditional header'],
  [
    '_anonymizationConfig=safe.json',
    `&_anonymizationConfigEtag=${'0'.repeat(64)}`,
    'HTTP conditional header',
  ],
]

t.test(
  'a configuration that cannot be used fails the export with 400 at its status, and nothing is written',
  async (t) => {
    const provider = await provide(t)
    const configs = join(provider.folder, 'lake', 'anonymization')
    mkdirSync(join(configs, 'folder'))
    writeFileSync(join(provider.folder, 'outside.json'), JSON.stringify(CONFIG))
    symlinkSync(join(provider.folder, 'outside.json'), join(configs, 'link.json'))
    writeFileSync(join(configs, 'large.json'), ' '.repeat((1 << 20) + 1))
    writeFileSync(join(configs, 'broken.json'), '{')
    writeFileSync(join(configs, 'rules.json'), '{"fhirPathRules":[{"path":"((","method":"redact"}]}')
    writeFileSync(
      join(configs, 'keyless.json'),
      '{"fhirPathRules":[{"path":"Resource.id","method":"cryptoHash"}]}',
    )
    for (const [config, more, text] of BAD_CONFIGS) {
      const { status, message } = await failureOf(provider, `/$export?_container=c&${config}${more}`)
      t.equal(status, 400, config)
      t.match(message, text, config)
    }
    rmSync(configs, { recursive: true })
    t.match((await failureOf(provider, `/$export?${SAFE}`)).message, 'Anonymization container not found')
    t.equal(containerOf(provider, 'c').size, 0)
  },
)

async function failureOf(provider: Provider, path: string): Promise<{ status: number; message: string }> {
  const started = await provider.kickOff(path)
  if (started.status !== 202) throw new Error(`kick-off: ${started.status}`)
  for (;;) {
    const status = await provider.ask(started.headers.get('content-location') ?? '')
    if (status.status !== 202) return { status: status.status, message: await outcomeText(status) }
    await status.text()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

t.test('a collection reference names a folder of configurations', async (t) => {
  const provider = await provide(t)
  const folder = join(provider.folder, 'lake', 'anonymization', 'r.example', 'configs', 'v1')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'other.json'), JSON.stringify(CONFIG))
  const { lines } = await provider.export(
    '/$export?_type=Patient&_container=c&_anonymizationConfig=other.json&_anonymizationConfigCollectionReference=r.example/configs:v1',
  )
  t.equal(lines.length, 4)
})

t.test(
  'resources that cannot be anonymized are left out and counted in error, without their text',
  async (t) => {
    const provider = await provide(t, {
      files: {
        'Patient.ndjson':
          '{"resourceType":"Patient","id":"good"}\n{"resourceType":"Patient","id":"SECRET","SECRETelement":1}\n',
      },
    })
    const { lines, issues } = await provider.export(`/$export?${SAFE}`)
    t.equal(lines.length, 1)
    t.match(issues.join(), /Failed to anonymize resource: 1 resources/)
    t.notMatch(JSON.stringify([issues, provider.events]), 'SECRET')
  },
)

t.test('DELETE forgets a complete export; what it delivered to the container stays', async (t) => {
  const provider = await provide(t)
  const { statusUrl, manifest } = await provider.export(`/$export?${SAFE}`)
  t.equal((await provider.ask(statusUrl, { method: 'DELETE' })).status, 202)
  t.equal((await provider.ask(firstOf(manifest.output).url)).status, 404)
  t.ok(containerOf(provider, 'research').size > 3)
})

t.test('a server for anonymized data only refuses raw exports', async (t) => {
  const provider = await provide(t, { onlyAnonymized: true })
  t.equal((await provider.kickOff('/$export')).status, 403)
  t.equal((await provider.export(`/$export?${SAFE}&_type=Patient`)).lines.length, 4)
})

t.test('an export of raw data from before the server was for anonymized data only is closed', async (t) => {
  const stateFolder = t.testdir()
  const first = await provide(t, { stateFolder })
  const { manifest, statusUrl } = await first.export('/$export?_type=Patient&_since=2020-01-01')
  await first.server.close()
  const store = new JobStore(join(stateFolder, 'jobs'))
  const raw = firstOf(await store.load())
  const half: JobRecord = { ...raw, id: 'half-done', state: 'running', output: [] }
  await store.save(half)

  const provider = await provide(t, { stateFolder, onlyAnonymized: true })
  const ask = (url: string) => provider.ask(url.replace(first.base, ''))
  for (const url of [statusUrl, firstOf(manifest.output).url]) t.equal((await ask(url)).status, 404)
  const isOver = () => provider.events.find(({ job, status }) => job === half.id && status !== undefined)
  for (let look = 0; look < 500 && isOver() === undefined; look++)
    await new Promise((resolve) => setTimeout(resolve, 20))
  t.match(isOver(), { event: 'export.failed', status: 403 })
  t.notOk(existsSync(join(store.folderOf(half.id), 'files')), 'nothing was copied')
})

t.test('the same export of the same data gives the same bytes', async (t) => {
  const provider = await provide(t)
  const first = await provider.export(`/$export?${SAFE}`)
  const second = await provider.export(`/$export?${SAFE}`)
  t.same(first.lines, second.lines)
  t.ok(readFileSync(join(provider.folder, 'lake', 'anonymization', 'safe.json')).length > 0)
})
