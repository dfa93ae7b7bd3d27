// Holds src/load/send/delivery.ts, src/load/send/assessment.ts: what the server does not take.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
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

const many = (count: number) => Array.from({ length: count }, (_, n) => entryOf(`${n}`))

t.test('a batch that is too large is sent in halves', async (t) => {
  for (const tooManyStatus of [413, 400] as const) {
    const server = await started(t, { maxEntries: 10, tooManyStatus })
    const load = loading(t, server.base)
    const entries = [...many(63), createOf('x')]
    await load.deliver(bundleOf(entries))
    t.ok(load.ends(entries).every((end) => end === 'loaded 201'))
    t.equal(server.resources().size, 64)
    t.equal(server.requests.length, 15, '64, 2 × 32, 4 × 16, 8 × 8')
  }
})

t.test('one bad entry that spoils its batch is found, and the others are loaded', async (t) => {
  for (const status of [400, 409, 412, 422]) {
    const act: Act = { kind: 'outcome', status, diagnostics: 'this one is bad' }
    const server = await started(t, {}, [{ on: { entry: 'PUT Patient/37$' }, when: 'always', act }])
    const load = loading(t, server.base)
    const entries = many(100)
    await load.deliver(bundleOf(entries))
    t.strictSame(
      load.ends(entries).map((end, n) => (n === 37 ? end === `failed ${status}` : end === 'loaded 201')),
      entries.map(() => true),
    )
    t.equal(server.resources().size, 99)
    t.ok(server.requests.length <= 16, `${server.requests.length} requests`)
    const last = load.exchanges.flatMap(({ outcomes }) => outcomes).filter(({ kind }) => kind === 'failed')
    t.match(last, [{ text: 'error/processing: this one is bad' }])
  }
})

t.test('a transaction that is refused fails as a whole, and once', async (t) => {
  const act: Act = { kind: 'outcome', status: 400, diagnostics: 'bad' }
  const server = await started(t, {}, [{ when: 'always', act }])
  const load = loading(t, server.base)
  const entries = [entryOf('a'), createOf('b')]
  await load.deliver(bundleOf(entries, 'transaction'))
  t.strictSame(load.ends(entries), ['failed 400', 'failed 400'])
  t.equal(server.requests.length, 1)
})

t.test('a transaction that refers to what is not there fails alone, even if it is the first', async (t) => {
  const act: Act = { kind: 'outcome', status: 404, diagnostics: 'no match for Practitioner' }
  const server = await started(t, {}, [{ act }])
  const load = loading(t, server.base)
  const [first, second] = [entryOf('a'), entryOf('b')]
  await load.deliver(bundleOf([first], 'transaction'))
  await load.deliver(bundleOf([second], 'transaction'))
  t.strictSame(load.ends([first, second]), ['failed 404', 'loaded 201'])
})

t.test('a transaction in conflict is sent again where that is set', async (t) => {
  const conflict: Fault = { when: { first: 2 }, act: { kind: 'outcome', status: 409, diagnostics: 'busy' } }
  const server = await started(t, {}, [conflict])
  const load = loading(t, server.base, { sender: { retryStatuses: [409] } })
  const entries = [entryOf('a'), createOf('b')]
  await load.deliver(bundleOf(entries, 'transaction'))
  t.strictSame(load.ends(entries), ['loaded 201', 'loaded 201'])
  t.equal(server.requests.length, 3)
})

t.test('an entry in conflict is sent again where that is set, but not for ever', async (t) => {
  const act: Act = { kind: 'entry', match: 'Patient/1$', status: '409' }
  const server = await started(t, {}, [{ when: 'always', act }])
  const load = loading(t, server.base, { sender: { retryStatuses: [409], maxAttempts: 3 } })
  const entries = many(3)
  await load.deliver(bundleOf(entries))
  t.strictSame(load.ends(entries), ['loaded 201', 'failed 409', 'loaded 201'])
  t.strictSame(
    server.requests.map(({ entries: lines }) => lines.length),
    [3, 1, 1],
  )
})

t.test(
  'a transaction that names what is not there fails alone, once the address has proved right',
  async (t) => {
    const server = await started(t)
    const load = loading(t, server.base)
    await load.deliver(bundleOf([entryOf('a')]))
    server.script({ act: { kind: 'answer', status: 404 } })
    const entries = [entryOf('b')]
    await load.deliver(bundleOf(entries, 'transaction'))
    t.strictSame(load.ends(entries), ['failed 404'])
  },
)

/** Answers that end the run: nothing would be taken. */
const FATAL: readonly (readonly [Act, string])[] = [
  [{ kind: 'answer', status: 401 }, 'AUTH_FAILED'],
  [{ kind: 'answer', status: 403 }, 'AUTH_FAILED'],
  [{ kind: 'answer', status: 404 }, 'LOAD_REFUSED'],
  [{ kind: 'answer', status: 405 }, 'LOAD_REFUSED'],
  [{ kind: 'answer', status: 415 }, 'LOAD_REFUSED'],
  [{ kind: 'answer', status: 501 }, 'LOAD_REFUSED'],
  [{ kind: 'answer', status: 301, headers: { location: '/other' } }, 'LOAD_REFUSED'],
  [{ kind: 'answer', status: 307, headers: { location: 'http://127.0.0.1:1/x' } }, 'LOAD_REFUSED'],
  [{ kind: 'entries', change: 'swapped' }, 'LOAD_INVALID'],
  [{ kind: 'entries', change: 'one-less' }, 'LOAD_INVALID'],
  [{ kind: 'answer', status: 200, body: '{"resourceType":"Patient"}' }, 'LOAD_INVALID'],
  [{ kind: 'answer', status: 200, body: '<html>' }, 'SERVICE_UNAVAILABLE'],
]

for (const [act, code] of FATAL)
  t.test(`${JSON.stringify(act)} ends with ${code}`, async (t) => {
    const server = await started(t, {}, [{ when: 'always', act }])
    const load = loading(t, server.base)
    const entries = many(3)
    await t.rejects(load.deliver(bundleOf(entries)), { code })
    t.ok(server.requests.length <= 4)
    t.ok(
      load.ends(entries).every((end) => end.startsWith('retry')),
      'nothing is settled that another run could still load',
    )
  })

t.test('a message holds no text of the server', async (t) => {
  const secret: Act = { kind: 'outcome', status: 403, diagnostics: 'Jane Doe' }
  const server = await started(t, {}, [{ when: 'always', act: secret }])
  const error: unknown = await loading(t, server.base)
    .deliver(bundleOf(many(1)))
    .catch((thrown: unknown) => thrown)
  t.notMatch(String(error), /Jane/)
})

t.test('a poisoned entry that breaks the server fails alone', async (t) => {
  for (const act of [
    { kind: 'answer', status: 500 },
    { kind: 'reset', at: 'before' },
    { kind: 'entry', match: 'Patient/5$', status: '500' },
  ] as const) {
    const server = await started(t, {}, [{ on: { entry: 'PUT Patient/5$' }, when: 'always', act }])
    const load = loading(t, server.base, { sender: { maxAttempts: 4 } })
    const entries = many(12)
    await load.deliver(bundleOf(entries))
    const ends = load.ends(entries)
    t.equal(ends[5], act.kind === 'reset' ? 'ambiguous -' : 'failed 500')
    t.equal(ends.filter((end) => /^loaded 20[01]$/.test(end)).length, 11, ends.join())
  }
})

t.test('a server that is out for a while fails no entry; one that stays out ends the run', async (t) => {
  const out: Act = { kind: 'answer', status: 500 }
  const server = await started(t, {}, [{ when: { first: 15 }, act: out }])
  const load = loading(t, server.base, { sender: { maxAttempts: 2 } })
  const bundles = [0, 1, 2].map((n) => bundleOf([entryOf(`${n}`)]))
  await load.deliverAll(bundles)
  t.strictSame(load.ends(bundles.flatMap(({ entries }) => entries)), [
    'loaded 201',
    'loaded 201',
    'loaded 201',
  ])
  server.script({ when: 'always', act: out })
  const lasting = loading(t, server.base, { outageLimitMs: 3000, sender: { maxAttempts: 2 } })
  const entries = many(2)
  await t.rejects(lasting.deliver(bundleOf(entries)), { code: 'SERVICE_UNAVAILABLE' })
  t.ok(lasting.ends(entries).every((end) => end.startsWith('retry')))
})

t.test('a gateway that closes the connection while a large batch goes out gets smaller ones', async (t) => {
  let refused = 0
  const gateway = createServer((request, response) => {
    if (Number(request.headers['content-length']) > 2 ** 20) {
      refused += 1
      request.once('data', () => request.socket.destroy())
      return
    }
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.once('end', () => {
      const { entry } = JSON.parse(Buffer.concat(pieces).toString()) as { entry: unknown[] }
      const answers = entry.map(() => ({ response: { status: '201' } }))
      response.end(JSON.stringify({ resourceType: 'Bundle', type: 'batch-response', entry: answers }))
    })
  })
  await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve))
  t.teardown(() => gateway.close())
  const load = loading(t, `http://127.0.0.1:${(gateway.address() as AddressInfo).port}/fhir`)
  const body = Buffer.from(`{"resourceType":"Binary","data":"${'A'.repeat(900_000)}"}`)
  const entries = Array.from({ length: 4 }, (_, n) => entryOf(`${n}`, { body }))
  await load.deliver(bundleOf(entries))
  t.strictSame(load.ends(entries), ['loaded 201', 'loaded 201', 'loaded 201', 'loaded 201'])
  t.equal(refused, 9, 'three times with 4 entries, and three times with 2, twice')
})
