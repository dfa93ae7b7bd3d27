// Holds src/load/prepare/conditional-references.ts, src/load/prepare/server-search.ts, src/load/prepare/preparer.ts.
import t, { type Test } from 'tap'
import { connect } from '../../../src/fhir-client/connect.js'
import { createPace } from '../../../src/fhir-client/pace.js'
import { type RetryClock, SYSTEM_RETRY_CLOCK } from '../../../src/http/retry-clock.js'
import { createPreparer, type Preparer } from '../../../src/load/prepare/preparer.js'
import type { Search } from '../../../src/load/prepare/search.js'
import { serverSearch } from '../../../src/load/prepare/server-search.js'
import type { FhirServerOptions } from '../../fhir-server/options.js'
import { startFhirServer } from '../../fhir-server/server.js'
import { bodyOf, entryOf, linesOf, preparedIn, resultsOf, singles } from './entries.js'

const practitioner = (id: string, value = id) => ({
  resourceType: 'Practitioner',
  id,
  identifier: [{ system: 'npi', value }],
})

const encounter = (id: string, ...references: readonly string[]) =>
  entryOf({
    resource: {
      resourceType: 'Encounter',
      id,
      participant: references.map((reference) => ({ individual: { reference } })),
    },
  })

/** A clock on which waits between attempts are short. */
const CLOCK: RetryClock = {
  nowMs: () => SYSTEM_RETRY_CLOCK.nowMs() * 50,
  sleep: (ms, signal) => SYSTEM_RETRY_CLOCK.sleep(ms / 50, signal),
}

/** A server with some practitioners, and a preparer that searches it. */
async function searching(t: Test, options: FhirServerOptions = {}) {
  const server = await startFhirServer(options)
  t.teardown(() => server.close())
  server.seed([
    practitioner('p1'),
    practitioner('p2'),
    practitioner('twin1', 't'),
    practitioner('twin2', 't'),
  ])
  const client = connect({ base: server.base, clock: CLOCK })
  const pace = createPace({ max: 8, clock: CLOCK })
  t.teardown(() => client.http.close())
  const search = serverSearch(client, pace)
  return { server, preparer: createPreparer({ method: 'put', keepVersions: false, search }) }
}

const referencesIn = async (preparer: Preparer, ...references: readonly string[]): Promise<unknown> => {
  const results = await resultsOf(preparer, singles([encounter('e', ...references)]))
  const [prepared] = preparedIn(results)
  if (prepared === undefined) return linesOf(results)[0]
  const { participant } = bodyOf(prepared) as { participant: { individual: { reference: string } }[] }
  return participant.map(({ individual }) => individual.reference)
}

t.test('a conditional reference becomes the one resource that it finds', async (t) => {
  const { preparer } = await searching(t)
  t.strictSame(
    await referencesIn(
      preparer,
      'Practitioner?identifier=npi|p1',
      'Practitioner/x',
      'Practitioner?identifier=npi%7Cp2',
      '#a?b',
    ),
    ['Practitioner/p1', 'Practitioner/x', 'Practitioner/p2', '#a?b'],
  )
})

t.test('what finds nothing is deferred, what finds several or is refused is rejected', async (t) => {
  const { preparer } = await searching(t, { unknownParameters: 'strict' })
  const found = 'Practitioner?identifier=npi|p1'
  const none = 'Practitioner?identifier=npi|none'
  const several = 'Practitioner?identifier=npi|t'
  for (const [references, line] of [
    [[none], 'deferred REFERENCE_UNRESOLVED'],
    [[found, none], 'deferred REFERENCE_UNRESOLVED'],
    [[several], 'rejected REFERENCE_AMBIGUOUS'],
    [[none, several], 'rejected REFERENCE_AMBIGUOUS'],
    [['Practitioner?no-such-parameter=x'], 'rejected REFERENCE_REFUSED'],
    [[`Practitioner?identifier=${'x'.repeat(7000)}`], 'rejected REFERENCE_REFUSED'],
  ] as const)
    t.equal(await referencesIn(preparer, ...references), line)
})

t.test('a server that ignores parameters is asked not to', async (t) => {
  const { preparer, server } = await searching(t)
  await referencesIn(preparer, 'Practitioner?identifier=npi|p1')
  const [request] = server.requests
  t.match(request, { method: 'GET' })
  t.match(request?.headers, { prefer: 'handling=strict', 'cache-control': 'no-cache' })
})

t.test('a text that is no plain query searches for what it says', async (t) => {
  const { preparer } = await searching(t)
  // A fragment would end the query and match everybody of that name.
  t.equal(await referencesIn(preparer, 'Practitioner?identifier=npi|p1#'), 'deferred REFERENCE_UNRESOLVED')
})

t.test('what was not there is found in a later round', async (t) => {
  const { preparer, server } = await searching(t)
  const reference = 'Practitioner?identifier=npi|late'
  t.equal(await referencesIn(preparer, reference), 'deferred REFERENCE_UNRESOLVED')
  server.seed([practitioner('late')])
  t.equal(await referencesIn(preparer, reference), 'deferred REFERENCE_UNRESOLVED', 'it is not asked again')
  preparer.newRound()
  t.strictSame(await referencesIn(preparer, reference), ['Practitioner/late'])
})

t.test('a thousand entries that refer to the same few need few searches, and keep their order', async (t) => {
  const { preparer, server } = await searching(t)
  const entries = Array.from({ length: 1000 }, (_, n) => ({
    ...encounter(`e${n}`, `Practitioner?identifier=npi|${n % 2 === 0 ? 'p1' : 'p2'}`),
    ordinal: n,
  }))
  const results = await resultsOf(preparer, singles(entries))
  t.strictSame(
    linesOf(results),
    entries.map(({ id }) => `PUT Encounter/${id}`),
  )
  t.equal(server.requests.length, 2)
})

t.test('one entry with many references does not search for all of them at once', async (t) => {
  let underWay = 0
  let most = 0
  const search: Search = async (_type, query) => {
    underWay += 1
    most = Math.max(most, underWay)
    await new Promise((resolve) => setImmediate(resolve))
    underWay -= 1
    return { kind: 'found', ids: [query.replace('identifier=', '')] }
  }
  const preparer = createPreparer({ method: 'put', keepVersions: false, search })
  const names = Array.from({ length: 1000 }, (_, n) => `p${n}`)
  t.strictSame(
    await referencesIn(preparer, ...names.map((name) => `Practitioner?identifier=${name}`)),
    names.map((name) => `Practitioner/${name}`),
  )
  t.ok(most <= 32, `${most} at once`)
})

t.test('searches wait while the server fails, and every page on the same server counts', async (t) => {
  const { preparer, server } = await searching(t)
  server.script({ on: { method: 'GET' }, act: { kind: 'answer', status: 503 } })
  t.strictSame(await referencesIn(preparer, 'Practitioner?identifier=npi|p1'), ['Practitioner/p1'])
  const bundle = (entry: unknown, next: string) => ({
    kind: 'answer' as const,
    status: 200,
    headers: { 'content-type': 'application/fhir+json' },
    body: JSON.stringify({
      resourceType: 'Bundle',
      type: 'searchset',
      entry,
      link: [
        { relation: 'self', url: 'x' },
        { relation: 'next', url: next },
      ],
    }),
  })
  const entry = [{ resource: practitioner('p7', 't') }]
  server.script({
    on: { method: 'GET', path: 'identifier=npi(\\||%7C)q' },
    act: bundle(entry, `${server.base}/Practitioner?identifier=npi|p1`),
  })
  t.equal(await referencesIn(preparer, 'Practitioner?identifier=npi|q'), 'rejected REFERENCE_AMBIGUOUS')
  const included = { resource: practitioner('x'), search: { mode: 'include' } }
  server.script({
    on: { method: 'GET', path: 'identifier=npi(\\||%7C)s' },
    act: bundle(
      [{ resource: practitioner('p8') }, included],
      `${server.base}/Practitioner?identifier=npi|none`,
    ),
  })
  t.strictSame(await referencesIn(preparer, 'Practitioner?identifier=npi|s'), ['Practitioner/p8'])
  server.script({
    on: { method: 'GET', path: 'identifier=npi(\\||%7C)r' },
    act: bundle([], 'http://127.0.0.2:1/Practitioner?page=2'),
  })
  await t.rejects(referencesIn(preparer, 'Practitioner?identifier=npi|r'), { code: 'EXPORT_INVALID' })
})

t.test('one search that the server always breaks on is given up', async (t) => {
  const { preparer, server } = await searching(t)
  const path = 'identifier=npi(\\||%7C)bad'
  server.script({ on: { method: 'GET', path }, when: 'always', act: { kind: 'answer', status: 500 } })
  t.equal(await referencesIn(preparer, 'Practitioner?identifier=npi|bad'), 'rejected REFERENCE_REFUSED')
  t.strictSame(await referencesIn(preparer, 'Practitioner?identifier=npi|p1'), ['Practitioner/p1'])
})

t.test('a server that does not let the client search ends the load', async (t) => {
  const { preparer } = await searching(t, { authorization: 'Basic eDp5' })
  await t.rejects(referencesIn(preparer, 'Practitioner?identifier=npi|p1'), { code: 'AUTH_FAILED' })
})

t.test('units that are rejected already, and transactions, keep their places', async (t) => {
  const { preparer } = await searching(t)
  const rejected = {
    kind: 'rejected',
    ordinal: 1,
    offset: 10,
    lengthBytes: 5,
    code: 'X',
    message: 'x',
  } as const
  const results = await resultsOf(preparer, [
    { kind: 'entry', entry: encounter('a') },
    rejected,
    { kind: 'transaction', entries: [encounter('b', 'Practitioner?identifier=npi|none')] },
    { kind: 'entry', entry: encounter('c', 'Practitioner?identifier=npi|p1') },
  ])
  t.strictSame(linesOf(results), ['PUT Encounter/a', 'rejected X', 'PUT Encounter/b', 'PUT Encounter/c'])
  t.equal(results[1], rejected)
  const [, second] = preparedIn(results)
  t.match(second?.body.toString(), 'identifier=npi|none', 'the server resolves a transaction')
})
