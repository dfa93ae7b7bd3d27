import { HmacLanes, LANES } from '../keyed-hash/hmac-lanes.js'
import type { Output } from '../output.js'
import { HashCache } from './hash-cache.js'

/** Hashes that wait at most. */
const CAPACITY = 32

/**
 * Keyed hashes written into an output, many at a time: memory is asked for the known ones all at once, the others are
 * computed in lanes. Whoever reads their 64 digits, or moves what stands in the output, calls `settle` first.
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
  /** What is being computed: its number among the waiting ones and its place in the cache, by lane. */
  #taken = 0
  readonly #numbers = new Int32Array(LANES)
  readonly #places = new Int32Array(LANES)

  constructor(key: string) {
    this.#lanes = new HmacLanes(key)
  }

  /** Sees to it that the digits for `source[from, to)` (1 to `maxBytes` bytes) come to `out.bytes[at]`. */
  write(source: DataView, from: number, to: number, out: Output, at: number): void {
    const n = this.#waiting++
    this.#targets[n] = at
    this.#starts[n] = from
    this.#ends[n] = to
    this.#homes[n] = this.#cache.homeOf(source, from, to)
    if (this.#waiting === CAPACITY) this.settle(source, out)
  }

  /** Writes all digits that are still to come; `source` is that of all of them. */
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

  /** Forgets what is still to come. */
  clear(): void {
    this.#waiting = 0
  }
}
