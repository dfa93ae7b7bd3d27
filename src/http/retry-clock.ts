/** Time as retries see it; tests have one of their own. */
export interface RetryClock {
  /** Milliseconds that never jump back. */
  readonly nowMs: () => number
  /** Resolves early when the signal comes: the caller looks at it. */
  readonly sleep: (ms: number, signal: AbortSignal | undefined) => Promise<void>
}

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
