// Holds src/load/send/delivery.ts, src/load/send/assessment.ts: what happens where nobody knows if the server acted.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import type { BundleEntry } from '../../../src/load/bundle.js'
import type { Act, Fault } from '../../fhir-server/faults.js'
import type { FhirServerOptions } from '../../fhir-server/options.js'
import { startFhirServer } from '../../fhir-server/server.js'
import { bundleOf, createOf, entryOf, loading } from './loading.js'

async function started(t: Test, options: FhirServerOptions = {}, faults: readonly Fault[] = []) {
  const server = await startFhirServer(options)
  t.teardown(() => server.close())
  server.script(...faults)
  return server
}

const MIXED = () => [entryOf('a'), createOf('b'), entryOf('c')]

/** What becomes of the POST; the PUTs are loaded in any case, by a second request. */
const LOST: readonly {
  readonly fault: string
  readonly act: Act
  readonly post: string
  readonly stored: number
}[] = [
  { fault: 'reset after', act: { kind: 'reset', at: 'after' }, post: 'ambiguous -', stored: 1 },
  { fault: 'reset in the answer', act: { kind: 'reset', at: 'answer-body' }, post: 'ambiguous -', stored: 1 },
  { fault: 'reset before', act: { kind: 'reset', at: 'before' }, post: 'ambiguous -', stored: 0 },
  { fault: '502 after', act: { kind: 'answer', status: 502, acted: true }, post: 'ambiguous 502', stored: 1 },
  { fault: '503', act: { kind: 'answer', status: 503 }, post: 'ambiguous 503', stored: 0 },
  { fault: 'cut short', act: { kind: 'cut-json' }, post: 'ambiguous 200', stored: 1 },
  { fault: 'one less', act: { kind: 'entries', change: 'one-less' }, post: 'ambiguous 200', stored: 1 },
  { fault: '429', act: { kind: 'answer', status: 429 }, post: 'loaded 201', stored: 1 },
  {
    fault: 'an entry 429',
    act: { kind: 'entry', at: 1, tail: true, status: '429' },
    post: 'loaded 201',
    stored: 1,
  },
]

for (const { fault, act, post, stored } of LOST)
  t.test(`${fault}: a PUT is sent again, a POST is ${post}`, async (t) => {
    const server = await started(t, {}, [{ act }])
    const load = loading(t, server.base)
    const entries = MIXED()
    await load.deliver(bundleOf(entries))
    const [first, second = '', third] = load.ends(entries)
    t.match(first, /^loaded/)
    t.match(third, /^loaded/)
    t.equal(second, post)
    t.equal([...server.resources().values()].filter(({ id }) => id !== 'a' && id !== 'c').length, stored)
    t.equal(server.requests.length, 2)
    t.equal(load.sending[0]?.entries.length, 3, 'it was announced before it was sent')
    t.equal(
      load.sending.length,
      post === 'loaded 201' ? 2 : 1,
      'a bundle of PUTs alone needs no announcement',
    )
  })

t.test('a transaction is sent again only if all of it may be', async (t) => {
  const lost: Fault = { act: { kind: 'reset', at: 'after' } }
  const server = await started(t, {}, [lost])
  const load = loading(t, server.base)
  const safe = [entryOf('a'), entryOf('b')]
  await load.deliver(bundleOf(safe, 'transaction'))
  t.strictSame(load.ends(safe), ['loaded 200', 'loaded 200'])
  server.script(lost)
  const unsafe = [entryOf('c'), createOf('d')]
  await load.deliver(bundleOf(unsafe, 'transaction'))
  t.strictSame(load.ends(unsafe), ['ambiguous -', 'ambiguous -'])
  t.equal(server.requests.length, 3)
})

t.test(
  'every 7th answer lost: nothing is lost, nothing doubled, and each POST in doubt is told',
  async (t) => {
    const server = await started(t, {}, [{ when: { every: 7 }, act: { kind: 'reset', at: 'after' } }])
    const load = loading(t, server.base, { max: 4 })
    const bundles = Array.from({ length: 40 }, (_, b) =>
      bundleOf(Array.from({ length: 10 }, (_, n) => (b % 4 === 3 ? createOf : entryOf)(`${b}-${n}`))),
    )
    await load.deliverAll(bundles)
    const entries = bundles.flatMap((bundle) => bundle.entries)
    const kinds = load.ends(entries).map((end) => end.split(' ')[0])
    const puts = entries.filter(({ prepared }) => prepared.isRepeatable)
    t.ok(load.ends(puts).every((end) => end.startsWith('loaded')))
    const ids = new Set(server.resources().keys())
    t.ok(puts.every(({ prepared }) => ids.has(prepared.url)))
    const identifiers = [...server.resources().values()].flatMap(
      ({ identifier }) => (identifier as { value: string }[] | undefined)?.map(({ value }) => value) ?? [],
    )
    t.equal(identifiers.length, 100, 'each POST was done')
    t.equal(new Set(identifiers).size, 100, 'and none twice')
    const doubtful = kinds.filter((kind) => kind === 'ambiguous').length
    const lostPosts = server.requests.filter(
      ({ faults, entries: lines }) => faults.includes('reset') && lines[0]?.startsWith('POST'),
    )
    t.ok(doubtful > 0, `${doubtful} in doubt`)
    t.equal(doubtful, lostPosts.length * 10)
    t.equal(kinds.filter((kind) => kind === 'loaded').length, 400 - doubtful)
  },
)

t.test('a POST never goes out on a connection that the server may be about to close', async (t) => {
  const server = await started(t)
  const load = loading(t, server.base)
  await load.deliver(bundleOf([entryOf('a')]))
  await load.deliver(bundleOf([createOf('b')]))
  await load.deliver(bundleOf([entryOf('c')]))
  t.strictSame(
    server.requests.map(({ headers }) => headers.connection),
    ['keep-alive', 'close', 'keep-alive'],
  )
})

t.test('a server that closes each connection after an answer loses nothing', async (t) => {
  let requests = 0
  const closing = createServer((request, response) => {
    requests += 1
    request.resume().once('end', () => {
      const entry = [{ response: { status: '201' } }]
      response.end(JSON.stringify({ resourceType: 'Bundle', type: 'batch-response', entry }), () =>
        // Without a word in the answer: the client learns it when it sends the next request, or a moment before.
        setImmediate(() => request.socket.destroy()),
      )
    })
  })
  await new Promise<void>((resolve) => closing.listen(0, '127.0.0.1', resolve))
  t.teardown(() => closing.close())
  const load = loading(t, `http://127.0.0.1:${(closing.address() as AddressInfo).port}/fhir`)
  const entries: BundleEntry[] = []
  for (let n = 0; n < 30; n += 1) {
    const entry = (n % 2 === 0 ? entryOf : createOf)(`${n}`)
    entries.push(entry)
    await load.deliver(bundleOf([entry]))
  }
  t.ok(load.ends(entries).every((end) => end === 'loaded 201'))
  t.ok(requests >= 30)
})

t.test('an interruption ends a request, and tells what it leaves in doubt', async (t) => {
  const server = await started(t, {}, [{ act: { kind: 'hang' } }])
  const interrupt = new AbortController()
  const load = loading(t, server.base, { signal: interrupt.signal })
  const entries = MIXED()
  const delivered = load.deliver(bundleOf(entries))
  while (server.requests.length === 0) await new Promise((resolve) => setImmediate(resolve))
  // The whole request is there before it is interrupted.
  while ((server.requests[0]?.entries.length ?? 0) < 3) await new Promise((resolve) => setImmediate(resolve))
  interrupt.abort()
  await t.rejects(delivered, { code: 'INTERRUPTED' })
  t.strictSame(load.ends(entries), ['retry -', 'ambiguous -', 'retry -'])
})

t.test('where nothing was sent, a POST is not in doubt', async (t) => {
  const closed = createServer()
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve))
  const { port } = closed.address() as AddressInfo
  await new Promise((resolve) => closed.close(resolve))
  const load = loading(t, `http://127.0.0.1:${port}/fhir`)
  const entries = MIXED()
  await t.rejects(load.deliver(bundleOf(entries)), { code: 'SERVICE_UNAVAILABLE' })
  t.strictSame(load.ends(entries), ['retry -', 'retry -', 'retry -'])
})
