import { isSluiceError } from '../../errors.js'
import type { Pace, Turn } from '../../fhir-client/pace.js'
import type { FhirServer } from '../../fhir-client/server.js'
import { waitMsAfter } from '../../http/backoff.js'
import { FAILED, RequestFailure } from '../../http/request-failure.js'
import type { Attempts } from '../../http/retry.js'
import type { BundleEntry, Delivery, EntryOutcome, Exchange, LoadBundle } from '../bundle.js'
import { type Assessment, assess, invalidAnswer, isSplittable } from './assessment.js'
import { type AttemptLimit, createAttemptLimit } from './attempt-limit.js'
import { type BatchSize, throttledTail } from './batch-size.js'
import type { BodyBuffers } from './body-buffers.js'
import { bundleBody } from './bundle-body.js'
import { type RequestOptions, requestBundle } from './request.js'

/** What all deliveries of a run share. */
export interface DeliveryContext extends RequestOptions {
  readonly server: FhirServer
  readonly pace: Pace
  readonly buffers: BodyBuffers
  readonly maxAttempts: number
  readonly retryStatuses: ReadonlySet<number>
  readonly size: BatchSize
  readonly loadedCount: () => number
  readonly addLoaded: (count: number) => void
}

const BACKOFF = { baseMs: 500, maxWaitMs: 30_000, maxAskedMs: 300_000, random: Math.random }
const FAILURES_BEFORE_HALVES = 3

/** Sends a bundle, and what is left of it, until nothing is. */
export async function deliverBundle(
  whole: LoadBundle,
  delivery: Delivery,
  context: DeliveryContext,
): Promise<void> {
  const { server, size, pace } = context
  const trying = server.retry.attempts({ at: server.base.href })
  const limit = createAttemptLimit(context)
  const waiting: Waiting[] = [{ bundle: whole, failures: 0 }]
  for (let first = waiting.shift(); first !== undefined; first = waiting.shift()) {
    trying.checkInterrupted()
    const turn = await pace.turn()
    const [bundle, rest] = size.cut(first.bundle)
    if (rest !== undefined) waiting.unshift({ bundle: rest, failures: 0 })
    const { exchange, assessment } = await exchangeOnce(turn, bundle, delivery, context)
    const { next } = assessment
    const failures = next.kind === 'later' && isPerhapsItsOwn(next.failure) ? first.failures + 1 : 0
    const isSplit = isSplittable(bundle)
    const isHalved = next.kind === 'halves' || (failures >= FAILURES_BEFORE_HALVES && isSplit)
    const outcomes = isHalved ? exchange.outcomes : limited(exchange, limit, next.kind)
    if (next.kind === 'again' && bundle.type === 'batch')
      size.answered(outcomes.length, outcomes.length - throttledTail(outcomes))
    context.addLoaded(outcomes.filter(({ kind }) => kind === 'loaded').length)
    await delivery.settle({ ...exchange, outcomes })
    if (next.kind === 'end') throw next.error
    if (next.kind !== 'later' && outcomes.some(({ kind }) => kind !== 'retry')) trying.succeeded()
    const left = leftOf(bundle, outcomes)
    if (left === undefined) continue
    if (isHalved) waiting.unshift(...halvesOf(left).map((half) => ({ bundle: half, failures: 0 })))
    // Success with the others shows that it is not the server that is at fault.
    else if (next.kind === 'later' && !isSplit) waiting.push({ bundle: left, failures })
    else waiting.unshift({ bundle: left, failures })
    await pause(assessment, { outcomes, trying, attempts: limit.most(left.entries), server })
  }
}

interface Waiting {
  readonly bundle: LoadBundle
  /** In a row. */
  readonly failures: number
}

/** One request and its answer, which end the turn. */
async function exchangeOnce(
  turn: Turn,
  bundle: LoadBundle,
  delivery: Delivery,
  context: DeliveryContext,
): Promise<{ readonly exchange: Exchange; readonly assessment: Assessment }> {
  const { server, buffers, retryStatuses, loadedCount } = context
  let assessment: Assessment | undefined
  try {
    if (bundle.entries.some(({ prepared }) => !prepared.isRepeatable)) await delivery.sending(bundle)
    const body = bundleBody(bundle, buffers.take)
    const beganMs = performance.now()
    const reply = await requestBundle(server, bundle, body, context)
    if (reply.kind === 'answer' && reply.isRequestSent) buffers.give(body)
    assessment = assess(bundle, reply, { server, retryStatuses, hasLoaded: loadedCount() > 0 })
    const exchange: Exchange = {
      bundle,
      outcomes: assessment.outcomes,
      httpStatus: reply.kind === 'answer' ? reply.answer.status : undefined,
      requestId: reply.kind === 'answer' ? reply.requestId : undefined,
      bytes: body.length,
      ms: Math.round(performance.now() - beganMs),
    }
    return { exchange, assessment }
  } finally {
    turn.end(assessment?.turn ?? { kind: 'ok' })
  }
}

function limited(
  { bundle, outcomes }: Exchange,
  limit: AttemptLimit,
  step: Assessment['next']['kind'],
): readonly EntryOutcome[] {
  // As a part of a larger request that failed, an entry has not had its chance.
  if (step === 'end' || (step === 'later' && isSplittable(bundle))) return outcomes
  const hadChance = outcomes.length - throttledTail(outcomes)
  return bundle.entries.map((entry, place) => {
    const outcome = outcomes[place] as EntryOutcome
    return place < hadChance ? limit.spend(entry, outcome, step === 'later' ? 'request' : 'entry') : outcome
  })
}

const leftOf = (bundle: LoadBundle, outcomes: readonly EntryOutcome[]): LoadBundle | undefined =>
  partOf(
    bundle,
    bundle.entries.filter((_, place) => outcomes[place]?.kind === 'retry'),
  )

const partOf = (bundle: LoadBundle, entries: readonly BundleEntry[]): LoadBundle | undefined =>
  entries.length === 0
    ? undefined
    : { ...bundle, entries, bytes: Math.ceil((bundle.bytes * entries.length) / bundle.entries.length) }

function halvesOf(bundle: LoadBundle): readonly LoadBundle[] {
  const middle = Math.ceil(bundle.entries.length / 2)
  const halves = [bundle.entries.slice(0, middle), bundle.entries.slice(middle)]
  return halves.map((half) => partOf(bundle, half)).filter((half) => half !== undefined)
}

// The server or a gateway breaks the connection, or takes too long.
const BROKEN_CODES: readonly string[] = [
  FAILED.timeout,
  FAILED.stalled,
  FAILED.shortBody,
  'ECONNRESET',
  'EPIPE',
]

/** Whether what the request holds, or its size, may be the reason. */
const isPerhapsItsOwn = ({ status, code }: RequestFailure): boolean =>
  status === undefined ? BROKEN_CODES.includes(code) : status === 500 || status === 504

interface Pause {
  readonly outcomes: readonly EntryOutcome[]
  readonly trying: Attempts
  /** The most that one of the entries that are left has had. */
  readonly attempts: number
  readonly server: FhirServer
}

/** Waits before what is left is sent. Throws SERVICE_UNAVAILABLE, LOAD_INVALID, INTERRUPTED. */
async function pause(
  { next, turn }: Assessment,
  { outcomes, trying, attempts, server }: Pause,
): Promise<void> {
  if (next.kind === 'halves') return
  if (next.kind === 'later') {
    const { failure, reason = 'it cannot be read' } = next
    return trying.failed(failure).catch((error: unknown) => {
      const isInvalid = failure.code === FAILED.otherData && isSluiceError(error)
      throw isInvalid && error.code === 'SERVICE_UNAVAILABLE'
        ? invalidAnswer(server.base.href, reason)
        : error
    })
  }
  const { retryAfterMs } = turn
  if (outcomes.every(({ kind }) => kind === 'retry')) {
    const status = outcomes.find(({ status }) => status !== undefined)?.status
    return trying.failed(new RequestFailure({ status, code: 'HTTP', retryAfterMs, isRetryable: true }))
  }
  const waitMs = waitMsAfter({ retryAfterMs }, { failures: Math.max(1, attempts), isPatient: false }, BACKOFF)
  await server.clock.sleep(waitMs, server.retry.signal)
}
