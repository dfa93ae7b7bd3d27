import { setMaxListeners } from 'node:events'
import { waitMsAfter } from './backoff.js'
import { FAILED, RequestFailure } from './request-failure.js'
import { RetryBudget } from './retry-budget.js'
import { type RetryClock, SYSTEM_RETRY_CLOCK } from './retry-clock.js'
import { gaveUp, interrupted } from './retry-error.js'

export interface RetryOptions extends Partial<RetryClock> {
  /** Upper bound of the first wait; it doubles with each attempt. Default 500 ms. */
  readonly baseMs?: number
  /** Maximum wait of our own; a service may ask for more. Default 30 s. */
  readonly maxWaitMs?: number
  /** Maximum wait that a service may impose. Default: no maximum. */
  readonly maxAskedMs?: number
  /** Time limit from the first failure of a call; default 5 min. */
  readonly totalMs?: number
  readonly maxAttempts?: number
  /** Budget of retries for all calls together; a success returns a tenth (as in gRPC's A6). Default 200. */
  readonly budgetCount?: number
  /** Interrupts calls and waits. */
  readonly signal?: AbortSignal | undefined
  readonly onRetry?: ((retry: RetryEvent) => void) | undefined
  /** Random number in [0, 1); replaced in tests. */
  readonly random?: () => number
}

export interface RetryEvent {
  readonly at: string
  readonly code: string
  readonly status?: number | undefined
  readonly attempt: number
  readonly waitMs: number
}

/** Description of a call. */
export interface RetryCall {
  /** The item or place for messages, without credentials. */
  readonly at: string
  /** Ends only this call. */
  readonly signal?: AbortSignal | undefined
  /** Time limit from the first failure while the service names a time to return. */
  readonly patienceMs?: number
}

/** The retries of one run, which share a budget. */
export interface Retry {
  /**
   * Attempts until one succeeds. Rethrows a final failure and any error other than RequestFailure; throws
   * SERVICE_UNAVAILABLE after the last attempt, INTERRUPTED.
   */
  run<T>(call: RetryCall, attempt: (attemptNumber: number) => Promise<T>): Promise<T>
  /** For a call that keeps its place between attempts. */
  attempts(call: RetryCall): Attempts
  readonly signal: AbortSignal | undefined
  /** Retries so far. */
  readonly count: number
}

export interface Attempts {
  /** Waits until the next attempt may begin. Throws as `Retry.run` does. */
  failed(error: unknown): Promise<void>
  /** It went on: the next failure is a first one. */
  succeeded(): void
  checkInterrupted(): void
}

// A host that has never answered is more likely misspelt than down.
const NOBODY_THERE = /^(?:PROXY_)?(?:ENOTFOUND|ECONNREFUSED)$/
const FIRST_CONTACT_ATTEMPTS = 4

export function createRetry(options: RetryOptions = {}): Retry {
  const { signal, budgetCount = 200 } = options
  // Each request under way listens to it.
  if (signal !== undefined) setMaxListeners(0, signal)
  const run: SharedByCalls = { policy: policyOf(options), budget: new RetryBudget(budgetCount), signal }
  const attempts = (call: RetryCall): Attempts => attemptsOf(call, run)
  return {
    attempts,
    signal,
    get count() {
      return run.budget.spentCount
    },
    async run(call, attempt) {
      const trying = attempts(call)
      trying.checkInterrupted()
      for (let attemptNumber = 1; ; attemptNumber += 1) {
        try {
          const result = await attempt(attemptNumber)
          trying.succeeded()
          return result
        } catch (error) {
          await trying.failed(error)
        }
      }
    },
  }
}

const policyOf = ({
  baseMs = 500,
  maxWaitMs = 30_000,
  maxAskedMs = Number.POSITIVE_INFINITY,
  totalMs = 300_000,
  maxAttempts = 12,
  onRetry = () => {},
  nowMs = SYSTEM_RETRY_CLOCK.nowMs,
  sleep = SYSTEM_RETRY_CLOCK.sleep,
  random = Math.random,
}: RetryOptions) => ({
  baseMs,
  maxWaitMs,
  maxAskedMs,
  totalMs,
  maxAttempts,
  onRetry,
  nowMs,
  sleep,
  random,
})

interface SharedByCalls {
  readonly policy: ReturnType<typeof policyOf>
  readonly budget: RetryBudget
  readonly signal: AbortSignal | undefined
  /** Some service has answered some call. */
  hasAnswered?: boolean
}

function attemptsOf(call: RetryCall, run: SharedByCalls): Attempts {
  const { policy, budget } = run
  let failures = 0
  let firstFailureMs = 0
  const signals = [run.signal, call.signal].filter((signal) => signal !== undefined)
  const checkInterrupted = (): void => {
    if (signals.some(({ aborted }) => aborted)) throw interrupted(call.at)
  }
  return {
    checkInterrupted,
    succeeded() {
      failures = 0
      run.hasAnswered = true
      budget.credit()
    },
    async failed(error) {
      checkInterrupted()
      if (!(error instanceof RequestFailure) || !error.isRetryable) throw error
      if (error.status !== undefined) run.hasAnswered = true
      failures += 1
      if (failures === 1) firstFailureMs = policy.nowMs()
      const isPatient = call.patienceMs !== undefined && error.retryAfterMs !== undefined
      const isNobodyThere = run.hasAnswered !== true && NOBODY_THERE.test(error.code)
      const isForeign = isForeignAnswer(error)
      const waitMs = waitMsAfter(error, { failures, isPatient }, policy)
      const spentMs = policy.nowMs() - firstFailureMs
      const maxMs = isPatient ? (call.patienceMs ?? policy.totalMs) : policy.totalMs
      const maxFailures =
        isNobodyThere || isForeign ? Math.min(FIRST_CONTACT_ATTEMPTS, policy.maxAttempts) : policy.maxAttempts
      if ((failures >= maxFailures && !isPatient) || spentMs + waitMs > maxMs || budget.isEmpty)
        throw gaveUp(error, { at: call.at, failures, spentMs, isNobodyThere, isForeign })
      budget.spend()
      policy.onRetry({ at: call.at, code: error.code, status: error.status, attempt: failures, waitMs })
      await policy.sleep(waitMs, signals.length > 1 ? AbortSignal.any(signals) : signals[0])
      checkInterrupted()
    },
  }
}

/** A gateway may answer so for a moment; where the address is wrong, the answer stays. */
const isForeignAnswer = ({ code }: RequestFailure): boolean =>
  code === FAILED.webPage || code === FAILED.otherData
