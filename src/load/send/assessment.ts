import { sluiceError } from '../../errors.js'
import type { TurnResult } from '../../fhir-client/pace.js'
import { type FhirServer, refusedAccess } from '../../fhir-client/server.js'
import type { RequestFailure } from '../../http/request-failure.js'
import type { EntryOutcome, LoadBundle } from '../bundle.js'
import { throttledTail } from './batch-size.js'
import type { Reply } from './request.js'
import { judge, type Verdict } from './verdict.js'

/** What a reply means for each entry, for the pace, and for what comes next. */
export interface Assessment {
  /** In the order of the bundle's entries. */
  readonly outcomes: readonly EntryOutcome[]
  readonly turn: TurnResult
  readonly next: NextStep
}

export type NextStep =
  /** What is to be sent again is sent again. */
  | { readonly kind: 'again' }
  /** In two halves, because one of the entries may be what is wrong with all. */
  | { readonly kind: 'halves' }
  /** As a whole, after a while. `reason`: what is wrong with the answer, where there was one. */
  | { readonly kind: 'later'; readonly failure: RequestFailure; readonly reason?: string | undefined }
  | { readonly kind: 'end'; readonly error: unknown }

export interface AssessmentContext {
  readonly server: Pick<FhirServer, 'base' | 'isTrusted'>
  readonly retryStatuses: ReadonlySet<number>
  /** The server has loaded entries of this run: address and client are right. */
  readonly hasLoaded: boolean
}

export const isSplittable = ({ type, entries }: LoadBundle): boolean => type === 'batch' && entries.length > 1

export function assess(bundle: LoadBundle, reply: Reply, context: AssessmentContext): Assessment {
  if (reply.kind === 'error')
    return {
      outcomes: unanswered(bundle, !reply.isUnsent),
      turn: { kind: 'ok' },
      next: { kind: 'end', error: reply.error },
    }
  if (reply.kind === 'none')
    return {
      outcomes: unanswered(bundle, !reply.failure.isUnsent),
      turn: { kind: 'failed' },
      next: { kind: 'later', failure: reply.failure },
    }
  return assessVerdict(
    bundle,
    withinTransaction(bundle, judge(bundle, reply.answer, context.retryStatuses), context),
    {
      ...context,
      retryAfterMs: reply.answer.retryAfterMs,
    },
  )
}

function assessVerdict(
  bundle: LoadBundle,
  verdict: Verdict,
  context: AssessmentContext & { readonly retryAfterMs: number | undefined },
): Assessment {
  const { retryAfterMs } = context
  switch (verdict.kind) {
    case 'judged':
      return {
        outcomes: verdict.outcomes,
        turn: turnOf(verdict.outcomes, retryAfterMs),
        next: { kind: 'again' },
      }
    case 'refused':
      return refused(bundle, verdict, context)
    case 'failed': {
      const { failure, hasActed, reason } = verdict
      const kind = failure.status === 429 || failure.status === 503 ? 'throttled' : 'failed'
      return {
        outcomes: unanswered(bundle, hasActed, failure.status),
        turn: { kind, retryAfterMs },
        next: { kind: 'later', failure, reason },
      }
    }
    default:
      return {
        outcomes: unanswered(
          bundle,
          verdict.kind === 'invalid',
          'status' in verdict ? verdict.status : undefined,
        ),
        turn: { kind: 'ok' },
        next: { kind: 'end', error: errorOf(verdict, context.server) },
      }
  }
}

function refused(
  bundle: LoadBundle,
  { status, text }: Extract<Verdict, { kind: 'refused' }>,
  { retryStatuses }: AssessmentContext,
): Assessment {
  const isSplit = isSplittable(bundle)
  const outcome: EntryOutcome =
    isSplit || retryStatuses.has(status) ? { kind: 'retry', status } : { kind: 'failed', status, text }
  return {
    outcomes: bundle.entries.map(() => outcome),
    turn: { kind: 'ok' },
    next: { kind: isSplit ? 'halves' : 'again' },
  }
}

/** Entries of a request that has no answer about each of them. */
function unanswered(
  { type, entries }: LoadBundle,
  mayHaveActed: boolean,
  status?: number | undefined,
): readonly EntryOutcome[] {
  const isRepeatable = entries.map(({ prepared }) => !mayHaveActed || prepared.isRepeatable)
  const isAllRepeatable = isRepeatable.every(Boolean)
  return isRepeatable.map((own) => ({
    kind: (type === 'transaction' ? isAllRepeatable : own) ? 'retry' : 'ambiguous',
    status,
  }))
}

/** A transaction is answered with 404 also where something that it refers to is not there. */
const withinTransaction = (
  bundle: LoadBundle,
  verdict: Verdict,
  { hasLoaded }: AssessmentContext,
): Verdict =>
  verdict.kind === 'address' && bundle.type === 'transaction' && hasLoaded && verdict.status >= 400
    ? { kind: 'refused', status: verdict.status, text: undefined }
    : verdict

function turnOf(outcomes: readonly EntryOutcome[], retryAfterMs: number | undefined): TurnResult {
  const isThrottled = outcomes.some(({ kind, status }) => kind === 'retry' && status === 429)
  if (!isThrottled) return { kind: 'ok', retryAfterMs }
  // The next batch is as small as what was done of this one.
  const isCut = throttledTail(outcomes) > 0
  const doneShare = isCut ? 1 : outcomes.filter(({ kind }) => kind !== 'retry').length / outcomes.length
  return { kind: 'throttled', retryAfterMs, doneShare }
}

function errorOf(
  verdict: Extract<Verdict, { kind: 'access' | 'address' | 'invalid' }>,
  server: AssessmentContext['server'],
): unknown {
  const at = server.base.href
  if (verdict.kind === 'access') return refusedAccess(server, { url: server.base, status: verdict.status })
  if (verdict.kind === 'invalid') return invalidAnswer(at, verdict.reason)
  const isMoved = verdict.status < 400
  return sluiceError('LOAD_REFUSED', {
    at,
    message: isMoved
      ? `redirects to another address (status ${verdict.status}), and a Bundle must not be redirected`
      : `does not accept Bundles at this address (status ${verdict.status})`,
    help: isMoved
      ? 'use the address that it redirects to'
      : 'check that the address is the base of a FHIR server',
  })
}

export const invalidAnswer = (at: string, reason: string) =>
  sluiceError('LOAD_INVALID', {
    at,
    message: `its answer to a Bundle violates the FHIR specification: ${reason}`,
  })
