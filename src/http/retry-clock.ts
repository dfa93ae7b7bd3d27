/** The retries' source of time; tests supply their own. */
export interface RetryClock {
  /** Milliseconds that never jump back. */
  readonly nowMs: () => number
  /** Resolves early on abort; the caller checks the signal. */
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
