// Holds src/server/routes/capability.ts.

import t from 'tap'
import { firstOf } from '../../support/elements.js'
import { protectedProvider, tokenOf } from '../auth/token-client.js'
import { clientOf, lines, outcomeText, type Provider, provide } from '../provider.js'

const group = (id: string, more: object = {}): string =>
  JSON.stringify({ resourceType: 'Group', id, type: 'person', actual: true, ...more })

const FILES = {
  'a/Group.ndjson': lines(
    group('one', { name: 'Élan vital', identifier: [{ system: 's', value: '1' }], meta: { versionId: '1' } }),
    group('two', {
      name: 'Diabetes',
      identifier: [{ system: 's', value: '2' }],
      member: [null, { entity: { reference: 'Patient/p' } }],
    }),
    group('gone'),
    group('three', { type: 'animal', actual: false, member: { not: 'a list' } }),
  ),
  'b/Group.ndjson': lines(
    group('one', { name: 'Elan new', identifier: [{ system: 's', value: '1' }], meta: { versionId: '2' } }),
  ),
  'b/deleted/Bundle.ndjson': lines(
    JSON.stringify({
      resourceType: 'Bundle',
      type: 'transaction',
      entry: [{ request: { method: 'DELETE', url: 'Group/gone' } }],
    }),
  ),
}

interface Bundle {
  readonly type: string
  readonly total: number
  readonly link: readonly { readonly relation: string; readonly url: string }[]
  readonly entry: readonly {
    readonly fullUrl: string
    readonly resource: { readonly id: string }
    readonly search: object
  }[]
}

async function search({ ask }: Pick<Provider, 'ask'>, path: string, init?: RequestInit): Promise<Bundle> {
  const response = await ask(path, init)
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`)
  t.match(response.headers.get('content-type'), 'application/fhir+json')
  return (await response.json()) as Bundle
}

const idsOf = ({ entry }: Bundle): string[] => entry.map(({ resource }) => resource.id).sort()

t.test(
  'a group is read as its newest version lies in the store; a missing or deleted one is 404',
  async (t) => {
    const provider = await provide(t, { files: FILES })
    const response = await provider.ask('/Group/one')
    t.equal(response.status, 200)
    t.match(response.headers.get('content-type'), 'application/fhir+json')
    t.equal(`${await response.text()}\n`, FILES['b/Group.ndjson'])
    for (const id of ['none', 'gone', '%2e%2e', 'x'.repeat(100)]) {
      const missing = await provider.ask(`/Group/${id}`)
      t.equal(missing.status, 404, id)
      await outcomeText(missing)
    }
    t.equal((await provider.ask('/Group/one', { headers: { accept: 'application/fhir+xml' } })).status, 406)
    t.equal((await provider.kickOff('/Group/$export')).status, 400)
  },
)

const SEARCHES: readonly (readonly [string, readonly string[]])[] = [
  ['', ['one', 'three', 'two']],
  ['?_id=one', ['one']],
  ['?_id=one,two', ['one', 'two']],
  ['?_id=none', []],
  ['?_id=gone', []],
  ['?identifier=s|2', ['two']],
  ['?identifier=1', ['one']],
  ['?name=diab', ['two']],
  ['?name=%C3%A9lan', ['one']],
  ['?name=vital', []],
  ['?type=animal', ['three']],
  ['?actual=true', ['one', 'two']],
  ['?actual=true&name=elan', ['one']],
  ['?_format=json', ['one', 'three', 'two']],
]

t.test('groups are found by what identifies them, as a searchset, by GET and POST', async (t) => {
  const provider = await provide(t, { files: FILES })
  for (const [query, ids] of SEARCHES) {
    const post = {
      method: 'POST',
      body: query.slice(1),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    }
    for (const bundle of [
      await search(provider, `/Group${query}`),
      await search(provider, '/Group/_search', post),
    ]) {
      t.equal(bundle.type, 'searchset')
      t.same(idsOf(bundle), ids, query)
      t.equal(bundle.total, ids.length, query)
      for (const { fullUrl, resource, search: found } of bundle.entry) {
        t.equal(fullUrl, `${provider.base}/Group/${resource.id}`)
        t.same(found, { mode: 'match' })
      }
    }
  }
})

t.test('what is not searched by is 400, or left out where the client is content without', async (t) => {
  const provider = await provide(t, { files: FILES })
  for (const query of [
    'member=Patient/p',
    'name:exact=x',
    '_sort=name',
    '_include=Group:member',
    '_count=x',
    '_offset=-1',
    'name=',
    '_count=1e3',
  ]) {
    const response = await provider.ask(`/Group?${query}`)
    t.equal(response.status, 400, query)
    t.notMatch(await outcomeText(response), 'Patient/p')
  }
  const lenient = { headers: { prefer: 'handling=lenient' } }
  t.equal((await search(provider, '/Group?member=Patient/p&_id=one', lenient)).total, 1)
  t.equal((await provider.ask(`/Group?${'_id=a&'.repeat(60)}`)).status, 400)
})

t.test('pages are bounded by number and size, and together hold each group once', async (t) => {
  const member = Array.from({ length: 20_000 }, (_, at) => ({ entity: { reference: `Patient/p${at}` } }))
  const many = Array.from({ length: 230 }, (_, at) => group(`g${at}`))
  const large = Array.from({ length: 8 }, (_, at) => group(`large${at}`, { member }))
  const provider = await provide(t, { files: { 'Group.ndjson': lines(...many, ...large) } })
  for (const [query, least] of [
    ['', 5],
    ['?_count=1000', 3],
    ['?_count=7&actual=true', 34],
  ] as const) {
    const ids: string[] = []
    let pages = 0
    for (let url: string | undefined = `/Group${query}`; url !== undefined; pages += 1) {
      const bundle: Bundle = await search(provider, url)
      ids.push(...idsOf(bundle))
      t.equal(bundle.total, 238)
      t.ok(bundle.entry.length <= 100 && JSON.stringify(bundle).length < 5 << 20)
      url = bundle.link.find(({ relation }) => relation === 'next')?.url
    }
    t.equal(new Set(ids).size, 238, query)
    t.equal(ids.length, 238, query)
    t.ok(pages >= least, `${pages} pages`)
  }
  t.same((await search(provider, '/Group?_count=0')).entry, [])
})

t.test('groups are for tokens that may read them, and not where only anonymized data leaves', async (t) => {
  const provider = await protectedProvider(t)
  for (const [scope, status] of [
    ['system/Patient.read', 403],
    ['system/Patient.read system/Group.read', 200],
  ] as const) {
    const client = clientOf(provider.base, {
      authorization: `Bearer ${await tokenOf(provider, 'some', scope)}`,
    })
    for (const path of ['/Group', '/Group/g1'])
      t.equal((await client.ask(path)).status, status, `${scope} ${path}`)
  }
  for (const path of ['/Group', '/Group/g1']) t.equal((await provider.ask(path)).status, 401, path)
  const closed = await provide(t, { onlyAnonymized: true })
  for (const path of ['/Group', '/Group/g1']) t.equal((await closed.ask(path)).status, 403, path)
})

t.test('the CapabilityStatement says that groups can be read and searched', async (t) => {
  for (const [onlyAnonymized, expected] of [
    [false, [{ code: 'read' }, { code: 'search-type' }]],
    [true, undefined],
  ] as const) {
    const provider = await provide(t, { onlyAnonymized })
    const { rest } = (await (await provider.ask('/metadata')).json()) as {
      rest: { resource: { type: string; interaction?: object[]; searchParam: { name: string }[] }[] }[]
    }
    const found = firstOf(rest).resource.find(({ type }) => type === 'Group')
    t.same(found?.interaction, expected)
    for (const name of ['_id', 'identifier', 'name'])
      t.ok(
        found?.searchParam.some((each) => each.name === name),
        name,
      )
  }
})
