import type { Rate } from './options.js'

/** A bucket that fills at a fixed rate. */
export interface TokenBucket {
  /** How many of `wanted` may go now. */
  take(wanted: number): number
}

export function createBucket({ perSecond, burst = Math.max(1, perSecond / 10) }: Rate): TokenBucket {
  let level = burst
  let filledMs = performance.now()
  return {
    take(wanted) {
      const nowMs = performance.now()
      level = Math.min(burst, level + ((nowMs - filledMs) * perSecond) / 1000)
      filledMs = nowMs
      const taken = Math.min(wanted, Math.floor(level))
      level -= taken
      return taken
    },
  }
}
