const CREDIT = 0.1

/**
 * The retries that all calls of a run have together. A success gives a tenth of one back (as in gRPC's proposal A6), so
 * that a service which fails all calls is not asked `calls × attempts` times.
 */
export class RetryBudget {
  readonly #maxCount: number
  #stock: number
  #spentCount = 0

  constructor(maxCount: number) {
    this.#maxCount = maxCount
    this.#stock = maxCount
  }

  get isEmpty(): boolean {
    return this.#stock < 1
  }

  /** Retries so far. */
  get spentCount(): number {
    return this.#spentCount
  }

  spend(): void {
    this.#stock -= 1
    this.#spentCount += 1
  }

  credit(): void {
    this.#stock = Math.min(this.#maxCount, this.#stock + CREDIT)
  }
}
