import type { LoadBundle } from './bundle.js'

export interface DeliveryLimits {
  readonly maxCount: number
  /** A larger bundle is under way alone. */
  readonly maxBytes: number
}

/**
 * Bundles under way, as many as memory allows. After the first failure no more is started; `onFailure` is called with
 * it.
 */
export class Deliveries {
  readonly #deliver: (bundle: LoadBundle) => Promise<void>
  readonly #limits: DeliveryLimits
  readonly #onFailure: (reason: unknown) => void
  readonly #underWay = new Set<Promise<void>>()
  #bytes = 0
  #failure: { readonly reason: unknown } | undefined

  constructor(
    deliver: (bundle: LoadBundle) => Promise<void>,
    limits: DeliveryLimits,
    onFailure: (reason: unknown) => void,
  ) {
    this.#deliver = deliver
    this.#limits = limits
    this.#onFailure = onFailure
  }

  /** Waits for room and starts a delivery. Throws the first failure. */
  async start(bundle: LoadBundle): Promise<void> {
    while (!this.#hasRoom(bundle)) await Promise.race(this.#underWay)
    this.check()
    this.#bytes += bundle.bytes
    const ended = this.#deliver(bundle)
      .catch((reason: unknown) => {
        if (this.#failure !== undefined) return
        this.#failure = { reason }
        this.#onFailure(reason)
      })
      .finally(() => {
        this.#bytes -= bundle.bytes
        this.#underWay.delete(ended)
      })
    this.#underWay.add(ended)
  }

  /** Waits until nothing is under way. Throws the first failure. */
  async end(): Promise<void> {
    await this.settle()
    this.check()
  }

  /** Waits until nothing is under way; never throws. */
  async settle(): Promise<void> {
    await Promise.all(this.#underWay)
  }

  /** Throws the first failure. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure.reason
  }

  #hasRoom({ bytes }: LoadBundle): boolean {
    const { size } = this.#underWay
    const { maxCount, maxBytes } = this.#limits
    return size === 0 || (size < maxCount && this.#bytes + bytes <= maxBytes)
  }
}
