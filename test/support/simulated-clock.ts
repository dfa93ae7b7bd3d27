import type { RetryClock } from '../../src/http/retry-clock.js'

interface Timer {
  readonly atMs: number
  readonly fire: () => void
}

/** A clock for many waits at once: time passes only while nothing else is to be done. */
export interface SimulatedClock extends RetryClock {
  /** Lets time pass until then. */
  runUntil(timeMs: number): Promise<void>
}

export function simulatedClock(): SimulatedClock {
  let timers: Timer[] = []
  let timeMs = 0
  // Promise reactions are over before an immediate runs.
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
  return {
    nowMs: () => timeMs,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        timers.push({ atMs: timeMs + Math.max(0, ms), fire: resolve })
        signal?.addEventListener('abort', () => resolve(), { once: true })
      }),
    async runUntil(endMs) {
      for (;;) {
        await settled()
        const nextMs = Math.min(endMs, ...timers.map(({ atMs }) => atMs))
        timeMs = Math.max(timeMs, nextMs)
        const due = timers.filter(({ atMs }) => atMs <= timeMs)
        if (due.length === 0) return
        timers = timers.filter((timer) => !due.includes(timer))
        for (const { fire } of due) fire()
      }
    },
  }
}
