// Smaller buffers are left to the garbage collector.
const MIN_POOLED_BYTES = 256 * 1024
const POOLED_STEP_BYTES = 2 ** 20

export interface UploadLimits {
  /** Maximum number of requests in progress. */
  readonly count: number
  /** Maximum bytes of their bodies together; a larger one goes alone. */
  readonly bytes: number
}

/** The uploads of all items of a sink, bounded together. */
export class Uploads {
  #count = 0
  #bytes = 0
  readonly #waiting: (() => void)[] = []
  /** Buffers for reuse: the garbage collector notices too late how much memory they hold. */
  readonly #free: Buffer[] = []

  readonly #limits: UploadLimits

  constructor(limits: UploadLimits) {
    this.#limits = limits
  }

  /** Waits for room, then starts the upload; `sent` settles with it. */
  async start(bytes: number, send: () => Promise<void>): Promise<{ readonly sent: Promise<void> }> {
    while (!this.#hasRoom(bytes)) await new Promise<void>((go) => this.#waiting.push(go))
    this.#count += 1
    this.#bytes += bytes
    const sent = send().finally(() => {
      this.#count -= 1
      this.#bytes -= bytes
      for (const go of this.#waiting.splice(0)) go()
    })
    // The caller may await it later.
    sent.catch(() => {})
    return { sent }
  }

  /** Copies the bytes to a buffer of their own, which `release` returns. */
  copyOf(piece: Uint8Array): Buffer {
    const { length } = piece
    const at = this.#free.findIndex((buffer) => buffer.length >= length)
    const isPooled = length >= MIN_POOLED_BYTES
    const [pooled] = isPooled && at >= 0 ? this.#free.splice(at, 1) : []
    const newBytes = isPooled ? Math.ceil(length / POOLED_STEP_BYTES) * POOLED_STEP_BYTES : length
    const buffer = pooled ?? Buffer.allocUnsafeSlow(newBytes)
    buffer.set(piece)
    return buffer.subarray(0, length)
  }

  release(copy: Buffer): void {
    if (copy.length < MIN_POOLED_BYTES || this.#free.length >= this.#limits.count) return
    this.#free.push(Buffer.from(copy.buffer))
  }

  #hasRoom(bytes: number): boolean {
    return (
      this.#count === 0 || (this.#count < this.#limits.count && this.#bytes + bytes <= this.#limits.bytes)
    )
  }
}
