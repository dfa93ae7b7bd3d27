import t from 'tap'
import { createPreparer } from '../../../src/load/prepare/preparer.js'
import { startFhirServer } from '../../fhir-server/server.js'
import { seededRandom } from '../../support/random.js'
import { bodyOf, entriesOf, linesOf, preparedIn, resultsOf } from './entries.js'
import { type BundleEntry, bundleEntry, graphOf, randomTransaction, sendTransaction, uuid } from './graphs.js'

const neverSearch = (): never => {
  throw new Error('a transaction is not to be searched for')
}

const prepared = (entries: readonly BundleEntry[], method: 'put' | 'post' = 'put') => {
  const preparer = createPreparer({ method, keepVersions: false, search: neverSearch })
  return resultsOf(preparer, [{ kind: 'transaction', entries: entriesOf(entries) }])
}

const post = (type: string, ifNoneExist?: string) => ({
  request: { method: 'POST', url: type, ...(ifNoneExist === undefined ? {} : { ifNoneExist }) },
})

t.test('a transaction of POSTs becomes one of PUTs whose references name what is PUT', async (t) => {
  const results = await prepared([
    {
      fullUrl: uuid(1),
      resource: {
        resourceType: 'Observation',
        subject: { reference: uuid(2) },
        performer: [{ reference: uuid(3) }],
      },
      ...post('Observation'),
    },
    { fullUrl: uuid(2), resource: { resourceType: 'Patient', id: 'own' }, ...post('Patient') },
    {
      fullUrl: uuid(3),
      resource: { resourceType: 'Practitioner', id: 'p', extension: [{ url: uuid(9), valueUri: uuid(1) }] },
      ...post('Practitioner', 'identifier=a|b'),
    },
    {
      fullUrl: 'http://old/fhir/Encounter/e',
      resource: {
        resourceType: 'Encounter',
        id: 'e',
        subject: { reference: 'Patient?identifier=a|b' },
        partOf: { reference: 'http://old/fhir/Encounter/e' },
      },
      request: { method: 'PUT', url: 'Encounter/e' },
    },
    { request: { method: 'DELETE', url: 'Patient/x' } },
  ])
  const own = uuid(1).slice('urn:uuid:'.length)
  t.strictSame(linesOf(results), [
    `PUT Observation/${own}`,
    'PUT Patient/own',
    'POST Practitioner if identifier=a|b',
    'PUT Encounter/e',
    'DELETE Patient/x',
  ])
  const sent = preparedIn(results)
  t.strictSame(
    sent.map(({ fullUrl }) => fullUrl),
    [uuid(1), uuid(2), uuid(3), 'http://old/fhir/Encounter/e', undefined],
  )
  t.strictSame(sent.slice(0, 4).map(bodyOf), [
    {
      id: own,
      resourceType: 'Observation',
      subject: { reference: 'Patient/own' },
      performer: [{ reference: uuid(3) }],
    },
    { resourceType: 'Patient', id: 'own' },
    {
      resourceType: 'Practitioner',
      id: 'p',
      extension: [{ url: uuid(9), valueUri: `Observation/${own}` }],
    },
    {
      resourceType: 'Encounter',
      id: 'e',
      subject: { reference: 'Patient?identifier=a|b' },
      partOf: { reference: 'Encounter/e' },
    },
  ])
})

t.test('one entry that cannot be sent keeps back its whole transaction', async (t) => {
  const patient = { fullUrl: uuid(1), resource: { resourceType: 'Patient', id: 'a' }, ...post('Patient') }
  const also = {
    resource: { resourceType: 'Patient', id: 'a' },
    request: { method: 'PUT', url: 'Patient/a' },
  }
  const cases: readonly (readonly [BundleEntry, string])[] = [
    [{ resource: { resourceType: 'Patient' }, ...post('Patient') }, 'NO_ID'],
    [{ request: { method: 'GET', url: 'Patient/a' } }, 'REQUEST_UNSUPPORTED'],
    [also, 'DUPLICATE_ID'],
    [{ request: { method: 'DELETE', url: 'Patient/a' } }, 'DUPLICATE_ID'],
    [
      { fullUrl: uuid(1), resource: { resourceType: 'Patient', id: 'b' }, ...post('Patient') },
      'DUPLICATE_FULL_URL',
    ],
  ]
  for (const [second, code] of cases)
    t.strictSame(linesOf(await prepared([patient, second])), [
      'rejected TRANSACTION_REJECTED',
      `rejected ${code}`,
    ])
})

t.test('with the method post, the requests of the input stay and so do references', async (t) => {
  const results = await prepared(
    [
      { fullUrl: uuid(1), resource: { resourceType: 'Patient', link: [{ other: { reference: uuid(1) } }] } },
      { resource: { resourceType: 'Patient', id: 'b' }, request: { method: 'PUT', url: 'Patient/b' } },
    ],
    'post',
  )
  t.strictSame(linesOf(results), ['POST Patient', 'PUT Patient/b'])
  const [first] = preparedIn(results)
  t.equal(first?.fullUrl, uuid(1))
  t.match(first?.body.toString(), uuid(1))
  t.equal(first?.isRepeatable, false)
})

t.test('a server links the same resources by the prepared transaction as by the given one', async (t) => {
  const random = seededRandom('graphs of transactions')
  const [given, put] = await Promise.all([startFhirServer(), startFhirServer()])
  t.teardown(() => Promise.all([given.close(), put.close()]))
  let edges = 0
  for (let round = 0; round < 60; round += 1) {
    const { entries, seeds } = randomTransaction(random)
    for (const server of [given, put]) {
      server.reset()
      server.seed(seeds)
    }
    await sendTransaction(given, entries)
    await sendTransaction(put, preparedIn(await prepared(entries)).map(bundleEntry))
    const graph = graphOf(given)
    t.strictSame(graphOf(put), graph)
    edges += graph.length
    t.notOk(
      graph.some((edge) => edge.includes('urn:')),
      'each URN is resolved',
    )
    if (!t.passing()) break
  }
  t.ok(edges > 300, `${edges} references were compared`)
})
