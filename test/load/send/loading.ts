import type { Test } from 'tap'
import type { ServerAuth } from '../../../src/fhir-client/auth/auth.js'
import { connect } from '../../../src/fhir-client/connect.js'
import { createPace } from '../../../src/fhir-client/pace.js'
import { type RetryClock, SYSTEM_RETRY_CLOCK } from '../../../src/http/retry-clock.js'
import type { BundleEntry, Delivery, EntryOutcome, Exchange, LoadBundle } from '../../../src/load/bundle.js'
import type { Prepared } from '../../../src/load/prepared.js'
import { createSender, type SenderOptions } from '../../../src/load/send/sender.js'

const ITEM = { name: 'a.ndjson', version: '1' }

/** An entry with a resource of no contents, to be PUT unless it is said otherwise. */
export function entryOf(
  id: string,
  { type = 'Patient', ordinal = 0, ...request }: Partial<Prepared> & { type?: string; ordinal?: number } = {},
): BundleEntry {
  const resource = Buffer.from(JSON.stringify({ resourceType: type, id }))
  const prepared: Prepared = {
    entry: { ordinal, offset: 0, type, id },
    method: 'PUT',
    url: `${type}/${id}`,
    body: resource,
    isRepeatable: true,
    ...request,
  }
  return { item: ITEM, prepared }
}

/** A POST that must not be sent twice. */
export const createOf = (id: string, type = 'Patient'): BundleEntry =>
  entryOf(id, {
    type,
    method: 'POST',
    url: type,
    isRepeatable: false,
    body: Buffer.from(JSON.stringify({ resourceType: type, identifier: [{ value: id }] })),
  })

export const bundleOf = (
  entries: readonly BundleEntry[],
  type: LoadBundle['type'] = 'batch',
): LoadBundle => ({ type, entries, bytes: 1000 })

export interface Loading {
  readonly max?: number
  readonly signal?: AbortSignal
  readonly outageLimitMs?: number
  readonly auth?: ServerAuth
  /** Default: one that is 25 times as fast as the wall's, so that waits between attempts take little time. */
  readonly clock?: RetryClock
  readonly silenceMs?: number
  readonly sender?: Partial<SenderOptions>
}

const HURRY = 25
const HURRIED: RetryClock = {
  nowMs: () => performance.now() * HURRY,
  sleep: (ms, signal) => SYSTEM_RETRY_CLOCK.sleep(ms / HURRY, signal),
}

/** A sender to a server, and what became of every entry. */
export function loading(t: Test, base: string, { max = 4, signal, outageLimitMs, ...options }: Loading = {}) {
  const { clock = HURRIED, auth } = options
  const server = connect({
    base,
    auth,
    clock,
    signal,
    outageLimitMs,
    use: { access: 'write', types: [], refused: 'LOAD_REFUSED', invalid: 'LOAD_INVALID' },
  })
  t.teardown(() => server.http.close())
  const sender = createSender({
    server,
    pace: createPace({ max, clock, ...(signal && { signal }) }),
    silenceMs: options.silenceMs,
    ...options.sender,
  })
  const exchanges: Exchange[] = []
  const sent: LoadBundle[] = []
  const ends = new Map<BundleEntry, EntryOutcome>()
  const delivery: Delivery = {
    sending: async (bundle) => void sent.push(bundle),
    settle: async (exchange) => {
      exchanges.push(exchange)
      for (const [place, entry] of exchange.bundle.entries.entries()) {
        const before = ends.get(entry)
        if (before !== undefined && before.kind !== 'retry') throw new Error('an entry is settled twice')
        ends.set(entry, exchange.outcomes[place] as EntryOutcome)
      }
    },
  }
  return {
    exchanges,
    sending: sent,
    deliver: (bundle: LoadBundle) => sender.deliver(bundle, delivery),
    deliverAll: (bundles: readonly LoadBundle[]) =>
      Promise.all(bundles.map((bundle) => sender.deliver(bundle, delivery))),
    /** `kind status` of each entry. */
    ends: (entries: readonly BundleEntry[]) =>
      entries.map((entry) => {
        const { kind, status } = ends.get(entry) ?? { kind: 'open', status: '' }
        return `${kind} ${status ?? '-'}`
      }),
  }
}
