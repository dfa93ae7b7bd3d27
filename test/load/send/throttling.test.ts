// Holds src/load/send/delivery.ts, src/fhir-client/pace.ts: a server that wants less.
import t, { type Test } from 'tap'
import { SYSTEM_RETRY_CLOCK } from '../../../src/http/retry-clock.js'
import type { Fault } from '../../fhir-server/faults.js'
import type { FhirServerOptions } from '../../fhir-server/options.js'
import { startFhirServer } from '../../fhir-server/server.js'
import { bundleOf, entryOf, loading } from './loading.js'

async function started(t: Test, options: FhirServerOptions = {}, faults: readonly Fault[] = []) {
  const server = await startFhirServer(options)
  t.teardown(() => server.close())
  server.script(...faults)
  return server
}

const bundlesOf = (count: number, size: number) =>
  Array.from({ length: count }, (_, b) =>
    bundleOf(Array.from({ length: size }, (_, n) => entryOf(`${b}-${n}`))),
  )

t.test('requests under way never exceed the maximum', async (t) => {
  for (const max of [1, 3, 8]) {
    const server = await started(t, { latencyMs: 5 })
    await loading(t, server.base, { max }).deliverAll(bundlesOf(200, 1))
    const most = server.figures().maxConcurrent
    t.ok(most <= max && most > max / 3, `${most} of ${max}`)
  }
})

for (const [header, value] of [
  ['retry-after', '1'],
  ['x-ms-retry-after-ms', '1000'],
] as const)
  t.test(`no request inside the wait that ${header} asks for`, async (t) => {
    const busy: Fault = {
      when: { nth: 6 },
      act: { kind: 'answer', status: 429, headers: { [header]: value } },
    }
    const server = await started(t, { latencyMs: 2 }, [busy])
    const bundles = bundlesOf(20, 2)
    await loading(t, server.base, { max: 1, clock: SYSTEM_RETRY_CLOCK }).deliverAll(bundles)
    const refused = server.requests.findIndex(({ status }) => status === 429)
    const [before, after] = server.requests.slice(refused)
    t.ok((after?.atMs ?? 0) - (before?.atMs ?? 0) >= 1000, 'the gate is closed for all')
    t.ok((after?.atMs ?? 0) - (before?.atMs ?? 0) < 3000, 'and opens again')
    t.equal(server.requests.length, 21, 'one attempt more than bundles')
    t.equal(server.resources().size, 40)
  })

t.test('tails that are throttled converge, and nothing that succeeded is sent again', async (t) => {
  const server = await started(t, { rate: { perSecond: 2000, burst: 120, unit: 'entries' } })
  const bundles = bundlesOf(12, 100)
  const load = loading(t, server.base)
  await load.deliverAll(bundles)
  t.ok(load.ends(bundles.flatMap(({ entries }) => entries)).every((end) => end === 'loaded 201'))
  t.equal(server.resources().size, 1200)
  const versions = [...server.resources().values()].map(
    ({ meta }) => (meta as { versionId: string }).versionId,
  )
  t.ok(versions.every((version) => version === '1'))
  t.ok(server.requests.length > 12, `${server.requests.length} requests`)
})

t.test('a storm of 429 is weathered: every entry is loaded, once', async (t) => {
  const busy: Fault = {
    when: { first: 40 },
    act: { kind: 'answer', status: 429, headers: { 'retry-after': '1' } },
  }
  const server = await started(t, {}, [busy])
  const bundles = bundlesOf(20, 5)
  const load = loading(t, server.base, { sender: { maxAttempts: 2 } })
  await load.deliverAll(bundles)
  t.ok(load.ends(bundles.flatMap(({ entries }) => entries)).every((end) => end === 'loaded 201'))
  t.equal(server.requests.length, 60)
})

t.test('the last version of a resource in the input is the last one on the server', async (t) => {
  const late: Fault = { on: { entry: 'PUT Patient/a$' }, act: { kind: 'answer', status: 503 } }
  const server = await started(t, {}, [late])
  const versionOf = (gender: string) =>
    bundleOf([
      entryOf('a', { body: Buffer.from(`{"resourceType":"Patient","id":"a","gender":"${gender}"}`) }),
      entryOf(`other-${gender}`),
    ])
  await loading(t, server.base).deliverAll(['female', 'unknown', 'male'].map(versionOf))
  t.match(server.resources().get('Patient/a'), { gender: 'male', meta: { versionId: '3' } })
})

t.test('a token that expires during the run is renewed', async (t) => {
  const server = await started(t, { tokenSeconds: 3600 })
  const auth = {
    type: 'client-credentials',
    tokenUrl: server.tokenUrl,
    clientId: 'sluice',
    clientSecret: 'secret',
  } as const
  const load = loading(t, server.base, { auth, max: 2 })
  const bundles = bundlesOf(9, 2)
  for (const [n, bundle] of bundles.entries()) {
    if (n % 3 === 2) server.revokeTokens()
    await load.deliver(bundle)
  }
  t.ok(load.ends(bundles.flatMap(({ entries }) => entries)).every((end) => end === 'loaded 201'))
  t.equal(server.requests.filter(({ status }) => status === 401).length, 3)
})
