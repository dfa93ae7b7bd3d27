import t from 'tap'
import { bundle, entriesOf, put, send, statusesOf } from './client.js'
import { startFhirServer } from './server.js'

const server = await startFhirServer({ statusText: 'reason' })
t.teardown(() => server.close())
t.beforeEach(() => server.reset())
const sent = (type: 'batch' | 'transaction', entry: Parameters<typeof bundle>[1]) =>
  send(server.base, 'POST', bundle(type, entry))

const uuid = 'urn:uuid:00000000-0000-4000-8000-000000000001'
const created = {
  fullUrl: uuid,
  resource: { resourceType: 'Patient' },
  request: { method: 'POST', url: 'Patient' },
}
const encounter = (reference: string) => put({ resourceType: 'Encounter', id: 'e', subject: { reference } })

t.test('entries of a batch stand alone, and a urn:uuid stays', async (t) => {
  const bad = put({ resourceType: 'Patient', id: 'bad id' })
  const got = await sent('batch', [
    created,
    bad,
    encounter(uuid),
    { request: { method: 'GET', url: 'Encounter/e' } },
  ])
  t.same(statusesOf(got), ['201 Created', '400 Bad Request', '201 Created', '200 OK'])
  t.match(entriesOf(got)[3]?.resource, { subject: { reference: uuid } })
  t.match(entriesOf(got)[2]?.response, { location: 'Encounter/e/_history/1', etag: 'W/"1"' })
})

t.test('one bad entry refuses the whole batch, where the server is so', async (t) => {
  const strict = await startFhirServer({ refusesWholeBatch: true, successOutcomes: true })
  t.teardown(() => strict.close())
  const good = put({ resourceType: 'Patient', id: 'a' })
  const bad = put({ resourceType: 'Patient', id: 'b', nosuch: true })
  t.equal((await send(strict.base, 'POST', bundle('batch', [good, bad]))).status, 400)
  t.equal(strict.resources().size, 0)
  const got = await send(strict.base, 'POST', bundle('batch', [good]))
  t.match(got.json, {
    entry: [{ response: { status: '201', outcome: { issue: [{ severity: 'information' }] } } }],
  })
})

t.test('a patch changes what is there', async (t) => {
  server.seed([{ resourceType: 'Patient', id: 'p', name: [{ given: ['Ann'] }], gender: 'female' }])
  const operations = [
    { op: 'add', path: '/name/0/given/-', value: 'Bea' },
    { op: 'remove', path: '/gender' },
    { op: 'add', path: '/birthDate', value: '1980' },
  ]
  const data = Buffer.from(JSON.stringify(operations)).toString('base64')
  const resource = { resourceType: 'Binary', contentType: 'application/json-patch+json', data }
  const entry = { resource, request: { method: 'PATCH', url: 'Patient/p' } }
  t.same(statusesOf(await sent('transaction', [entry])), ['200 OK'])
  t.match(server.resources().get('Patient/p'), {
    name: [{ given: ['Ann', 'Bea'] }],
    birthDate: '1980',
    gender: undefined,
  })
  t.same(statusesOf(await sent('batch', [entry])), ['422 Unprocessable Entity'], 'the element is gone')
})

t.test('a transaction resolves references and keeps the order of its entries', async (t) => {
  const got = await sent('transaction', [encounter(uuid), created])
  t.same(statusesOf(got), ['201 Created', '201 Created'])
  const location = entriesOf(got)[1]?.response.location?.replace('/_history/1', '')
  t.match(server.resources().get('Encounter/e'), { subject: { reference: location } })
})

t.test('a conditional reference is what was there before the transaction', async (t) => {
  server.seed([{ resourceType: 'Patient', id: 'p', identifier: [{ system: 's', value: '1' }] }])
  await sent('transaction', [encounter('Patient?identifier=s|1')])
  t.match(server.resources().get('Encounter/e'), { subject: { reference: 'Patient/p' } })
  t.equal((await sent('transaction', [encounter('Patient?identifier=s|2')])).status, 400)
})

t.test('a transaction that fails leaves nothing, whatever fails', async (t) => {
  server.seed([{ resourceType: 'Patient', id: 'p' }])
  const before = server.resources()
  const good = [put({ resourceType: 'Patient', id: 'p', gender: 'male' }), created]
  const stale = {
    ...put({ resourceType: 'Patient', id: 'q' }),
    request: { method: 'PUT', url: 'Patient/q', ifMatch: 'W/"9"' },
  }
  const failing = {
    400: put({ resourceType: 'NoSuch', id: '1' }),
    404: { request: { method: 'GET', url: 'Patient/nosuch' } },
    412: stale,
  }
  for (const [status, entry] of Object.entries(failing)) {
    const got = await sent('transaction', [
      ...good,
      { request: { method: 'DELETE', url: 'Patient/x' } },
      entry,
    ])
    t.equal(got.status, status === '400' ? 404 : Number(status))
    t.match(got.json, { resourceType: 'OperationOutcome', issue: [{ diagnostics: /entry\[3\]/ }] })
    t.strictSame(server.resources(), before)
  }
  t.equal(
    (await sent('transaction', [...good, { ...good[0], fullUrl: 'urn:x' }])).status,
    400,
    'one resource written twice',
  )
})

t.test('a Bundle has at most 500 entries', async (t) => {
  const many = Array.from({ length: 501 }, (_, n) => put({ resourceType: 'Patient', id: `p${n}` }))
  t.equal((await sent('batch', many)).status, 413)
  t.equal((await sent('batch', many.slice(1))).status, 200)
  t.match(server.figures(), { requests: 2, entries: 1001, statuses: { 200: 1, 413: 1 } })
})
