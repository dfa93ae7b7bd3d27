/**
 * Work in the background, at most `max` pieces at once. The first failure calls `onFailure`; after it, no more work is
 * started.
 */
export class BackgroundWork {
  readonly #underWay = new Set<Promise<void>>()
  #failure: { readonly reason: unknown } | undefined

  readonly #max: number
  readonly #onFailure: (reason: unknown) => void

  constructor(max: number, onFailure: (reason: unknown) => void) {
    this.#max = max
    this.#onFailure = onFailure
  }

  /** Waits for room and starts the work. If other work has failed, calls `letGo` instead and throws that failure. */
  async start(work: () => Promise<void>, letGo: () => Promise<void>): Promise<void> {
    while (this.#underWay.size >= this.#max) await Promise.race(this.#underWay)
    if (this.#failure !== undefined) {
      await letGo().catch(() => {})
      throw this.#failure.reason
    }
    const ended = work()
      .catch((reason: unknown) => {
        if (this.#failure === undefined) this.#onFailure(reason)
        this.#failure ??= { reason }
      })
      .finally(() => this.#underWay.delete(ended))
    this.#underWay.add(ended)
  }

  /** Waits for all work; never throws. */
  async settle(): Promise<void> {
    await Promise.all(this.#underWay)
  }

  /** Waits for all work. Throws the first failure. */
  async end(): Promise<void> {
    await this.settle()
    if (this.#failure !== undefined) throw this.#failure.reason
  }
}
