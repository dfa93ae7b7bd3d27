// Smaller ones are left to the garbage collector.
const LEAST_POOLED_BYTES = 256 * 1024
const POOLED_STEP_BYTES = 2 ** 20

export interface UploadLimits {
  /** Requests under way at once. */
  readonly count: number
  /** Bytes of their bodies together; a larger one goes alone. */
  readonly bytes: number
}

/** The uploads of all items of a sink, bounded together. */
export class Uploads {
  #count = 0
  #bytes = 0
  readonly #waiting: (() => void)[] = []
  /** Used again: the collector sees too late how much memory buffers hold. */
  readonly #free: Buffer[] = []

  readonly #limits: UploadLimits

  constructor(limits: UploadLimits) {
    this.#limits = limits
  }

  /** Waits for room, then starts it; `sent` settles as it does. */
  async start(bytes: number, send: () => Promise<void>): Promise<{ readonly sent: Promise<void> }> {
    while (!this.#hasRoom(bytes)) await new Promise<void>((go) => this.#waiting.push(go))
    this.#count += 1
    this.#bytes += bytes
    const sent = send().finally(() => {
      this.#count -= 1
      this.#bytes -= bytes
      for (const go of this.#waiting.splice(0)) go()
    })
    // Whoever waits for it may come later.
    sent.catch(() => {})
    return { sent }
  }

  /** The bytes in a buffer of its own, to be given back by `release`. */
  copyOf(piece: Uint8Array): Buffer {
    const { length } = piece
    const at = this.#free.findIndex((buffer) => buffer.length >= length)
    const isPooled = length >= LEAST_POOLED_BYTES
    const [pooled] = isPooled && at >= 0 ? this.#free.splice(at, 1) : []
    const newBytes = isPooled ? Math.ceil(length / POOLED_STEP_BYTES) * POOLED_STEP_BYTES : length
    const buffer = pooled ?? Buffer.allocUnsafeSlow(newBytes)
    buffer.set(piece)
    return buffer.subarray(0, length)
  }

  release(copy: Buffer): void {
    if (copy.length < LEAST_POOLED_BYTES || this.#free.length >= this.#limits.count) return
    this.#free.push(Buffer.from(copy.buffer))
  }

  #hasRoom(bytes: number): boolean {
    return (
      this.#count === 0 || (this.#count < this.#limits.count && this.#bytes + bytes <= this.#limits.bytes)
    )
  }
}
