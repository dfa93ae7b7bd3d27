import { ask, bundle, entriesOf, type Got, put, send } from '../fhir-server/client.js'
import type { BundleEntry, Resource } from '../fhir-server/resource.js'

/** Requests to a server that holds nothing of this question yet, and what they came to. */
export interface Question {
  readonly name: string
  ask(base: string): Promise<unknown>
  /** Where HAPI answers otherwise than the test's own server: what it answers. */
  readonly hapi?: unknown
}

const patient = (id: string, more: object = {}): Resource => ({ resourceType: 'Patient', id, ...more })
const observation = (id: string, subject: string, more: object = {}): Resource => ({
  resourceType: 'Observation',
  id,
  status: 'final',
  code: { coding: [{ system: 'urn:codes', code: id }] },
  subject: { reference: subject },
  ...more,
})
const UUID = 'urn:uuid:11111111-1111-4111-8111-111111111111'
const created = (resource: Resource, fullUrl: string, ifNoneExist?: string): BundleEntry => ({
  fullUrl,
  resource,
  request: { method: 'POST', url: resource.resourceType, ...(ifNoneExist !== undefined && { ifNoneExist }) },
})
const deleted = (url: string): BundleEntry => ({ request: { method: 'DELETE', url } })
const matching = (resource: Resource, ifMatch: string): BundleEntry => ({
  resource,
  request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}`, ifMatch },
})

/** The status of an answer and of its entries, with the location of each; ids that a server chose are `*`. */
async function bundled(
  base: string,
  type: 'batch' | 'transaction',
  entries: readonly BundleEntry[],
): Promise<unknown> {
  const known = new Set(entries.map(({ resource }) => `${resource?.resourceType}/${resource?.id}`))
  const got = await send(base, 'POST', bundle(type, entries))
  if (got.status !== 200) return refusal(got)
  return entriesOf(got).map(({ response: { status, location } }) => {
    const [, place = '', version = ''] = /(\w+\/[^/]+)\/_history\/(.*)$/.exec(location ?? '') ?? []
    const address = known.has(place) || place === '' ? place : place.replace(/\/.*/, '/*')
    return `${status} ${address} ${version}`.trim()
  })
}

const refusal = ({ status, json }: Got): string => `${status} ${json.resourceType}`

const state = async (base: string, ...addresses: readonly string[]): Promise<readonly number[]> =>
  Promise.all(addresses.map(async (address) => (await ask(`${base}/${address}`)).status))

interface Page {
  readonly resourceType: string
  readonly total?: number
  readonly link?: readonly { readonly relation: string; readonly url: string }[]
  readonly entry?: readonly { readonly resource: Resource; readonly search: { readonly mode: string } }[]
}

/** All entries of a search, page by page: `mode Type/id`, sorted, with the sizes of the pages. */
async function found(base: string, query: string, form?: string): Promise<unknown> {
  const entries: string[] = []
  const pages: number[] = []
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  let got = await (form === undefined
    ? ask(`${base}/${query}`)
    : ask(`${base}/${query}`, { method: 'POST', headers, body: form }))
  for (;;) {
    if (got.status !== 200) return refusal(got)
    const page = got.json as unknown as Page
    pages.push(page.entry?.length ?? 0)
    for (const { resource, search } of page.entry ?? [])
      entries.push(`${search.mode} ${resource.resourceType}/${resource.id}`)
    const next = page.link?.find(({ relation }) => relation === 'next')
    if (next === undefined) return { entries: entries.sort(), pages }
    got = await ask(next.url)
  }
}

const ids = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, k) => `${prefix}-${k + 10}`)

async function seeded(base: string, resources: readonly Resource[]): Promise<void> {
  const { status } = await send(base, 'POST', bundle('batch', resources.map(put)))
  if (status !== 200) throw new Error(`the resources were not taken: ${status}`)
}

export const QUESTIONS: readonly Question[] = [
  {
    name: 'a batch is done entry by entry, in order',
    ask: (base) =>
      bundled(base, 'batch', [
        put(patient('a1')),
        put(observation('a1', 'Patient/a1')),
        put(observation('a2', 'Patient/a2')),
        put(patient('a2')),
        put(patient('a1', { gender: 'male' })),
        deleted('Patient/nobody'),
      ]),
  },
  {
    name: 'a batch does not resolve urn:uuid',
    ask: (base) => bundled(base, 'batch', [created(patient('b1'), UUID), put(observation('b1', UUID))]),
  },
  {
    name: 'a conditional create writes once',
    ask: (base) => {
      const entry = created(
        patient('', { id: undefined, identifier: [{ system: 's', value: 'c' }] }),
        UUID,
        'identifier=s|c',
      )
      return bundled(base, 'batch', [entry, entry])
    },
  },
  {
    name: 'an id that is none of FHIR is refused alone in a batch',
    ask: (base) =>
      bundled(base, 'batch', [put(patient('d1')), put(patient('d 2')), put(patient('d'.repeat(65)))]),
  },
  {
    name: 'a transaction resolves urn:uuid, also forwards',
    ask: async (base) => [
      await bundled(base, 'transaction', [
        put(observation('e1', UUID)),
        { ...put(patient('e1')), fullUrl: UUID },
      ]),
      (await ask(`${base}/Observation/e1`)).json.subject,
    ],
  },
  {
    name: 'a transaction that refers to nothing leaves nothing',
    ask: async (base) => [
      await bundled(base, 'transaction', [put(patient('f1')), put(observation('f1', 'Patient/nobody'))]),
      await state(base, 'Patient/f1', 'Observation/f1'),
    ],
  },
  {
    name: 'a transaction with two entries of one resource is refused',
    ask: async (base) => [
      await bundled(base, 'transaction', [put(patient('g1')), put(patient('g1', { gender: 'male' }))]),
      await state(base, 'Patient/g1'),
    ],
  },
  {
    name: 'a transaction resolves conditional references',
    ask: async (base) => {
      await seeded(base, [patient('h1', { identifier: [{ system: 's', value: 'h' }] })])
      return [
        await bundled(base, 'transaction', [put(observation('h1', 'Patient?identifier=s|h'))]),
        (await ask(`${base}/Observation/h1`)).json.subject,
      ]
    },
  },
  {
    name: 'a transaction with a conditional reference to nothing is refused',
    ask: (base) => bundled(base, 'transaction', [put(observation('i1', 'Patient?identifier=s|nobody'))]),
    hapi: '404 OperationOutcome',
  },
  {
    name: 'an old version is refused',
    ask: async (base) => {
      await seeded(base, [patient('j1')])
      return bundled(base, 'batch', [
        matching(patient('j1', { gender: 'male' }), 'W/"7"'),
        matching(patient('j1', { gender: 'male' }), 'W/"1"'),
      ])
    },
    hapi: ['409 Conflict', '200 OK Patient/j1 2'],
  },
  {
    name: 'what others refer to is not deleted',
    ask: async (base) => {
      await seeded(base, [patient('k1'), observation('k1', 'Patient/k1')])
      return [
        await bundled(base, 'batch', [
          deleted('Patient/k1'),
          deleted('Observation/k1'),
          deleted('Patient/k1'),
        ]),
        await state(base, 'Patient/k1', 'Observation/k1', 'Patient/nobody'),
      ]
    },
    hapi: [
      ['409 Conflict', '204 No Content Observation/* 2', '204 No Content Patient/* 2'],
      [410, 410, 404],
    ],
  },
  {
    name: 'the base takes no collection, no text and no other resource',
    ask: async (base) => [
      refusal(await send(base, 'POST', { resourceType: 'Bundle', type: 'collection', entry: [] })),
      refusal(await send(base, 'POST', '{"resourceType":"Bundle","type":"batch","entry":[')),
      refusal(await send(base, 'POST', patient('l1'))),
    ],
  },
  {
    name: 'a search by ids is paged and loses nothing',
    ask: async (base) => {
      await seeded(
        base,
        ids('m', 25).map((id) => patient(id)),
      )
      return found(base, `Patient?_id=${ids('m', 25).join()}&_count=10`)
    },
  },
  {
    name: 'a search by POST is paged as well',
    ask: async (base) => {
      await seeded(
        base,
        ids('n', 12).map((id) => patient(id)),
      )
      return found(base, 'Patient/_search', `_id=${ids('n', 12).join()}&_count=5`)
    },
  },
  {
    name: 'references, tokens, dates, includes',
    ask: async (base) => {
      await seeded(base, [
        patient('o1', { birthDate: '1950-01-01', gender: 'male' }),
        patient('o2', { birthDate: '1960-06-15' }),
        observation('o1', 'Patient/o1', { effectiveDateTime: '2020-03-01' }),
        observation('o2', 'Patient/o1', { effectiveDateTime: '2021-03-01T10:00:00Z' }),
        observation('o3', 'Patient/o2'),
      ])
      return Promise.all(
        [
          'Observation?patient=o1,o2',
          'Observation?subject=Patient/o2',
          'Observation?code=urn:codes|o1',
          'Observation?patient=o1&date=ge2021-01-01',
          'Patient?_id=o1,o2&birthdate=lt1955-01-01',
          'Patient?_id=o1&_revinclude=Observation:patient',
          'Observation?patient=o2&_include=Observation:patient',
          'Patient?_id=o1,o2&_lastUpdated=ge2000-01-01',
          'Patient?_id=o1,o2&_lastUpdated=lt2000-01-01',
          'Patient?_id=nobody',
        ].map((query) => found(base, query)),
      )
    },
  },
  {
    name: 'counting',
    ask: async (base) => {
      await seeded(
        base,
        ids('p', 12).map((id) => patient(id)),
      )
      const got = await ask(`${base}/Patient?_id=${ids('p', 12).join()}&_summary=count`)
      return [got.json.total, got.json.entry]
    },
  },
  {
    name: 'what is not there',
    ask: async (base) => [
      await state(base, 'Patient/nobody', 'Nonsense/1', 'Nonsense'),
      await found(base, 'Nonsense?_id=1'),
    ],
  },
]
