import t from 'tap'
import { ask } from './client.js'
import type { Fault } from './faults.js'
import type { FhirServerOptions } from './options.js'
import { startFhirServer } from './server.js'

interface Link {
  readonly relation: string
  readonly url: string
}

async function started(options: FhirServerOptions) {
  const server = await startFhirServer(options)
  t.teardown(() => server.close())
  server.seed(Array.from({ length: 25 }, (_, n) => ({ resourceType: 'Patient', id: `p${n}` })))
  return server
}

/** All pages by their `next` links, at most ten. */
async function pages(url: string) {
  const found: { readonly ids: readonly string[]; readonly links: readonly Link[] }[] = []
  for (let next: string | undefined = url; next !== undefined && found.length < 10; ) {
    const { json } = await ask(next)
    const links = json.link as Link[]
    const entries = (json.entry ?? []) as { readonly resource: { readonly id: string } }[]
    found.push({ ids: entries.map(({ resource }) => resource.id), links })
    next = links.find(({ relation }) => relation === 'next')?.url
  }
  return found
}

t.test('pages bring everything once, whatever changes and wherever the link stands', async (t) => {
  for (const links of ['self-first', 'next-first', 'shuffled'] as const) {
    const server = await started({ links })
    const found = await pages(`${server.base}/Patient?_count=7`)
    t.same(
      found.map(({ ids }) => ids.length),
      [7, 7, 7, 4],
    )
    t.equal(new Set(found.flatMap(({ ids }) => ids)).size, 25)
    t.equal(found[0]?.links[0]?.relation, links === 'self-first' ? 'self' : 'next')
  }
})

t.test('next pages at the base bring everything, without a total', async (t) => {
  const server = await started({ nextAt: 'base', totals: false })
  const found = await pages(`${server.base}/Patient?_count=10`)
  t.match(found[0]?.links[1]?.url, /\/fhir\?ct=[\w-]+$/)
  t.equal(new Set(found.flatMap(({ ids }) => ids)).size, 25)
  t.equal((await ask(`${server.base}/Patient`)).json.total, undefined)
})

t.test('a page of a search that is not kept is gone', async (t) => {
  const server = await started({})
  const token = Buffer.from('nosuch 10').toString('base64url')
  t.equal((await ask(`${server.base}/Patient?ct=${token}`)).status, 410)
})

t.test('next links by script', async (t) => {
  const server = await started({})
  const next = async (act: Fault['act']) => {
    server.heal()
    server.script({ act })
    const { json } = await ask(`${server.base}/Patient?_count=20`)
    return (json.link as Link[]).find(({ relation }) => relation === 'next')?.url
  }
  t.equal(await next({ kind: 'next', to: 'same' }), `${server.base}/Patient?_count=20`)
  t.equal(await next({ kind: 'next', to: 'absent' }), undefined)
  t.equal(await next({ kind: 'next', to: 'garbage' }), 'http://[')
  t.match(await next({ kind: 'next', to: 'relative' }), /^Patient\?_count=20&ct=/)
  t.match(await next({ kind: 'next', to: 'foreign' }), /^http:\/\/elsewhere\.invalid\/fhir\/Patient\?/)
  t.match(await next({ kind: 'next', to: 'other-scheme' }), /^https:\/\/127\.0\.0\.1:/)
})

t.test('an empty page loses nothing', async (t) => {
  const server = await started({})
  server.script({ act: { kind: 'empty-page' } })
  const found = await pages(`${server.base}/Patient?_count=20`)
  t.same(
    found.map(({ ids }) => ids.length),
    [0, 20, 5],
  )
})

t.test('what is seeded keeps its time', async (t) => {
  const server = await started({})
  server.seed([{ resourceType: 'Patient', id: 'old', meta: { lastUpdated: '2020-05-01T10:00:00Z' } }])
  const { json } = await ask(`${server.base}/Patient?_lastUpdated=ge2020-05-01&_lastUpdated=lt2020-05-02`)
  t.match(json, { total: 1, entry: [{ resource: { id: 'old' } }] })
})
