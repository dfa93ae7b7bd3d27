/** A request that has ended. */
interface Ended {
  readonly beganMs: number
  readonly nowMs: number
}

/** How many requests may be under way at once. */
export interface PaceWindow {
  readonly limit: number
  succeeded(request: Ended): void
  refused(request: Ended & { readonly kind: 'throttled' | 'failed' }): void
  /** A request has to wait for another one to end. */
  wasFull(): void
}

const FIRST_LIMIT = 2
const MIN_SAMPLES = 8
const ROUNDS_BETWEEN_TRIALS = 40
// After a limit that was worth it, the next one is tried soon.
const ROUNDS_AFTER_SUCCESS = 5
const AFTER_FAILURE = 0.5
const AFTER_THROTTLING = 0.75
// Throughput with more requests at once, or with fewer, compared with that before.
const WORTH_IT = 1.05
const NO_LOSS = 0.95

/**
 * Seeks the lowest limit that gives the highest throughput. Doubles it while that pays, and later tries a round with
 * more or with fewer requests from time to time. Throughput is the number of requests at once divided by their latency,
 * so only rounds count in which all of them were used.
 */
export function createPaceWindow(max: number): PaceWindow {
  let limit = Math.min(FIRST_LIMIT, max)
  let isDoubling = true
  let isFull = false
  let changedMs = Number.NEGATIVE_INFINITY
  let trial: { readonly from: number; readonly throughput: number } | undefined
  let goesUp = true
  let rounds = 0
  let samples = 0
  let sumMs = 0

  const change = (next: number, nowMs: number): void => {
    limit = Math.max(1, Math.min(max, Math.floor(next)))
    changedMs = nowMs
    isFull = false
    samples = 0
    sumMs = 0
  }
  const trySoon = (): void => {
    rounds = ROUNDS_BETWEEN_TRIALS - ROUNDS_AFTER_SUCCESS
    goesUp = true
  }
  const lower = (share: number, nowMs: number): void => {
    isDoubling = false
    trial = undefined
    trySoon()
    change(limit * share, nowMs)
  }
  const tried = (next: number, throughput: number): number => {
    rounds = 0
    const possible = Math.min(max, next)
    if (possible !== limit) trial = { from: limit, throughput }
    return possible
  }
  const afterTrial = (
    { from, throughput: before }: NonNullable<typeof trial>,
    throughput: number,
  ): number => {
    trial = undefined
    const isMore = limit > from
    if (throughput < before * (isMore ? WORTH_IT : NO_LOSS)) {
      isDoubling = false
      return from
    }
    if (isMore) trySoon()
    return isDoubling ? tried(limit * 2, throughput) : limit
  }
  const nextLimit = (averageMs: number): number => {
    if (!isFull) {
      // As many as there is work for.
      trial = undefined
      return limit
    }
    const throughput = limit / averageMs
    if (trial !== undefined) return afterTrial(trial, throughput)
    if (isDoubling) return tried(limit * 2, throughput)
    rounds += 1
    if (rounds < ROUNDS_BETWEEN_TRIALS) return limit
    const next = Math.ceil(limit * (goesUp ? 1.5 : 0.5))
    goesUp = !goesUp
    return tried(next, throughput)
  }

  return {
    get limit() {
      return limit
    },
    wasFull() {
      isFull = true
    },
    succeeded({ beganMs, nowMs }) {
      if (beganMs < changedMs) return
      samples += 1
      sumMs += nowMs - beganMs
      if (samples >= Math.max(MIN_SAMPLES, limit))
        change(nextLimit(Math.max(sumMs / samples, Number.MIN_VALUE)), nowMs)
    },
    refused({ beganMs, nowMs, kind }) {
      // Requests that were under way already say nothing about the new limit.
      if (beganMs < changedMs) return
      if (kind === 'failed') lower(AFTER_FAILURE, nowMs)
      else if (isFull) lower(AFTER_THROTTLING, nowMs)
    },
  }
}
