import { setImmediate } from 'node:timers/promises'

const SLICE_MS = 10

/**
 * Splits long work into slices: call the result between two pieces of work and await what it returns, so that other
 * requests are answered meanwhile. Throws the signal's reason once it is aborted.
 */
export function turns(signal?: AbortSignal): () => Promise<void> | undefined {
  let startedMs = performance.now()
  return () => {
    if (performance.now() - startedMs < SLICE_MS) return undefined
    return setImmediate().then(() => {
      signal?.throwIfAborted()
      startedMs = performance.now()
    })
  }
}
