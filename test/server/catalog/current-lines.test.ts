// Holds src/server/catalog/index-builder.ts, src/server/catalog/item-index.ts, src/server/catalog/line-records.ts,
// src/server/catalog/line-facts.ts, src/server/query/deletion-selection.ts.

import t from 'tap'
import { currentLines } from '../../../src/server/catalog/current-lines.js'
import { buildIndex } from '../../../src/server/catalog/index-builder.js'
import type { ItemIndex } from '../../../src/server/catalog/item-index.js'
import { folderSource } from '../../../src/storage/folder/folder.js'
import { firstOf } from '../../support/elements.js'
import { writeFiles } from '../../support/pipeline-run.js'
import { type Finished, lines, parametersOf, provide } from '../provider.js'

const resource = (resourceType: string, id: string, more: object = {}): string =>
  JSON.stringify({ resourceType, id, ...more })
const patient = (id: string, active: string, meta?: object): string =>
  resource('Patient', id, { language: active, ...(meta === undefined ? {} : { meta }) })
const deletion = (url: string, meta?: object): string =>
  JSON.stringify({
    resourceType: 'Bundle',
    type: 'transaction',
    ...(meta === undefined ? {} : { meta }),
    entry: [{ request: { method: 'DELETE', url } }],
  })

/** Two files, which of their versions of Patient/p is the newest, by `language`. */
const VERSIONS: readonly (readonly [string, Readonly<Record<string, string>>, readonly string[]])[] = [
  [
    'the later folder, where nothing else tells',
    { 'a/P.ndjson': lines(patient('p', 'old')), 'b/P.ndjson': lines(patient('p', 'new')) },
    ['new'],
  ],
  [
    'the higher versionId, wherever it lies',
    {
      'a/P.ndjson': lines(patient('p', 'new', { versionId: '10' })),
      'b/P.ndjson': lines(patient('p', 'old', { versionId: '9' })),
    },
    ['new'],
  ],
  [
    'a versionId that is a JSON number',
    {
      'a/P.ndjson': lines(patient('p', 'new', { versionId: 10 })),
      'b/P.ndjson': lines(patient('p', 'old', { versionId: 9 })),
    },
    ['new'],
  ],
  [
    'a versionId as an ETag, beside a plain one',
    {
      'a/P.ndjson': lines(patient('p', 'new', { versionId: 'W/"10"' })),
      'b/P.ndjson': lines(patient('p', 'old', { versionId: '9' })),
    },
    ['new'],
  ],
  [
    'the later lastUpdated, wherever it lies',
    {
      'a/P.ndjson': lines(patient('p', 'new', { lastUpdated: '2025-01-01T00:00:00+01:00' })),
      'b/P.ndjson': lines(patient('p', 'old', { lastUpdated: '2024-12-31T22:00:00Z' })),
    },
    ['new'],
  ],
  [
    'a versionId that is no number does not tell',
    {
      'a/P.ndjson': lines(patient('p', 'new', { versionId: 'b', lastUpdated: '2025-01-01' })),
      'b/P.ndjson': lines(patient('p', 'old', { versionId: 'a', lastUpdated: '2024-01-01' })),
    },
    ['new'],
  ],
  [
    'versions in one file',
    {
      'a/P.ndjson': lines(
        patient('p', 'old', { versionId: '1' }),
        patient('p', 'new', { versionId: '2' }),
        patient('p', 'old', { versionId: '1' }),
      ),
    },
    ['new'],
  ],
  [
    'lines of one file that nothing tells apart',
    { 'a/P.ndjson': lines(patient('p', 'x'), patient('p', 'x')) },
    ['x', 'x'],
  ],
  [
    'and all of them are old once a later file has it',
    { 'a/P.ndjson': lines(patient('p', 'x'), patient('p', 'x')), 'b/P.ndjson': lines(patient('p', 'new')) },
    ['new'],
  ],
  [
    'the same id of another type is another resource',
    { 'a/x.ndjson': lines(patient('p', 'x'), resource('Person', 'p')) },
    ['x', ''],
  ],
  [
    'without an id nothing is a version',
    { 'a/x.ndjson': lines('{"resourceType":"Patient"}'), 'b/x.ndjson': lines('{"resourceType":"Patient"}') },
    ['', ''],
  ],
  [
    'a deletion',
    { 'a/P.ndjson': lines(patient('p', 'x')), 'b/deleted/Bundle.1.ndjson': lines(deletion('Patient/p')) },
    [],
  ],
  [
    'a deletion of its own run',
    { 'a/p.ndjson': lines(patient('p', 'x')), 'a/deleted/B.ndjson': lines(deletion('Patient/p')) },
    [],
  ],
  [
    'a deletion without folders',
    { 'x.ndjson': lines(patient('p', 'x')), 'deleted/B.ndjson': lines(deletion('Patient/p')) },
    [],
  ],
  [
    'a deletion by address',
    {
      'a/P.ndjson': lines(patient('p', 'x')),
      'b/deleted/B.ndjson': lines(deletion('https://example.org/fhir/Patient/p')),
    },
    [],
  ],
  [
    'there again',
    { 'a/deleted/B.ndjson': lines(deletion('Patient/p')), 'b/P.ndjson': lines(patient('p', 'x')) },
    ['x'],
  ],
  [
    'changed after it was deleted, by time',
    {
      'a/P.ndjson': lines(patient('p', 'x', { lastUpdated: '2025-02-01T00:00:00Z' })),
      'b/deleted/B.ndjson': lines(deletion('Patient/p', { lastUpdated: '2025-01-01T00:00:00Z' })),
    },
    ['x'],
  ],
  [
    'a deletion of another',
    { 'a/P.ndjson': lines(patient('p', 'x')), 'b/deleted/B.ndjson': lines(deletion('Patient/q')) },
    ['x'],
  ],
  [
    'a Bundle that deletes nothing understandable',
    {
      'a/P.ndjson': lines(patient('p', 'x')),
      'b/deleted/B.ndjson': lines(
        '{"resourceType":"Bundle"}',
        '{"resourceType":"Bundle","entry":[null,7,{},{"request":null},{"request":{"method":"PUT","url":"Patient/p"}},{"request":{"method":"DELETE","url":7}}]}',
        deletion('Patient?identifier=x'),
      ),
    },
    ['x'],
  ],
]

const languages = ({ lines: found }: Finished): string[] =>
  found.map((line) => (JSON.parse(line) as { language?: string }).language ?? '').sort()

t.test('only the newest version of each resource is exported, and none that was deleted since', async (t) => {
  for (const [name, files, expected] of VERSIONS) {
    const provider = await provide(t, { files })
    for (const query of ['', '?_since=2020-01-01'])
      t.same(languages(await provider.export(`/$export${query}`)), [...expected].sort(), `${name} ${query}`)
  }
})

const RUNS = {
  '2025-01/Patient.ndjson': lines(patient('in', 'one'), patient('out', 'one'), patient('gone', 'one')),
  '2025-01/Group.ndjson': lines(
    resource('Group', 'g', {
      member: [{ entity: { reference: 'Patient/in' } }, { entity: { reference: 'Patient/out' } }],
    }),
  ),
  '2025-01/Observation.ndjson': lines(
    resource('Observation', 'of-in', { subject: { reference: 'Patient/in' } }),
    resource('Observation', 'of-out', { subject: { reference: 'Patient/out' } }),
    resource('Observation', 'back', { subject: { reference: 'Patient/in' } }),
  ),
  '2025-02/Group.ndjson': lines(
    resource('Group', 'g', { member: [{ entity: { reference: 'Patient/in' } }] }),
  ),
  '2025-02/deleted/Bundle.1.ndjson': lines(
    deletion('Patient/gone', { lastUpdated: '2025-02-01T00:00:00Z' }),
    deletion('Observation/of-in'),
    deletion('Observation/of-out'),
    deletion('Observation/back'),
    deletion('Encounter/never-seen'),
  ),
  '2025-03/Observation.ndjson': lines(
    resource('Observation', 'back', { subject: { reference: 'Patient/in' } }),
  ),
}

async function deletedBy(provider: Awaited<ReturnType<typeof provide>>, path: string, init?: RequestInit) {
  const finished = await provider.export(path, init)
  const found: string[] = []
  for (const { type, url, count } of finished.manifest.deleted) {
    if (type !== 'Bundle') throw new Error('deleted is of Bundles')
    const bundles = (await (await provider.ask(url)).text()).trim().split('\n')
    if (bundles.length !== count) throw new Error('a wrong count')
    for (const bundle of bundles)
      for (const { request } of (JSON.parse(bundle) as { entry: { request: { url: string } }[] }).entry)
        found.push(request.url)
  }
  return { ...finished, deleted: found.sort() }
}

t.test(
  'Bundles of deletions are the manifest’s deleted, never output; what is there again is not in them',
  async (t) => {
    const provider = await provide(t, { files: RUNS })
    const rows: readonly (readonly [string, RequestInit | undefined, readonly string[]])[] = [
      [
        '/$export',
        undefined,
        ['Encounter/never-seen', 'Observation/of-in', 'Observation/of-out', 'Patient/gone'],
      ],
      [
        '/$export?_since=2025-02-02',
        undefined,
        ['Encounter/never-seen', 'Observation/of-in', 'Observation/of-out'],
      ],
      ['/$export?_type=Patient', undefined, ['Patient/gone']],
      ['/$export?_type=Patient&_since=2025-02-02', undefined, []],
      ['/$export?_type=Bundle', undefined, []],
      [
        '/$export?_elements=id',
        undefined,
        ['Encounter/never-seen', 'Observation/of-in', 'Observation/of-out', 'Patient/gone'],
      ],
      ['/Patient/$export?_type=Observation', undefined, ['Observation/of-in', 'Observation/of-out']],
      ['/Group/g/$export', undefined, ['Observation/of-in']],
      [
        '/Patient/$export',
        parametersOf({ name: 'patient', valueReference: { reference: 'Patient/out' } }),
        ['Observation/of-out'],
      ],
    ]
    for (const [path, init, expected] of rows) {
      const { deleted, resources, manifest } = await deletedBy(provider, path, init)
      t.same(deleted, expected, path)
      t.notOk(
        manifest.output.some(({ type }) => type === 'Bundle'),
        path,
      )
      t.same(
        resources.filter((name) => deleted.includes(name)),
        [],
        'nothing is in both',
      )
      t.same(
        resources.filter((name, at) => resources.indexOf(name) !== at),
        [],
        'nothing is there twice',
      )
    }
    t.same(
      (await provider.export('/Group/g/$export')).resources,
      ['Group/g', 'Observation/back', 'Patient/in'],
      'who left the group is a member no more',
    )
    const deletedPatient = parametersOf({ name: 'patient', valueReference: { reference: 'Patient/gone' } })
    t.equal((await provider.kickOff('/Patient/$export', deletedPatient)).status, 400, 'it is unknown now')
  },
)

t.test('an anonymized export names what was deleted as its other files name it', async (t) => {
  const provider = await provide(t, { files: RUNS })
  const query = '_container=c&_anonymizationConfig=safe.json'
  const first = await provider.export(`/$export?_type=Patient,Observation&${query}`)
  const { deleted } = await deletedBy(provider, `/$export?_type=Patient&${query}`)
  t.equal(deleted.length, 1)
  t.match(deleted[0], /^Patient\/[0-9a-f]{64}$/)
  t.notMatch(JSON.stringify(first.lines), 'gone')
  const { manifest } = await provider.export(`/$export?_type=Patient&${query}`)
  t.notOk(manifest.output.some(({ type }) => type === 'Bundle'))
})

t.test('a store that is compared in many passes, or grows in the middle, comes to the same', async (t) => {
  const random = seeded(7)
  const files: Record<string, string> = {}
  const newest = new Map<string, string>()
  for (let run = 0; run < 4; run++) {
    const ids = Array.from({ length: 3000 }, () => `p${Math.floor(random() * 2000)}`)
    const unique = [...new Set(ids)]
    files[`${run}/Patient.ndjson`] = lines(...unique.map((id) => patient(id, `${run}`)))
    for (const id of unique) newest.set(id, `${run}`)
  }
  const folder = t.testdir()
  const source = folderSource(writeFiles(`${folder}/data`, files))
  const items: ItemIndex[] = []
  const signal = new AbortController().signal
  for await (const item of source.list(() => undefined))
    items.push(await buildIndex(source, item, { folder: `${folder}/index`, maxLineBytes: 1 << 20, signal }))
  const whole = await currentLines(`${folder}/index`, { items })
  for (const perPass of [500, 999, 5000]) {
    const parts = await currentLines(`${folder}/index`, { items }, { perPass })
    let count = 0
    for (const index of items)
      for (let line = 0; line < firstOf(index.types).count; line++) {
        if (parts.isCurrent(index, line) !== whole.isCurrent(index, line))
          t.fail(`${perPass} ${index.item.name} ${line}`)
        if (parts.isCurrent(index, line)) count += 1
      }
    t.equal(count, newest.size, `${perPass}`)
  }
})

function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1103515245 + 12345) % 2147483648
    return state / 2147483648
  }
}
