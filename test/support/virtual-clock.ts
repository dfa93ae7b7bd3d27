import type { RetryClock } from '../../src/http/retry-clock.js'

/** A clock that waits move on, and nothing else: hours of patience take no time. */
export function virtualClock(): RetryClock & { readonly waits: number[] } {
  const waits: number[] = []
  let timeMs = 0
  return {
    waits,
    nowMs: () => timeMs,
    sleep: (ms) => {
      waits.push(ms)
      timeMs += ms
      return new Promise((resolve) => setImmediate(resolve))
    },
  }
}
