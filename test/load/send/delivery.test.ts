// Holds src/load/send/delivery.ts, src/load/send/sender.ts, src/load/send/request.ts, src/load/send/assessment.ts.
import t, { type Test } from 'tap'
import type { Act, Fault } from '../../fhir-server/faults.js'
import type { FhirServerOptions } from '../../fhir-server/options.js'
import { startFhirServer } from '../../fhir-server/server.js'
import { bundleOf, createOf, entryOf, loading } from './loading.js'

const IDS = ['a', 'b', 'c', 'd']
const batch = () => IDS.map((id) => entryOf(id))
const times = (count: number, text: string): string[] => Array.from({ length: count }, () => text)

async function started(t: Test, options: FhirServerOptions = {}, faults: readonly Fault[] = []) {
  const server = await startFhirServer(options)
  t.teardown(() => server.close())
  server.script(...faults)
  return server
}

t.test('a batch is loaded by one request, as FHIR says', async (t) => {
  const server = await started(t, { statusText: 'reason', locations: 'absolute', logsBodies: true })
  const load = loading(t, server.base)
  const entries = [...batch(), createOf('e'), entryOf('f', { method: 'DELETE', body: Buffer.alloc(0) })]
  await load.deliver(bundleOf(entries))
  t.strictSame(load.ends(entries), [...times(5, 'loaded 201'), 'loaded 204'])
  t.equal(server.requests.length, 1)
  t.match(server.requests[0], {
    method: 'POST',
    path: '',
    headers: {
      'content-type': 'application/fhir+json; charset=utf-8',
      accept: 'application/fhir+json',
      prefer: 'return=minimal',
      'x-bundle-processing-logic': undefined,
    },
  })
  t.equal(server.resources().size, 5)
  t.match(load.exchanges, [{ httpStatus: 200, bytes: server.requests[0]?.bytes }])
})

t.test('x-bundle-processing-logic is sent where it is set', async (t) => {
  const server = await started(t)
  const load = loading(t, server.base, { sender: { processingLogic: 'parallel' } })
  await load.deliver(bundleOf(batch()))
  t.match(server.requests[0]?.headers, { 'x-bundle-processing-logic': 'parallel' })
})

/** What a fault makes of four entries that may be repeated, and how many requests that takes. */
const ONCE: readonly {
  readonly fault: string
  readonly act: Act
  readonly ends?: readonly string[]
  readonly requests?: number
  /** How often each resource was written. */
  readonly versions?: readonly string[]
}[] = [
  { fault: '503', act: { kind: 'answer', status: 503 } },
  { fault: '408', act: { kind: 'answer', status: 408 } },
  { fault: '500', act: { kind: 'outcome', status: 500, diagnostics: 'broken' } },
  { fault: '429', act: { kind: 'answer', status: 429 } },
  { fault: 'reset before the server acts', act: { kind: 'reset', at: 'before' } },
  { fault: 'reset in the request', act: { kind: 'reset', at: 'request-body' } },
  { fault: 'reset after the server acted', act: { kind: 'reset', at: 'after' }, versions: times(4, '2') },
  { fault: 'reset in the answer', act: { kind: 'reset', at: 'answer-body' }, versions: times(4, '2') },
  { fault: 'an answer cut short', act: { kind: 'cut-json' }, versions: times(4, '2') },
  {
    fault: '502 after the server acted',
    act: { kind: 'answer', status: 502, acted: true },
    versions: times(4, '2'),
  },
  { fault: 'a page of a gateway', act: { kind: 'answer', status: 200, body: '<html><body>Hello' } },
  { fault: '200 without a body', act: { kind: 'answer', status: 200, body: '' } },
  { fault: 'an OperationOutcome', act: { kind: 'outcome', status: 200, diagnostics: 'fine' } },
  {
    fault: 'too few entries',
    act: { kind: 'entries', change: 'one-less' },
    versions: times(4, '2'),
  },
  {
    fault: 'too many entries',
    act: { kind: 'entries', change: 'one-more' },
    versions: times(4, '2'),
  },
  { fault: 'no entries', act: { kind: 'entries', change: 'none' }, versions: times(4, '2') },
  { fault: 'no response', act: { kind: 'entries', change: 'no-response' } },
  { fault: 'no status', act: { kind: 'entries', change: 'no-status' } },
  { fault: 'no location', act: { kind: 'entries', change: 'no-location' }, requests: 1 },
  { fault: 'one entry throttled', act: { kind: 'entry', at: 3, status: '429' }, versions: times(4, '1') },
  {
    fault: 'a tail throttled',
    act: { kind: 'entry', at: 1, tail: true, status: '429 Too Many Requests' },
    versions: times(4, '1'),
  },
  { fault: 'an entry 500', act: { kind: 'entry', at: 0, status: '500' }, versions: times(4, '1') },
  { fault: 'an entry 424', act: { kind: 'entry', at: 0, status: '424' }, versions: times(4, '1') },
  {
    fault: 'an entry 400',
    act: { kind: 'entry', at: 1, status: '400' },
    requests: 1,
    ends: ['loaded 201', 'failed 400', 'loaded 201', 'loaded 201'],
  },
  {
    fault: 'an entry 422 Unprocessable',
    act: { kind: 'entry', at: 1, status: '422 Unprocessable' },
    requests: 1,
    ends: ['loaded 201', 'failed 422', 'loaded 201', 'loaded 201'],
  },
  {
    fault: 'an entry 409, which is not set',
    act: { kind: 'entry', at: 1, status: '409' },
    requests: 1,
    ends: ['loaded 201', 'failed 409', 'loaded 201', 'loaded 201'],
  },
]

for (const { fault, act, ends, requests = 2, versions } of ONCE)
  t.test(`${fault}: each entry ends as it should`, async (t) => {
    const server = await started(t, {}, [{ act }])
    const load = loading(t, server.base)
    const entries = batch()
    await load.deliver(bundleOf(entries))
    if (ends === undefined)
      t.ok(
        load.ends(entries).every((end) => /^loaded 20[01]$/.test(end)),
        load.ends(entries).join(),
      )
    else t.strictSame(load.ends(entries), ends)
    t.equal(server.requests.length, requests)
    const written = [...server.resources().values()].map(
      ({ meta }) => (meta as { versionId: string }).versionId,
    )
    if (versions !== undefined) t.strictSame(written, versions)
  })
