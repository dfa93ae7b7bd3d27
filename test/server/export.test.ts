// Holds src/server/server.ts, src/server/jobs/export-run.ts, src/server/query/criteria.ts,
// src/server/query/select.ts, src/server/query/selection-parts.ts, src/server/query/content-test.ts,
// src/server/query/line-test.ts, src/server/query/write-selection.ts, src/server/routes/routes.ts,
// src/server/routes/status.ts, src/server/jobs/copied-files.ts, src/server/jobs/export-work.ts.

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { elementAt, firstOf } from '../support/elements.js'
import { lines, outcomeText, parametersOf, provide, STORE } from './provider.js'

const ALL = [
  'Appointment/a12',
  'Condition/c1',
  'Group/empty',
  'Group/g1',
  'Group/g2',
  'Observation/o1',
  'Observation/o2',
  'Observation/o3',
  'Patient/p1',
  'Patient/p2',
  'Patient/p3',
  'Patient/p4',
  'Practitioner/d1',
  'Provenance/v1',
  'Provenance/v2',
]
const PATIENTS = ['Patient/p1', 'Patient/p2', 'Patient/p3', 'Patient/p4']

const EXPORTS: readonly (readonly [string, readonly string[]])[] = [
  ['/$export', ALL],
  ['/$export?_type=Patient', PATIENTS],
  ['/$export?_type=Patient&_type=Group', ['Group/empty', 'Group/g1', 'Group/g2', ...PATIENTS]],
  ['/$export?_type=Patient,Condition', ['Condition/c1', ...PATIENTS]],
  ['/$export?_type=Medication', []],
  // Without meta.lastUpdated nobody knows that a resource is unchanged.
  ['/$export?_type=Patient&_since=2024-06-01T00:00:00Z', ['Patient/p2', 'Patient/p3', 'Patient/p4']],
  ['/$export?_type=Patient&_until=2024-06-01T00:00:00Z', ['Patient/p1', 'Patient/p3']],
  [
    '/$export?_type=Patient&_since=2024-06-01T00:00:00Z&_till=2025-01-01T00:00:00Z',
    ['Patient/p3', 'Patient/p4'],
  ],
  ['/$export?_type=Observation&_typeFilter=Observation%3Fcode%3D1-1', ['Observation/o1', 'Observation/o3']],
  ['/$export?_type=Observation&_typeFilter=Observation%3Fcode%3Dhttp://loinc.org|2-2', ['Observation/o2']],
  [
    '/$export?_type=Observation&_typeFilter=Observation%3Fcode%3D2-2,Observation%3Fdate%3Dge2023-05',
    ['Observation/o1', 'Observation/o2'],
  ],
  [
    '/$export?_type=Patient,Observation&_typeFilter=Observation%3Fcode%3D2-2&_typeFilter=Patient%3Fgender%3Dfemale',
    ['Observation/o2', 'Patient/p1'],
  ],
  // A filter for one type leaves the others alone.
  [
    '/$export?_type=Patient,Observation&_typeFilter=Observation%3Fcode%3D2-2',
    ['Observation/o2', ...PATIENTS],
  ],
  ['/$export?_type=Observation&_typeFilter=Observation%3Fpatient%3DPatient/p2', ['Observation/o2']],
  [
    '/$export?_type=Observation&includeAssociatedData=RelevantProvenanceResources',
    ['Observation/o1', 'Observation/o2', 'Observation/o3', 'Provenance/v1'],
  ],
  [
    '/Patient/$export',
    ALL.filter((name) => !['Group/empty', 'Practitioner/d1', 'Provenance/v2'].includes(name)),
  ],
  ['/Patient/$export?_type=Patient', PATIENTS],
  // Inactive members, ended ones and other types are left out; nested groups count, in a circle too.
  ['/Group/g1/$export?_type=Patient', ['Patient/p1', 'Patient/p2']],
  // The group itself, no other one; nothing that names a patient outside.
  [
    '/Group/g1/$export',
    [
      'Condition/c1',
      'Group/g1',
      'Observation/o1',
      'Observation/o2',
      'Patient/p1',
      'Patient/p2',
      'Provenance/v1',
    ],
  ],
  ['/Group/empty/$export?_type=Patient,Observation', []],
]

t.test('an export holds what was asked for, each resource once, with true counts', async (t) => {
  const provider = await provide(t)
  for (const [path, expected] of EXPORTS) {
    const { resources } = await provider.export(path)
    t.same(resources, [...expected].sort(), path)
  }
})

t.test('patients of a POST and members of the group are both bounds', async (t) => {
  const provider = await provide(t)
  const patients = parametersOf(
    { name: 'patient', valueReference: { reference: 'Patient/p2' } },
    { name: 'patient', valueReference: { reference: 'Patient/p1' } },
    { name: '_type', valueString: 'Patient' },
    { name: '_since', valueInstant: '2020-01-01T00:00:00Z' },
  )
  t.same((await provider.export('/Patient/$export', patients)).resources, ['Patient/p1', 'Patient/p2'])
  t.same((await provider.export('/Group/g2/$export', patients)).resources, ['Patient/p1', 'Patient/p2'])
})

t.test('the manifest has every member that the specification demands', async (t) => {
  const provider = await provide(t)
  const { status, manifest, statusUrl } = await provider.export('/$export?_type=Patient,Observation')
  t.match(status.headers.get('content-type'), 'application/json')
  t.ok(Date.parse(status.headers.get('expires') ?? '') > Date.now(), 'Expires lies in the future')
  t.equal(manifest.transactionTime, '2025-03-01T00:00:00.000Z', 'that of the newest resource')
  t.equal(manifest.request, `${provider.base}/$export?_type=Patient%2CObservation`)
  t.equal(manifest.requiresAccessToken, false)
  t.same(manifest.deleted, [])
  t.same(manifest.error, [])
  t.same(
    manifest.output.map(({ type }) => type),
    ['Observation', 'Patient'],
  )
  for (const { url } of manifest.output) t.ok(url.startsWith(`${statusUrl}/`), 'an absolute URL')
})

t.test(
  'a job in progress is answered 202 with X-Progress and Retry-After; polling too fast is 429',
  async (t) => {
    const provider = await provide(t, { limits: { maxRunning: 1, pollsPerMinute: 1 } })
    const started = await Promise.all(
      Array.from({ length: 5 }, () => provider.kickOff('/$export?_elements=id')),
    )
    const seen = new Set<string>()
    for (const response of started) {
      const status = await provider.ask(response.headers.get('content-location') ?? '')
      if (status.status !== 202) continue
      seen.add(status.headers.get('x-progress') ?? '')
      t.match(status.headers.get('retry-after'), /^\d+$/)
      t.equal(await status.text(), '')
    }
    t.ok(
      [...seen].some((text) => /^queued, \d before it$|^\d+%$/.test(text)),
      [...seen].join(),
    )
    const url = firstOf(started).headers.get('content-location') ?? ''
    let last = await provider.ask(url)
    for (let poll = 0; poll < 25 && last.status !== 429; poll++) last = await provider.ask(url)
    t.equal(last.status, 429)
    t.match(last.headers.get('retry-after'), /^\d+$/)
    await outcomeText(last)
  },
)

t.test('DELETE is answered 202; afterwards status, files and another DELETE are 404', async (t) => {
  const provider = await provide(t)
  const { statusUrl, manifest } = await provider.export('/$export?_elements=id')
  const { url } = firstOf(manifest.output)
  t.equal((await provider.ask(statusUrl, { method: 'DELETE' })).status, 202)
  for (const [method, place] of [
    ['GET', statusUrl],
    ['DELETE', statusUrl],
    ['GET', url],
  ] as const) {
    const response = await provider.ask(place, { method })
    t.equal(response.status, 404, `${method} ${place}`)
    await outcomeText(response)
  }
  t.same(readdirSync(join(provider.folder, 'state', 'jobs')), [], 'nothing of it is left')
})

t.test('a queued and a running export can be cancelled, and the next one starts', async (t) => {
  const provider = await provide(t, { limits: { maxRunning: 1 } })
  const urls = await Promise.all(
    Array.from(
      { length: 6 },
      async () => (await provider.kickOff('/$export')).headers.get('content-location') ?? '',
    ),
  )
  for (const url of urls.slice(0, 5)) t.equal((await provider.ask(url, { method: 'DELETE' })).status, 202)
  t.ok((await finishes(provider.ask, elementAt(urls, 5))).startsWith('{"transactionTime"'))
})

async function finishes(ask: (url: string) => Promise<Response>, url: string): Promise<string> {
  for (;;) {
    const response = await ask(url)
    const text = await response.text()
    if (response.status !== 202) return text
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

t.test('what nothing filters is handed out of the source; nothing is copied', async (t) => {
  const provider = await provide(t)
  const { manifest } = await provider.export('/$export?_type=Patient')
  const [id = ''] = readdirSync(join(provider.folder, 'state', 'jobs'))
  t.same(readdirSync(join(provider.folder, 'state', 'jobs', id, 'files')), [])
  const text = await (await provider.ask(firstOf(manifest.output).url)).text()
  t.equal(text, STORE['Patient.ndjson'], 'byte for byte')
})

t.test('_elements keeps what is named and what is mandatory, verbatim, and tags SUBSETTED', async (t) => {
  const provider = await provide(t)
  const { lines: found } = await provider.export(
    '/$export?_type=Observation&_elements=Observation.value,Patient.name',
  )
  t.match(found[0], '"value":1.50', 'numbers keep their digits')
  for (const line of found) {
    const resource = JSON.parse(line)
    t.ok(resource.meta.tag.some(({ code }: { code: string }) => code === 'SUBSETTED'))
    const mandatory = ['resourceType', 'id', 'meta', 'status', 'code']
    t.same(
      Object.keys(resource).filter((key) => !mandatory.includes(key) && key !== 'valueQuantity'),
      [],
    )
  }
})

t.test(
  'compressed items, byte order marks, blank lines, CRLF and a last line without break are served as lines',
  async (t) => {
    const line = (id: string) => JSON.stringify({ resourceType: 'Patient', id })
    const provider = await provide(t, {
      files: {
        'a.ndjson.gz': gzipSync(lines(line('gz1'), line('gz2'))),
        'b.ndjson': `\uFEFF${line('bom')}\r\n\r\n${line('crlf')}\r\n`,
        'c.ndjson': `${line('first')}\n${line('open')}`,
      },
    })
    const { resources, issues } = await provider.export('/$export')
    t.same(resources, [
      'Patient/bom',
      'Patient/crlf',
      'Patient/first',
      'Patient/gz1',
      'Patient/gz2',
      'Patient/open',
    ])
    t.same(issues, [])
    t.equal((await provider.export('/$export?_since=2020-01-01')).resources.length, 6)
  },
)

t.test(
  'lines that are no resources are left out, counted and noted in error; their text is nowhere',
  async (t) => {
    const good = JSON.stringify({ resourceType: 'Patient', id: 'good' })
    const bad = [
      '{"resourceType":"Patient","id":"SECRET"',
      '[]',
      '{"id":"SECRET"}',
      '{"resourceType":7}',
      'SECRET',
    ]
    const long = JSON.stringify({ resourceType: 'Patient', id: 'long', text: 'x'.repeat(3 << 20) })
    const provider = await provide(t, { files: { 'Patient.ndjson': lines(...bad, long, good) } })
    const { resources, issues } = await provider.export('/$export')
    t.same(resources, ['Patient/good'])
    t.match(issues.join(), '6 lines')
    t.notMatch(JSON.stringify([issues, provider.events]), 'SECRET')
  },
)

t.test('a file that is written goes on in another one from the size that was asked for', async (t) => {
  const patients = Array.from({ length: 100 }, (_, id) =>
    JSON.stringify({ resourceType: 'Patient', id: `p${id}`, active: true }),
  )
  const provider = await provide(t, {
    files: { 'Patient.ndjson': lines(...patients) },
    limits: { maxFileBytes: 1000 } as never,
  })
  const { manifest, resources } = await provider.export('/$export?_since=2020-01-01')
  t.equal(new Set(resources).size, 100)
  t.ok(manifest.output.length > 3, `${manifest.output.length} files`)
})

t.test('too many exports of a client, or of all, are 429 with Retry-After', async (t) => {
  const provider = await provide(t, { limits: { maxRunning: 1, maxActivePerClient: 2 } })
  const responses = await Promise.all(Array.from({ length: 8 }, () => provider.kickOff('/$export')))
  const refused = responses.filter(({ status }) => status === 429)
  t.ok(refused.length > 0 && responses.some(({ status }) => status === 202))
  for (const response of refused) {
    t.match(response.headers.get('retry-after'), /^\d+$/)
    await outcomeText(response)
  }
})

t.test('finished exports expire', async (t) => {
  const provider = await provide(t, { limits: { expiresMs: 1 } })
  const { statusUrl } = await provider.export('/$export?_type=Medication')
  await provider.server.expire()
  t.equal((await provider.ask(statusUrl)).status, 404)
})
