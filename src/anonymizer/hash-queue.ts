import { HashCache } from './hash-cache.js'
import { HmacLanes, LANES } from './methods/hmac-lanes.js'
import type { Output } from './output.js'

/**
 * Keyed hashes written into an output: known ones at once, the others four at a time. Whoever reads their 64 digits,
 * or moves what stands in the output, calls `settle` first.
 */
export class HashQueue {
  static readonly maxBytes = Math.min(HashCache.maxKeyBytes, HmacLanes.maxBytes)
  private readonly cache = new HashCache()
  private readonly lanes: HmacLanes
  private waiting = 0
  private readonly places = new Int32Array(LANES)
  private readonly targets = new Int32Array(LANES)
  private readonly starts = new Int32Array(LANES)
  private readonly ends = new Int32Array(LANES)

  constructor(key: string) {
    this.lanes = new HmacLanes(key)
  }

  /** Sees to it that the digits for `source[from, to)` (1 to `maxBytes` bytes) come to `out.bytes[at]`. */
  write(source: DataView, from: number, to: number, hash: number, out: Output, at: number): void {
    const place = this.cache.write(source, from, to, hash, out.view, at)
    if (place === -1) return
    const lane = this.waiting++
    this.lanes.put(lane, source, from, to)
    this.places[lane] = place
    this.targets[lane] = at
    this.starts[lane] = from
    this.ends[lane] = to
    if (this.waiting === LANES) this.settle(source, out)
  }

  /** Writes all digits that are still to come; `source` is that of all of them. */
  settle(source: DataView, out: Output): void {
    const count = this.waiting
    if (count === 0) return
    this.waiting = 0
    this.lanes.run()
    for (let lane = 0; lane < count; lane++) {
      const at = this.targets[lane]
      this.lanes.writeHex(lane, out.bytes, at)
      const place = this.places[lane]
      if (place >= 0) this.cache.keep(place, source, this.starts[lane], this.ends[lane], out.view, at)
    }
  }

  /** Forgets what is still to come. */
  clear(): void {
    this.waiting = 0
  }
}
