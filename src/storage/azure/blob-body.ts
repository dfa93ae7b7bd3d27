import type { Readable } from 'node:stream'
import { FAILED, RequestFailure } from '../../http/request-failure.js'

/** The body of an answer, read piece by piece. */
export interface Body {
  /** Returns the next piece, undefined at the end. Throws a retryable RequestFailure if the body breaks or stalls. */
  next(): Promise<Uint8Array | undefined>
  destroy(): void
}

/** Fewer bytes than this during the idle time count as a stall. */
const STALL_BYTES = 16 * 1024

/** Time that the reader takes does not count as idle. */
export function bodyOf(stream: Readable, idleMs: number): Body {
  let failure: unknown
  let waitedMs = 0
  let bytesSince = 0
  let wake = (): void => {}
  stream.on('error', (error) => {
    failure = error
    wake()
  })
  for (const event of ['readable', 'end', 'close']) stream.on(event, () => wake())

  const wait = async (): Promise<void> => {
    const startMs = performance.now()
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.max(0, idleMs - waitedMs))
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    wake = () => {}
    waitedMs += performance.now() - startMs
  }

  return {
    async next() {
      for (;;) {
        const piece: Uint8Array | null = failure === undefined ? stream.read() : null
        if (piece !== null) {
          bytesSince += piece.length
          if (bytesSince >= STALL_BYTES) waitedMs = bytesSince = 0
          return piece
        }
        if (stream.readableEnded) return undefined
        if (failure !== undefined || stream.destroyed) throw new RequestFailure({ code: FAILED.shortBody })
        if (waitedMs >= idleMs) throw new RequestFailure({ code: FAILED.stalled })
        await wait()
      }
    },
    destroy() {
      stream.destroy()
      wake()
    },
  }
}
