import { FAILED, RequestFailure } from './request-failure.js'

/** How long requests may take. */
export interface RequestLimits {
  /** From the request to its answer, for one without much of a body. Default 60 s. */
  readonly requestMs?: number
  /** What a body that goes up is given on top: at least this much a second. Default 64 KiB. */
  readonly minBytesPerSecond?: number
  /** A body that comes down may pause so long. Default 30 s. */
  readonly idleMs?: number
}

/** The default of `RequestLimits.requestMs`. */
export const REQUEST_MS = 60_000

export interface Limited {
  readonly limitMs: number
  /** Signals of the run and the call. */
  readonly signals: readonly (AbortSignal | undefined)[]
}

/** Aborts `work` after the time, and with the signals. Throws RequestFailure TIMEOUT, or what `work` throws. */
export async function withinLimit<T>(
  { limitMs, signals }: Limited,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  const abort = (): void => controller.abort()
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    abort()
  }, limitMs)
  for (const signal of signals) {
    signal?.addEventListener('abort', abort, { once: true })
    if (signal?.aborted === true) abort()
  }
  try {
    return await work(controller.signal)
  } catch (error) {
    throw isLate ? new RequestFailure({ code: FAILED.timeout }) : error
  } finally {
    clearTimeout(timer)
    for (const signal of signals) signal?.removeEventListener('abort', abort)
  }
}
