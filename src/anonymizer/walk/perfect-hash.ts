import { hashBytes, sameBytes, viewOf } from '../copy-bytes.js'

/** Computes the next step of the hash that the walk makes while it looks for a key's closing quote. */
export const nextHash = (hash: number, byte: number): number => (Math.imul(hash, 31) + byte) | 0

/** A set of names that are looked up by their bytes. */
export class NameSet {
  readonly #slots: readonly (DataView | undefined)[]
  readonly #factor: number

  constructor(names: readonly string[]) {
    const views = names.map((name) => viewOf(Buffer.from(name)))
    const hashes = views.map((view) => hashBytes(view, 0, view.byteLength))
    ;({ slots: this.#slots, factor: this.#factor } = withoutCollisions(views, hashes))
  }

  /** Whether `source[from, to)` is one of the names. */
  has(source: DataView, from: number, to: number): boolean {
    const hash = Math.imul(hashBytes(source, from, to), this.#factor) >>> 16
    const name = this.#slots[hash & (this.#slots.length - 1)]
    return name !== undefined && name.byteLength === to - from && sameBytes(source, from, to, name, 0)
  }
}

/** Makes a table, and finds a factor, that give every item a slot of its own by its hash. */
export function withoutCollisions<T>(
  items: readonly T[],
  hashes: readonly number[],
): { slots: (T | undefined)[]; factor: number } {
  // By the birthday bound, 200 factors hardly ever spread n items over fewer than n² / 16 slots.
  const least = Math.max(4, items.length, items.length ** 2 / 16)
  for (let size = 4; size <= 1 << 16; size *= 2) {
    if (size < least) continue
    const factor = spreadingFactor(hashes, size)
    if (factor === undefined) continue
    const slots = new Array<T | undefined>(size).fill(undefined)
    for (const [k, hash] of hashes.entries()) slots[slotOf(hash, factor, size)] = items[k]
    return { slots, factor }
  }
  throw new RangeError('two keys with one hash')
}

const slotOf = (hash: number, factor: number, size: number): number =>
  (Math.imul(hash, factor) >>> 16) & (size - 1)

function spreadingFactor(hashes: readonly number[], size: number): number | undefined {
  /** The factor with which each slot was last taken. */
  const taken = new Uint32Array(size)
  for (let factor = 0x9e3779b1; factor > 0x9e3779b1 - 400; factor -= 2) {
    const fits = hashes.every((hash) => {
      const slot = slotOf(hash, factor, size)
      if (taken[slot] === factor) return false
      taken[slot] = factor
      return true
    })
    if (fits) return factor
  }
  return undefined
}
