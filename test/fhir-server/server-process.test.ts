import t from 'tap'
import { ask, bundle, put, send } from './client.js'
import { spawnFhirServer } from './server-process.js'

t.test('a server in a process of its own tells what it has seen and does what it is told', async (t) => {
  const server = await spawnFhirServer({ statusText: 'reason' })
  const batch = bundle('batch', [put({ resourceType: 'Patient', id: 'a' })])
  await server.seed([{ resourceType: 'Patient', id: 'b' }])
  await server.script({ act: { kind: 'reset', at: 'after' } })
  await t.rejects(send(server.base, 'POST', batch))
  t.equal((await send(server.base, 'POST', batch)).status, 200)
  t.match(await server.requests(), [{ faults: ['reset'] }, { status: 200, entries: ['PUT Patient/a'] }])
  t.match(await server.figures(), { requests: 2, entries: 2, statuses: { 200: 1, none: 1 } })
  const resources = await server.resources()
  t.same([...resources.keys()], ['Patient/b', 'Patient/a'])
  t.match(resources.get('Patient/a'), { meta: { versionId: '2' } }, 'written twice')
  await server.close()
  await t.rejects(ask(server.base), 'it has ended')
})

t.test('a server that only counts answers at once', async (t) => {
  const server = await spawnFhirServer({ keeps: 'count', maxEntries: 10_000 })
  t.teardown(() => server.close())
  const entries = Array.from({ length: 3 }, (_, n) => put({ resourceType: 'Patient', id: `p${n}` }))
  const got = await send(server.base, 'POST', bundle('batch', entries))
  t.match(got.json, { entry: [{ response: { status: '201', location: 'Patient/p0/_history/1' } }, {}, {}] })
  t.match(await server.figures(), { entries: 3 })
  t.equal((await server.resources()).size, 0)
})
