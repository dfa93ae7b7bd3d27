import { HmacLanes, LANES } from '../keyed-hash/hmac-lanes.js'
import type { Output } from '../output.js'
import { HashCache } from './hash-cache.js'

/** Maximum number of waiting hashes. */
const CAPACITY = 32

/**
 * Writes keyed hashes into an output, many at a time: known ones are fetched from memory together, the others are
 * computed in lanes. Call `settle` before reading the 64 digits or moving bytes of the output.
 */
export class HashQueue {
  static readonly maxBytes = Math.min(HashCache.maxKeyBytes, HmacLanes.maxBytes)
  readonly #cache = new HashCache()
  readonly #lanes: HmacLanes
  #waiting = 0
  readonly #targets = new Int32Array(CAPACITY)
  readonly #starts = new Int32Array(CAPACITY)
  readonly #ends = new Int32Array(CAPACITY)
  readonly #homes = new Int32Array(CAPACITY)
  /**
   * Number of hashes being computed; `#numbers` and `#places` give their indices in the queue and slots in the cache,
   * by lane.
   */
  #taken = 0
  readonly #numbers = new Int32Array(LANES)
  readonly #places = new Int32Array(LANES)

  constructor(key: string) {
    this.#lanes = new HmacLanes(key)
  }

  /** Queues the digits for `source[from, to)` (1 to `maxBytes` bytes) to be written at `out.bytes[at]`. */
  write(source: DataView, from: number, to: number, out: Output, at: number): void {
    const n = this.#waiting++
    this.#targets[n] = at
    this.#starts[n] = from
    this.#ends[n] = to
    this.#homes[n] = this.#cache.homeOf(source, from, to)
    if (this.#waiting === CAPACITY) this.settle(source, out)
  }

  /** Writes all queued digits. `source` must be the one given to `write`. */
  settle(source: DataView, out: Output): void {
    const cache = this.#cache
    const waiting = this.#waiting
    if (waiting === 0) return
    this.#waiting = 0
    if (waiting > 1) cache.fetch(this.#homes, waiting)
    for (let n = 0; n < waiting; n++) {
      // INVARIANT loop-reads (`scan.ts`).
      const from = this.#starts[n] as number
      const to = this.#ends[n] as number
      const home = this.#homes[n] as number
      const place = cache.write(source, from, to, home, out.view, this.#targets[n] as number)
      if (place === -1) continue
      const lane = this.#taken++
      this.#lanes.put(lane, source, from, to)
      this.#numbers[lane] = n
      this.#places[lane] = place
      if (this.#taken === LANES) this.#compute(source, out)
    }
    if (this.#taken > 0) this.#compute(source, out)
  }

  #compute(source: DataView, out: Output): void {
    this.#lanes.run()
    for (let lane = 0; lane < this.#taken; lane++) {
      const n = this.#numbers[lane] as number
      const at = this.#targets[n] as number
      this.#lanes.writeHex(lane, out.bytes, at)
      const place = this.#places[lane] as number
      if (place < 0) continue
      this.#cache.keep(place, source, this.#starts[n] as number, this.#ends[n] as number, out.view, at)
    }
    this.#taken = 0
  }

  /** Discards the queue. */
  clear(): void {
    this.#waiting = 0
  }
}
