import { setMaxListeners } from 'node:events'
import type { Pace } from '../fhir-client/pace.js'

/** How long requests under way may take to end. */
const GRACE_MS = 10_000

/** Ends a load early: what is under way ends, as far as that takes seconds, so that its outcome is known. */
export interface Interruption {
  /** Aborted when nothing more is to begin. */
  readonly signal: AbortSignal
  /** Aborted when nothing is under way any more, or has taken too long. */
  readonly cutSignal: AbortSignal
  abort(reason: unknown): void
  /** A pace whose turns are known to be under way. */
  counted(pace: Pace): Pace
  close(): void
}

/** `signal` is the caller's; its abort is that of the load. */
export function createInterruption(signal: AbortSignal | undefined, graceMs = GRACE_MS): Interruption {
  const [stop, cut] = [new AbortController(), new AbortController()]
  setMaxListeners(0, stop.signal, cut.signal)
  let timer: NodeJS.Timeout | undefined
  let underWay = 0
  const cutIfIdle = (): void => {
    if (stop.signal.aborted && underWay === 0) cut.abort(stop.signal.reason)
  }
  const abort = (reason: unknown): void => {
    stop.abort(reason)
    timer ??= setTimeout(() => cut.abort(reason), graceMs)
    cutIfIdle()
  }
  const onAbort = (): void => abort(signal?.reason)
  signal?.addEventListener('abort', onAbort, { once: true })
  if (signal?.aborted === true) onAbort()
  return {
    signal: stop.signal,
    cutSignal: cut.signal,
    abort,
    counted: (pace) => ({
      get limit() {
        return pace.limit
      },
      async turn() {
        const turn = await pace.turn()
        underWay += 1
        let isOver = false
        return {
          end(result) {
            turn.end(result)
            if (!isOver) underWay -= 1
            isOver = true
            cutIfIdle()
          },
        }
      },
    }),
    close() {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
    },
  }
}
