import t from 'tap'
import { ask, type Got } from './client.js'
import type { FhirServerOptions } from './options.js'
import type { Resource } from './resource.js'
import { startFhirServer } from './server.js'

const patient = (n: number): Resource => ({
  resourceType: 'Patient',
  id: `p${n}`,
  name: [{ family: `Family${n}`, given: ['Ann', 'Bea'] }],
  identifier: [{ system: 'http://ids', value: `${n}` }],
  birthDate: `19${50 + n}-06-15`,
  ...(n === 4 && { deceasedDateTime: '2001-02-03' }),
  managingOrganization: { reference: 'Organization/o' },
})

const observation = (n: number): Resource => ({
  resourceType: 'Observation',
  id: `o${n}`,
  status: n % 2 === 0 ? 'final' : 'amended',
  code: { coding: [{ system: 'http://loinc.org', code: `${n % 3}` }] },
  subject: { reference: n % 4 === 3 ? `http://127.0.0.1/fhir/Patient/p${n % 5}` : `Patient/p${n % 5}` },
  encounter: { reference: `Encounter/e${n}` },
  effectiveDateTime: `2020-0${1 + (n % 9)}-10T08:30:00Z`,
})

const SEED: readonly Resource[] = [
  { resourceType: 'Organization', id: 'o', name: 'Clinic' },
  ...Array.from({ length: 5 }, (_, n) => patient(n)),
  ...Array.from({ length: 20 }, (_, n) => observation(n)),
  { resourceType: 'Observation', id: 'group', status: 'final', code: {}, subject: { reference: 'Group/p1' } },
  {
    resourceType: 'Provenance',
    id: 'v',
    target: [{ reference: 'Patient/p1' }],
    recorded: '2021-01-01T00:00:00Z',
  },
]

async function seeded(options: FhirServerOptions = {}) {
  const server = await startFhirServer({ pageSize: 1_000, ...options })
  t.teardown(() => server.close())
  server.seed(SEED)
  return server
}
const { base } = await seeded()

interface Entry {
  readonly resource: Resource
  readonly search: { readonly mode: string }
}
const entries = ({ json }: Got): readonly Entry[] => (json.entry ?? []) as Entry[]
const ids = (got: Got): string[] => entries(got).map(({ resource }) => `${resource.id}`)
const found = async (query: string): Promise<string[]> => ids(await ask(`${base}/${query}`))
const numbers = (wanted: (n: number) => boolean): string[] =>
  Array.from({ length: 20 }, (_, n) => n)
    .filter(wanted)
    .map((n) => `o${n}`)

t.test('each kind of parameter finds what it means', async (t) => {
  t.same((await found('Observation?patient=p1,p3')).sort(), numbers((n) => [1, 3].includes(n % 5)).sort())
  t.same(
    await found('Observation?patient=Patient/p1&_sort=_id'),
    await found('Observation?subject:Patient=p1&_sort=_id'),
  )
  t.ok((await found('Observation?subject=p1')).includes('group'), 'an id without a type is of any type')
  t.same(await found('Observation?encounter=e7'), ['o7'])
  t.same(
    await found('Observation?code=http://loinc.org|2'),
    numbers((n) => n % 3 === 2),
  )
  t.same(await found('Observation?code=http://snomed.info/sct|2'), [])
  t.same(
    await found('Observation?status=amended&code=2'),
    numbers((n) => n % 6 === 5),
  )
  t.same(await found('Observation?_id=o3,o1,nosuch'), ['o3', 'o1'])
  t.same(await found('Patient?identifier=http://ids|2,4'), ['p2', 'p4'])
  t.same(await found('Patient?name=family3'), ['p3'])
  t.same(await found('Patient?family:exact=family3'), [])
  t.same(await found('Patient?given:missing=true'), [])
  t.equal((await found('Observation?encounter:missing=true')).join(), 'group')
})

t.test('dates compare by the time that they cover', async (t) => {
  t.same(
    await found('Observation?date=2020-02'),
    numbers((n) => n % 9 === 1),
  )
  t.same(
    await found('Observation?date=ge2020-08-10&date=lt2020-10'),
    numbers((n) => n % 9 >= 7),
  )
  t.same(
    await found('Observation?date=gt2020-02-10'),
    numbers((n) => n % 9 > 1),
  )
  t.same(await found('Patient?birthdate=le1951'), ['p0', 'p1'])
  t.same(await found('Patient?death-date=ge2000'), ['p4'])
  t.same(await found('Patient?_lastUpdated=gt2999'), [])
  t.equal((await found('Patient?_lastUpdated=ge2020&_lastUpdated=le2999')).length, 5)
})

t.test('results: count, order, elements, what they refer to', async (t) => {
  t.match((await ask(`${base}/Observation?_summary=count`)).json, { total: 21, entry: undefined })
  t.same((await found('Patient?_sort=-birthdate')).join(), 'p4,p3,p2,p1,p0')
  t.same((await found('Patient?_sort=-_id&_count=2')).join(), 'p4,p3')
  const withOthers = await ask(
    `${base}/Patient?_id=p1&_include=Patient:organization&_revinclude=Provenance:target`,
  )
  t.same(
    entries(withOthers).map(({ resource, search }) => `${search.mode} ${resource.id}`),
    ['match p1', 'include o', 'include v'],
  )
  const [only] = entries(await ask(`${base}/Patient?_id=p1&_elements=birthDate`))
  t.same(Object.keys(only?.resource ?? {}), ['resourceType', 'id', 'meta', 'birthDate'])
  const form = { method: 'POST', body: new URLSearchParams({ patient: 'p1', _count: '2' }) }
  t.equal(ids(await ask(`${base}/Observation/_search`, form)).length, 2)
  t.equal(entries(await ask(`${base}/Patient/p1/$everything`)).length, 6)
})

t.test('unknown parameters are ignored or refused, as the server is', async (t) => {
  const strict = await seeded({ unknownParameters: 'strict' })
  t.equal((await found('Patient?nosuch=1')).length, 5)
  t.equal((await ask(`${strict.base}/Patient?nosuch=1`)).status, 400)
  t.equal((await ask(`${strict.base}/Patient?birthdate=1951&_count=1`)).status, 200)
})
