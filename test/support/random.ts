import { randomInt } from 'node:crypto'
import { elementAt } from './elements.js'

// Pieces of awkward text: plain, accented, astral, controls, lone surrogates.
const PIECES = ['a', 'Z', '5', ' ', '-', '"', '\\', '/', '\n', '\u0000', 'é', '東', '😀', '\u2028', '\ud800']

/** Seeded randomness (mulberry32, public domain): the same seed gives the same choices on every machine. */
export class Random {
  private state: number

  constructor(readonly seed: number) {
    this.state = seed >>> 0
  }

  /** Uniform in [0, 1). */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /** A whole number from 0 up to, not including, `limit`. */
  below(limit: number): number {
    return Math.floor(this.next() * limit)
  }

  /** A whole number in [from, to]. */
  between(from: number, to: number): number {
    return from + this.below(to - from + 1)
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  pick<T>(items: readonly T[]): T {
    return elementAt(items, this.below(items.length))
  }

  /** A new array in another order. */
  shuffled<T>(items: readonly T[]): T[] {
    const out = [...items]
    for (let k = out.length - 1; k > 0; k--) {
      const other = this.below(k + 1)
      ;[out[k], out[other]] = [elementAt(out, other), elementAt(out, k)]
    }
    return out
  }

  /** Awkward text of up to `longest` UTF-16 units. */
  text(longest: number): string {
    let result = ''
    for (let length = this.below(longest + 1); result.length < length; ) result += this.pick(PIECES)
    return result.slice(0, longest)
  }
}

/** Randomness for a property test, by the seed in `SLUICE_SEED` or a new one; it is printed so that it can be repeated. */
export function seededRandom(name: string): Random {
  const seed = Number(process.env.SLUICE_SEED ?? randomInt(2 ** 31))
  console.log(`# seed: ${name}: SLUICE_SEED=${seed}`)
  return new Random(seed)
}

/** How long a fuzz test may go on: `SLUICE_FUZZ_SECONDS`, by default 12 or what the test says. */
export const fuzzSeconds = (byDefault = 12): number => Number(process.env.SLUICE_FUZZ_SECONDS ?? byDefault)

/** Whether this is `npm run fuzz`: tests that try every combination try all of them. */
export const isLongFuzz = (): boolean => process.env.SLUICE_FUZZ_SECONDS !== undefined
