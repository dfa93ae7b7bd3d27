/** Computes the next step of the hash that the walk makes while it looks for a key's closing quote. */
const nextHash = (hash: number, byte: number): number => (Math.imul(hash, 31) + byte) | 0

/** Returns the hash by which the walk finds a key. */
export const keyHash = (key: string): number => Buffer.from(key).reduce(nextHash, 0)

const FACTORS = [
  0x2c1b3c6d, 0x297a2d39, 0x1b56c4e9, 0x3c6ef372, 0x68e31da4, 0x5f356495, 0x46d22e43, 0x7ed55d16,
]

/** Returns the hash by which the walk finds a name of up to 32 bytes (`assembly/names.ts`). */
export function nameHash(name: string): number {
  const bytes = Buffer.alloc(FACTORS.length * 4)
  bytes.write(name)
  const sum = FACTORS.reduce((total, factor, k) => {
    const product = Math.imul(bytes.readInt32LE(k * 4), factor)
    return (total + Math.imul(product, 2 * (k % 4) + 1)) | 0
  }, 0)
  return sum ^ (sum >>> 15)
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
