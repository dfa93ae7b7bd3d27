import type { RequestFailure } from './request-failure.js'

/** How long to wait between attempts. */
export interface BackoffPolicy {
  /** The first wait is up to this, each further one up to twice as much. */
  readonly baseMs: number
  /** No wait of our own is longer; what a service asks for may be. */
  readonly maxWaitMs: number
  /** A service that asks for more is asked again after this. */
  readonly maxAskedMs: number
  /** [0, 1). */
  readonly random: () => number
}

export interface FailureCount {
  /** In a row, with this one. */
  readonly failures: number
  /** The caller goes on for as long as the service names a time to come back. */
  readonly isPatient: boolean
}

const BELIEVED_STEPS = 4

/**
 * The wait after a failure: full jitter ("Exponential Backoff and Jitter", AWS 2015). `Retry-After` is a lower bound to
 * which up to a tenth is added.
 */
export function waitMsAfter(
  { retryAfterMs }: Pick<RequestFailure, 'retryAfterMs'>,
  { failures, isPatient }: FailureCount,
  { baseMs, maxWaitMs, maxAskedMs, random }: BackoffPolicy,
): number {
  const ownWaitMs = Math.min(maxWaitMs, baseMs * 2 ** (failures - 1))
  // A time that has passed, perhaps by a wrong clock, must not cause a burst of requests.
  if (retryAfterMs === undefined || retryAfterMs === 0) return random() * ownWaitMs
  const askedMs = Math.min(retryAfterMs, maxAskedMs)
  // A service that asks for an hour in steps of a second would use up the budget of all calls.
  const isStepping = isPatient || failures > BELIEVED_STEPS
  const minMs = isStepping ? Math.max(askedMs, ownWaitMs) : askedMs
  return minMs * (1 + 0.1 * random())
}
