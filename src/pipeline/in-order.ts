/**
 * Delivers results in the order they were pushed, whatever order they arrive in. After the first failure nothing
 * more is delivered; every result is released all the same.
 */
export class InOrder<T> {
  #tail: Promise<void> = Promise.resolve()
  #failure: { readonly reason: unknown } | undefined

  constructor(private readonly deliver: (result: T) => Promise<void>) {}

  get failed(): boolean {
    return this.#failure !== undefined
  }

  push(result: Promise<T>, release: () => void): void {
    // Whoever comes before it may take long: its failure is not unhandled until then.
    result.catch(() => {})
    this.#tail = this.#tail.then(async () => {
      try {
        const value = await result
        if (this.#failure === undefined) await this.deliver(value)
      } catch (reason) {
        this.#failure ??= { reason }
      } finally {
        release()
      }
    })
  }

  /** Waits for all of them. Throws the first failure. */
  async drain(): Promise<void> {
    await this.#tail
    if (this.#failure !== undefined) throw this.#failure.reason
  }
}
