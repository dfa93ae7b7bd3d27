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

  constructor(private readonly limits: UploadLimits) {}

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

  #hasRoom(bytes: number): boolean {
    return this.#count === 0 || (this.#count < this.limits.count && this.#bytes + bytes <= this.limits.bytes)
  }
}
