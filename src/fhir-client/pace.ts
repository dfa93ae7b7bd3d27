import { sluiceError } from '../errors.js'
import type { RetryClock } from '../http/retry-clock.js'
import { createPaceRate } from './pace-rate.js'
import { createPaceWindow } from './pace-window.js'
import { MAX_ASKED_MS } from './wait-limit.js'

/** How a request ended. `throttled`: the server refuses for now (429, 503); `failed`: no answer, or another 5xx. */
export interface TurnResult {
  readonly kind: 'ok' | 'throttled' | 'failed'
  /** What the server asks to wait. */
  readonly retryAfterMs?: number | undefined
  /** The part of a throttled request that was done nevertheless, from 0 to 1. */
  readonly doneShare?: number | undefined
}

/** Permission to send one request. */
export interface Turn {
  /** Once the answer has been read. Only the first call counts. */
  end(result: TurnResult): void
}

/** The one gate for all requests of a run to a server. */
export interface Pace {
  /** Waits for a turn; first come, first served. Throws INTERRUPTED. */
  turn(): Promise<Turn>
  /** How many requests may be under way now. */
  readonly limit: number
}

export interface PaceOptions {
  /** How many requests may ever be under way. */
  readonly max: number
  readonly clock: RetryClock
  readonly signal?: AbortSignal | undefined
}

interface Waiting {
  readonly grant: (turn: Turn) => void
  readonly refuse: (error: Error) => void
}

/**
 * Finds how many requests a server takes at once, and at which rate, from its latency and from what it refuses. A time
 * that it asks to wait closes the gate for all, and no request begins before it is over.
 */
export function createPace({ max, clock, signal }: PaceOptions): Pace {
  const window = createPaceWindow(max)
  const rate = createPaceRate(clock.nowMs())
  const waiting: Waiting[] = []
  let underWay = 0
  let resumeAtMs = Number.NEGATIVE_INFINITY
  let isAsleep = false

  const sleepUntil = (timeMs: number): void => {
    if (isAsleep) return
    isAsleep = true
    void clock.sleep(timeMs - clock.nowMs(), signal).then(() => {
      isAsleep = false
      admit()
    })
  }

  const refuseAll = (): void => {
    for (const { refuse } of waiting.splice(0)) refuse(sluiceError('INTERRUPTED', { message: 'interrupted' }))
  }

  const begin = (nowMs: number): Turn => {
    underWay += 1
    let isOver = false
    return {
      end({ kind, retryAfterMs, doneShare = 0 }) {
        if (isOver) return
        isOver = true
        underWay -= 1
        const endMs = clock.nowMs()
        const askedMs = Math.min(MAX_ASKED_MS, retryAfterMs ?? 0)
        if (askedMs > 0) resumeAtMs = Math.max(resumeAtMs, endMs + askedMs)
        if (kind === 'ok') {
          rate.succeeded()
          window.succeeded({ beganMs: nowMs, nowMs: endMs })
        } else {
          if (kind === 'throttled') rate.throttled({ beganMs: nowMs, nowMs: endMs, askedMs, doneShare })
          window.refused({ beganMs: nowMs, nowMs: endMs, kind })
        }
        admit()
      },
    }
  }

  function admit(): void {
    if (signal?.aborted === true) refuseAll()
    while (waiting.length > 0) {
      if (underWay >= window.limit) {
        window.wasFull()
        return
      }
      const nowMs = clock.nowMs()
      const openMs = Math.max(resumeAtMs, rate.nextMs)
      if (openMs > nowMs) {
        sleepUntil(openMs)
        return
      }
      rate.began(nowMs)
      waiting.shift()?.grant(begin(nowMs))
    }
  }

  signal?.addEventListener('abort', refuseAll, { once: true })
  return {
    get limit() {
      return window.limit
    },
    turn: () =>
      new Promise((grant, refuse) => {
        waiting.push({ grant, refuse })
        admit()
      }),
  }
}
