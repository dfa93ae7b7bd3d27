import t, { type Test } from 'tap'
import { ask, send } from './client.js'
import type { FhirServerOptions } from './options.js'
import { startFhirServer, type TestFhirServer } from './server.js'

async function started(t: Test, options: FhirServerOptions = {}): Promise<TestFhirServer> {
  const server = await startFhirServer(options)
  t.teardown(() => server.close())
  return server
}

const patient = (id: string, more: object = {}) => ({ resourceType: 'Patient', id, ...more })

t.test('writes make versions, and each can be read', async (t) => {
  const { base } = await started(t)
  const created = await send(`${base}/Patient/p1`, 'PUT', patient('p1', { gender: 'male' }))
  t.match([created.status, created.headers.get('etag')], [201, 'W/"1"'])
  t.match((await send(`${base}/Patient/p1`, 'PUT', patient('p1'))).status, 200)
  const read = await ask(`${base}/Patient/p1`)
  t.match(read.json, { id: 'p1', meta: { versionId: '2' }, gender: undefined })
  t.match((await ask(`${base}/Patient/p1/_history/1`)).json, { gender: 'male', meta: { versionId: '1' } })
  const stale = await send(`${base}/Patient/p1`, 'PUT', patient('p1'), { 'if-match': 'W/"1"' })
  t.equal(stale.status, 412)
  t.equal((await ask(`${base}/Patient/p1`, { method: 'DELETE' })).status, 204)
  t.equal((await ask(`${base}/Patient/p1`)).status, 410)
  t.equal((await ask(`${base}/Patient/p2`)).status, 404)
})

t.test('conditions decide whether something is written', async (t) => {
  const { base, resources } = await started(t)
  const known = { resourceType: 'Patient', identifier: [{ system: 'http://a', value: '1' }] }
  const once = { 'if-none-exist': 'identifier=http://a|1' }
  const first = await send(`${base}/Patient`, 'POST', known, once)
  const second = await send(`${base}/Patient`, 'POST', known, once)
  t.same([first.status, second.status], [201, 200])
  t.equal(first.headers.get('location'), second.headers.get('location'))
  t.equal((await send(`${base}/Patient?identifier=1`, 'PUT', { ...known, gender: 'male' })).status, 200)
  await send(`${base}/Patient`, 'POST', known)
  t.equal((await send(`${base}/Patient`, 'POST', known, once)).status, 412, 'several match')
  t.same(
    [...resources().values()].map(({ meta }) => meta?.versionId),
    ['2', '1'],
  )
})

t.test('what is no FHIR is refused', async (t) => {
  const { base, resources } = await started(t, {
    refusesFuture: true,
    checksReferences: true,
    maxBytes: 2_000,
    maxUrlBytes: 100,
  })
  const put = async (url: string, body: unknown) => (await send(`${base}/${url}`, 'PUT', body)).status
  t.equal(await put('NoSuch/1', { resourceType: 'NoSuch', id: '1' }), 404)
  t.equal(await put('Patient/1', { resourceType: 'NoSuch', id: '1' }), 400)
  t.equal(await put('Patient/bad%20id!', patient('bad id!')), 400)
  t.equal(await put('Patient/1', patient('2')), 400)
  t.equal(await put('Patient/1', '{"resourceType":"Patient",'), 400)
  t.equal(await put('Patient/1', patient('1', { nosuch: 1 })), 400)
  t.equal(await put('Patient/1', patient('1', { meta: { lastUpdated: '2999-01-01T00:00:00Z' } })), 400)
  t.equal(
    await put('Patient/1', patient('1', { managingOrganization: { reference: 'Organization/o' } })),
    400,
  )
  t.equal(await put('Patient/1', patient('1', { language: 'x'.repeat(3_000) })), 413)
  t.equal((await ask(`${base}/Patient?_id=${'x'.repeat(100)}`)).status, 414)
  t.equal(resources().size, 0)
})

t.test('what others refer to cannot be deleted, until they do not', async (t) => {
  const { base } = await started(t, { checksReferences: true })
  const encounter = { resourceType: 'Encounter', id: 'e' }
  await send(`${base}/Patient/p`, 'PUT', patient('p'))
  await send(`${base}/Encounter/e`, 'PUT', { ...encounter, subject: { reference: 'Patient/p' } })
  t.equal((await ask(`${base}/Patient/p`, { method: 'DELETE' })).status, 409)
  await send(`${base}/Encounter/e`, 'PUT', encounter)
  t.equal((await ask(`${base}/Patient/p`, { method: 'DELETE' })).status, 204)
})

t.test('numbers keep their digits', async (t) => {
  const { base } = await started(t)
  const text = '{"resourceType":"Observation","id":"o","valueQuantity":{"value":1.50,"unit":"a: 2.0"}}'
  await send(`${base}/Observation/o`, 'PUT', text)
  t.match((await ask(`${base}/Observation/o`)).text, '"valueQuantity":{"value":1.50,"unit":"a: 2.0"}')
})

t.test('tokens expire', async (t) => {
  const { base, tokenUrl, revokeTokens } = await started(t, { tokenSeconds: 60 })
  t.equal((await ask(`${base}/Patient`)).status, 401)
  const { json } = await ask(tokenUrl, { method: 'POST', body: new URLSearchParams({ grant_type: 'x' }) })
  const headers = { authorization: `Bearer ${json.access_token}` }
  t.equal((await ask(`${base}/Patient`, { headers })).status, 200)
  revokeTokens()
  t.equal((await ask(`${base}/Patient`, { headers })).status, 401)
})
