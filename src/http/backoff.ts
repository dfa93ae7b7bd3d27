/** How long to wait between attempts. */
export interface BackoffPolicy {
  /** Upper bound of the first wait; it doubles with each attempt. */
  readonly baseMs: number
  /** Maximum wait of our own; a service may ask for more. */
  readonly maxWaitMs: number
  /** Maximum wait that a service may impose. */
  readonly maxAskedMs: number
  /** [0, 1). */
  readonly random: () => number
}

export interface FailureCount {
  /** Number of failures in a row, including this one. */
  readonly failures: number
  /** Whether the caller continues as long as the service names a time to return. */
  readonly isPatient: boolean
}

const BELIEVED_STEPS = 4

/**
 * The wait after a failure: full jitter ("Exponential Backoff and Jitter", AWS 2015). `Retry-After` is a lower bound to
 * which up to a tenth is added.
 */
export function waitMsAfter(
  { retryAfterMs }: { readonly retryAfterMs?: number | undefined },
  { failures, isPatient }: FailureCount,
  { baseMs, maxWaitMs, maxAskedMs, random }: BackoffPolicy,
): number {
  const ownWaitMs = Math.min(maxWaitMs, baseMs * 2 ** (failures - 1))
  // A time in the past, perhaps from a wrong clock, must not cause a burst of requests.
  if (retryAfterMs === undefined || retryAfterMs === 0) return random() * ownWaitMs
  const askedMs = Math.min(retryAfterMs, maxAskedMs)
  // A service that asks for an hour in steps of a second would exhaust the budget of all calls.
  const isStepping = isPatient || failures > BELIEVED_STEPS
  const minMs = isStepping ? Math.max(askedMs, ownWaitMs) : askedMs
  return minMs * (1 + 0.1 * random())
}
