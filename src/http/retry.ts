import { setMaxListeners } from 'node:events'
import { sluiceError } from '../errors.js'

/** A request that failed, without anything of the request: no address, no header, no text of the other side. */
export class RequestFailure extends Error {
  readonly status?: number
  /** The service's own code (`ServerBusy`), the system's (`ECONNRESET`), or one of `FAILED`. */
  readonly code: string
  /** How long the service asks to wait. */
  readonly retryAfterMs?: number
  /** What the service calls the request: its support asks for it. */
  readonly requestId?: string
  /** The clock of the service. */
  readonly serviceTimeMs?: number
  readonly isRetryable: boolean

  constructor(facts: RequestFacts) {
    super(facts.status === undefined ? facts.code : `${facts.status} ${facts.code}`)
    this.name = 'RequestFailure'
    this.code = facts.code
    if (facts.status !== undefined) this.status = facts.status
    if (facts.retryAfterMs !== undefined) this.retryAfterMs = facts.retryAfterMs
    if (facts.requestId !== undefined) this.requestId = facts.requestId
    if (facts.serviceTimeMs !== undefined) this.serviceTimeMs = facts.serviceTimeMs
    this.isRetryable = facts.isRetryable ?? isRetryable(facts)
  }
}

export interface RequestFacts {
  readonly status?: number | undefined
  readonly code: string
  readonly retryAfterMs?: number | undefined
  readonly requestId?: string | undefined
  readonly serviceTimeMs?: number | undefined
  /** Where the status and the code do not tell. */
  readonly isRetryable?: boolean | undefined
}

/** Codes of failures that neither the service nor the system names. */
export const FAILED = {
  timeout: 'TIMEOUT',
  stalled: 'STALLED',
  aborted: 'ABORTED',
  shortBody: 'SHORT_BODY',
  wrongAnswer: 'WRONG_ANSWER',
  /** A page for people, where data was asked for. */
  webPage: 'WEB_PAGE',
  /** A success whose body is not what was asked for. */
  otherData: 'OTHER_DATA',
} as const

/** Codes of failures of a proxy begin so: the service itself was not asked. */
export const PROXY_PREFIX = 'PROXY_'

const RETRYABLE_STATUS: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504])
const RETRYABLE_CODE =
  /^(?:TIMEOUT|STALLED|ABORTED|SHORT_BODY|WRONG_ANSWER|WEB_PAGE|REQUEST_SEND_ERROR|ECONN\w+|ETIMEDOUT|ESOCKETTIMEDOUT|EPIPE|ENOTFOUND|EAI_AGAIN|EHOST\w+|ENET\w+|EADDRNOTAVAIL|ERR_STREAM_PREMATURE_CLOSE|HPE_\w+|UND_ERR_\w+)$/
const TLS_CODE =
  /CERT|^ERR_TLS|^ERR_SSL|^EPROTO$|^UNABLE_TO_|^DEPTH_ZERO|^CRL_|SIGNATURE_FAILURE|^HOSTNAME_MISMATCH$|^INVALID_CA$/

/** Whether the certificate or the encryption of the connection is at fault. */
export const isTlsCode = (code: string): boolean => TLS_CODE.test(code)

function isRetryable({ status, code }: RequestFacts): boolean {
  if (status !== undefined) return RETRYABLE_STATUS.has(status)
  return !isTlsCode(code) && RETRYABLE_CODE.test(code)
}

/**
 * `Retry-After` in seconds or as a date (RFC 9110, 10.2.3), or `x-ms-retry-after-ms`; undefined where neither is
 * readable. A wait is counted from `nowMs`.
 */
export function retryAfterMs(
  header: (name: string) => string | null | undefined,
  nowMs = Date.now(),
): number | undefined {
  for (const name of ['x-ms-retry-after-ms', 'retry-after-ms']) {
    const text = header(name)?.trim() ?? ''
    if (/^\d{1,10}$/.test(text)) return Number(text)
  }
  const text = header('retry-after')?.trim() ?? ''
  // By the clock of the service, where it shows it: ours, or its own, may be wrong.
  const serviceMs = Date.parse(header('date') ?? '')
  const fromMs = Number.isNaN(serviceMs) ? nowMs : serviceMs
  const number = /^(\d{1,13}(?:\.\d+)?)\s*(?:s(?:ec(?:ond)?s?)?|[,;].*)?$/i.exec(text)?.[1]
  if (number !== undefined) return secondsOf(number, fromMs)
  const dateMs = /[A-Za-z]/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - fromMs)
}

const YEAR_MS = 366 * 86_400_000
const MAX_SECONDS = 1e8

/** Some services send the time to come back, in seconds or milliseconds since 1970; what is neither is ignored. */
function secondsOf(text: string, fromMs: number): number | undefined {
  const value = Number(text)
  for (const timeMs of [value * 1000, value])
    if (Math.abs(timeMs - fromMs) < YEAR_MS) return Math.max(0, Math.ceil(timeMs - fromMs))
  return value < MAX_SECONDS ? Math.ceil(value * 1000) : undefined
}

/** Time as retries see it; tests have one of their own. */
export interface RetryClock {
  /** Milliseconds that never jump back. */
  readonly nowMs: () => number
  /** Resolves early when the signal comes: the caller looks at it. */
  readonly sleep: (ms: number, signal: AbortSignal | undefined) => Promise<void>
}

export interface RetryOptions extends Partial<RetryClock> {
  /** The first wait is up to this, each further one up to twice as much. Default 500 ms. */
  readonly baseMs?: number
  /** No wait of our own is longer; what a service asks for may be. Default 30 s. */
  readonly longestWaitMs?: number
  /** A service that asks for more is asked again after this. Default: it is taken at its word. */
  readonly longestAskedMs?: number
  /** From the first failure of a call on; default 5 min. */
  readonly totalMs?: number
  readonly mostAttempts?: number
  /** Retries that all calls together have in stock; a success gives a tenth back (as gRPC's A6). Default 200. */
  readonly budgetCount?: number
  /** Interrupts calls and waits. */
  readonly signal?: AbortSignal | undefined
  readonly onRetry?: ((retry: RetryEvent) => void) | undefined
  /** For tests: [0, 1). */
  readonly random?: () => number
}

export interface RetryEvent {
  readonly at: string
  readonly code: string
  readonly status?: number | undefined
  readonly attempt: number
  readonly waitMs: number
}

/** What a call is about. */
export interface RetryCall {
  /** For messages: the item or the place, without credentials. */
  readonly at: string
  /** Ends this call alone. */
  readonly signal?: AbortSignal | undefined
  /** How long it goes on, from its first failure, while the service names a time to come back. */
  readonly patienceMs?: number
}

/** The retries of one run: they share a budget. */
export interface Retry {
  /**
   * Attempts until one succeeds. Throws what is no RequestFailure and a final one as they are, SERVICE_UNAVAILABLE
   * after the last attempt, INTERRUPTED.
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

const CREDIT = 0.1
// A host that has never answered is more likely misspelt than down.
const NOBODY_THERE = /^(?:PROXY_)?(?:ENOTFOUND|ECONNREFUSED)$/
const FIRST_CONTACT_ATTEMPTS = 4
const BELIEVED_STEPS = 4

/** Full jitter ("Exponential Backoff and Jitter", AWS 2015); `Retry-After` is a lower bound to which a tenth is added. */
export function createRetry(options: RetryOptions = {}): Retry {
  const {
    baseMs = 500,
    longestWaitMs = 30_000,
    longestAskedMs = Number.POSITIVE_INFINITY,
    totalMs = 300_000,
    mostAttempts = 12,
    budgetCount = 200,
    onRetry = () => {},
    nowMs = SYSTEM_RETRY_CLOCK.nowMs,
    sleep = SYSTEM_RETRY_CLOCK.sleep,
    random = Math.random,
  } = options
  // Each request under way listens to it.
  if (options.signal !== undefined) setMaxListeners(0, options.signal)
  let stock = budgetCount
  let count = 0
  let hasAnswered = false

  const ownWaitMs = (failures: number): number => Math.min(longestWaitMs, baseMs * 2 ** (failures - 1))
  const waitMsAfter = ({ retryAfterMs }: RequestFailure, failures: number, isPatient: boolean): number => {
    // A time that has passed, perhaps by a wrong clock, is no reason to ask again at once, and again.
    if (retryAfterMs === undefined || retryAfterMs === 0) return random() * ownWaitMs(failures)
    const askedMs = Math.min(retryAfterMs, longestAskedMs)
    // Who asks for an hour in steps of a second would use up what all calls have in stock.
    const isStepping = isPatient || failures > BELIEVED_STEPS
    const leastMs = isStepping ? Math.max(askedMs, ownWaitMs(failures)) : askedMs
    return leastMs * (1 + 0.1 * random())
  }

  const attempts = (call: RetryCall): Attempts => {
    let failures = 0
    let firstFailureMs = 0
    const checkInterrupted = (): void => {
      if (options.signal?.aborted === true || call.signal?.aborted === true) throw interrupted(call.at)
    }
    return {
      checkInterrupted,
      succeeded() {
        failures = 0
        hasAnswered = true
        stock = Math.min(budgetCount, stock + CREDIT)
      },
      async failed(error) {
        checkInterrupted()
        if (!(error instanceof RequestFailure) || !error.isRetryable) throw error
        hasAnswered ||= error.status !== undefined
        const isNobodyThere = !hasAnswered && NOBODY_THERE.test(error.code)
        const isPatient = call.patienceMs !== undefined && error.retryAfterMs !== undefined
        // It may be a gateway's for a moment; a site's own answer stays.
        const isForeign = error.code === FAILED.webPage || error.code === FAILED.otherData
        const most =
          isNobodyThere || isForeign ? Math.min(FIRST_CONTACT_ATTEMPTS, mostAttempts) : mostAttempts
        failures += 1
        if (failures === 1) firstFailureMs = nowMs()
        const waitMs = waitMsAfter(error, failures, isPatient)
        const spentMs = nowMs() - firstFailureMs
        const mostMs = isPatient ? (call.patienceMs ?? totalMs) : totalMs
        if ((failures >= most && !isPatient) || spentMs + waitMs > mostMs || stock < 1)
          throw gaveUp(error, { at: call.at, failures, spentMs, isNobodyThere, isForeign })
        stock -= 1
        count += 1
        onRetry({ at: call.at, code: error.code, status: error.status, attempt: failures, waitMs })
        const signals = [options.signal, call.signal].filter((signal) => signal !== undefined)
        await sleep(waitMs, signals.length > 1 ? AbortSignal.any(signals) : signals[0])
        checkInterrupted()
      },
    }
  }

  return {
    attempts,
    signal: options.signal,
    get count() {
      return count
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

interface Spent {
  readonly at: string
  readonly failures: number
  readonly spentMs: number
  readonly isNobodyThere: boolean
  readonly isForeign: boolean
}

function gaveUp(cause: RequestFailure, { at, failures, spentMs, isNobodyThere, isForeign }: Spent) {
  const asked =
    cause.retryAfterMs === undefined ? '' : `; it asks to wait ${Math.ceil(cause.retryAfterMs / 1000)} s`
  const tries = failures === 1 ? 'once' : `${failures} times in ${Math.round(spentMs / 1000)} s`
  if (isForeign)
    return sluiceError('SERVICE_UNAVAILABLE', {
      at,
      message: `answers with ${cause.code === FAILED.webPage ? 'a web page' : 'something else'} instead of the data asked for (tried ${tries})`,
      help: 'check the address, and whether a gateway or a login page is in between',
      cause,
    })
  if (cause.status === undefined && cause.code.startsWith(PROXY_PREFIX))
    return sluiceError('SERVICE_UNAVAILABLE', {
      at,
      message: `the proxy did not connect (${cause.message}; tried ${tries})`,
      help: 'check HTTPS_PROXY or HTTP_PROXY, or run it again later',
      cause,
    })
  return sluiceError('SERVICE_UNAVAILABLE', {
    at,
    message: `the request failed ${tries}: ${cause.message}${asked}`,
    help: isNobodyThere ? 'check the address, or run it again later' : undefined,
    cause,
  })
}

const interrupted = (at: string) => sluiceError('INTERRUPTED', { at, message: 'interrupted' })

export const SYSTEM_RETRY_CLOCK: RetryClock = {
  nowMs: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', end)
        resolve()
      }
      const timer = setTimeout(end, ms)
      signal?.addEventListener('abort', end, { once: true })
      if (signal?.aborted === true) end()
    }),
}
