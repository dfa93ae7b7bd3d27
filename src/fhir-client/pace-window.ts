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
const ROUNDS_BETWEEN_TRIALS = 100
const AFTER_FAILURE = 0.5
const AFTER_THROTTLING = 0.75
const AFTER_CROWDING = 0.75
// Latency, compared with the shortest: what takes twice as long is in a queue of the server for half of the time.
const ROOMY = 1.5
const CROWDED = 2
// Throughput, compared with that of half as many requests at once.
const WORTH_IT = 1.25

/**
 * Doubles the limit until requests take longer or are refused, then adds one for each round without that. From time to
 * time a round with half as many requests shows whether the others are worth it.
 */
export function createPaceWindow(max: number): PaceWindow {
  let limit = Math.min(FIRST_LIMIT, max)
  let isDoubling = true
  let isFull = false
  let changedMs = Number.NEGATIVE_INFINITY
  let shortestMs = Number.POSITIVE_INFINITY
  let trial: { readonly limit: number; readonly averageMs: number } | undefined
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
  const lower = (share: number, nowMs: number): void => {
    isDoubling = false
    trial = undefined
    change(limit * share, nowMs)
  }
  const endTrial = (before: { readonly limit: number; readonly averageMs: number }, averageMs: number) => {
    trial = undefined
    rounds = 0
    shortestMs = averageMs
    const gain = (before.limit / before.averageMs) * (averageMs / limit)
    return gain >= WORTH_IT ? before.limit : before.limit * AFTER_CROWDING
  }
  const nextLimit = (averageMs: number): number => {
    if (trial !== undefined) return endTrial(trial, averageMs)
    rounds += 1
    shortestMs = Math.min(shortestMs, averageMs)
    if (averageMs > ROOMY * shortestMs) isDoubling = false
    if (averageMs > CROWDED * shortestMs) return limit * Math.max(0.5, (ROOMY * shortestMs) / averageMs)
    if (!isFull) return limit
    if (rounds >= ROUNDS_BETWEEN_TRIALS && limit > 1) {
      trial = { limit, averageMs }
      return Math.ceil(limit / 2)
    }
    if (averageMs > ROOMY * shortestMs) return limit
    return isDoubling ? limit * 2 : limit + 1
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
      if (samples >= Math.max(MIN_SAMPLES, limit)) change(nextLimit(sumMs / samples), nowMs)
    },
    refused({ beganMs, nowMs, kind }) {
      // Requests that were under way already say nothing about the new limit.
      if (beganMs < changedMs) return
      if (kind === 'failed') lower(AFTER_FAILURE, nowMs)
      else if (isFull) lower(AFTER_THROTTLING, nowMs)
    },
  }
}
