import { FAILED, RequestFailure } from '../../http/request-failure.js'
import type { Attempts } from '../../http/retry.js'
import type { Body } from './blob-body.js'
import type { BlobRead } from './blob-container.js'

export interface PinnedReadOptions {
  readonly fromByte: number
  /** Offset after the last byte. */
  readonly toByte: number
  /** Requests these bytes of the pinned version and checks that the answer matches. */
  readonly open: (fromByte: number, toByte: number) => Promise<Body>
  readonly attempts: Attempts
  /** Signals that end the read, even while it waits for bytes. */
  readonly signals: readonly (AbortSignal | undefined)[]
  /** Converts a final failure to the caller's error. */
  readonly explain: (error: unknown) => unknown
}

/** A connection that delivered less than this made no progress, so its failures accumulate. */
const PROGRESS_BYTES = 16 * 1024

/** Reads a range in one request, and resumes in another where it broke. */
export class PinnedRead implements BlobRead {
  readonly #options: PinnedReadOptions
  #at: number
  #openedAt = 0
  #body: Body | undefined
  #rest: Uint8Array = new Uint8Array(0)

  constructor(options: PinnedReadOptions) {
    this.#options = options
    this.#at = options.fromByte
  }

  async read(target: Uint8Array): Promise<number> {
    let filled = 0
    while (filled < target.length) {
      if (this.#rest.length === 0) {
        if (this.#at === this.#options.toByte) break
        this.#rest = await this.#piece()
      }
      const part = this.#rest.subarray(0, target.length - filled)
      target.set(part, filled)
      filled += part.length
      this.#rest = this.#rest.subarray(part.length)
    }
    return filled
  }

  close(): void {
    for (const signal of this.#options.signals) signal?.removeEventListener('abort', this.#end)
    this.#body?.destroy()
    this.#body = undefined
  }

  readonly #end = (): void => this.#body?.destroy()

  async #piece(): Promise<Uint8Array> {
    const { attempts, explain } = this.#options
    for (;;) {
      try {
        return await this.#next()
      } catch (error) {
        this.close()
        if (this.#at - this.#openedAt >= PROGRESS_BYTES) attempts.succeeded()
        this.#openedAt = this.#at
        await attempts.failed(error).catch((final: unknown) => {
          throw explain(final)
        })
      }
    }
  }

  async #next(): Promise<Uint8Array> {
    const { toByte, open, attempts } = this.#options
    attempts.checkInterrupted()
    if (this.#body === undefined) {
      this.#openedAt = this.#at
      this.#body = await open(this.#at, toByte)
      for (const signal of this.#options.signals) signal?.addEventListener('abort', this.#end)
      attempts.checkInterrupted()
    }
    const piece = await this.#body.next()
    if (piece === undefined) throw new RequestFailure({ code: FAILED.shortBody })
    if (piece.length > toByte - this.#at) throw new RequestFailure({ code: FAILED.wrongAnswer })
    this.#at += piece.length
    if (this.#at === toByte) await this.#finish()
    return piece
  }

  /** Reads to the very end, so that the connection can be reused. */
  async #finish(): Promise<void> {
    this.#options.attempts.succeeded()
    await this.#body?.next().catch(() => undefined)
    this.close()
  }
}
