/**
 * Delivers results in the order they were pushed, whatever order they arrive in. After the first failure, nothing more
 * is delivered, but every result is still released.
 */
export class InOrder<T> {
  #tail: Promise<void> = Promise.resolve()
  #failure: { readonly reason: unknown } | undefined
  #underWay = 0
  readonly #waiting: (() => void)[] = []

  readonly #deliver: (result: T) => Promise<void>
  /** Called once, with the first failure. */
  readonly #onFailure: (reason: unknown) => void

  constructor(deliver: (result: T) => Promise<void>, onFailure: (reason: unknown) => void = () => {}) {
    this.#deliver = deliver
    this.#onFailure = onFailure
  }

  get failed(): boolean {
    return this.#failure !== undefined
  }

  /** Waits until fewer than `max` results are pending. */
  async roomFor(max: number): Promise<void> {
    while (this.#underWay >= max) await new Promise<void>((go) => this.#waiting.push(go))
  }

  push(result: Promise<T>, release: () => void): void {
    this.#underWay += 1
    // Earlier results may be slow; mark this rejection as handled until its turn.
    result.catch(() => {})
    this.#tail = this.#tail.then(async () => {
      try {
        const value = await result
        if (this.#failure === undefined) await this.#deliver(value)
      } catch (reason) {
        if (this.#failure === undefined) {
          this.#failure = { reason }
          this.#onFailure(reason)
        }
      } finally {
        release()
        this.#underWay -= 1
        for (const go of this.#waiting.splice(0)) go()
      }
    })
  }

  /** Waits for all results. Throws the first failure. */
  async drain(): Promise<void> {
    await this.#tail
    if (this.#failure !== undefined) throw this.#failure.reason
  }
}
