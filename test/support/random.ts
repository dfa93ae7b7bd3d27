import { randomInt } from 'node:crypto'

/** Seeded randomness for property tests; the seed is printed so that a failure can be seen again. */
export interface SeededRandom {
  readonly seed: number
  /** Uniform in [0, 1). */
  next(): number
  /** A whole number from 0 up to, not including, `limit`. */
  below(limit: number): number
  pick<T>(items: readonly T[]): T
  /** Text of up to `longest` UTF-16 units: plain, accented, astral, controls, lone surrogates. */
  text(longest: number): string
}

/** The seed is the environment's SEED or a new one. */
export function seededRandom(name: string): SeededRandom {
  const seed = Number(process.env.SEED ?? randomInt(2 ** 31))
  console.log(`# ${name}: SEED=${seed}`)
  let state = seed >>> 0
  // mulberry32, public domain.
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number): number => Math.floor(next() * limit)
  const pick = <T>(items: readonly T[]): T => items[below(items.length)]
  const pieces = [
    'a',
    'Z',
    '5',
    ' ',
    '-',
    '"',
    '\\',
    '/',
    '\n',
    '\u0000',
    'é',
    '東',
    '😀',
    '\u2028',
    '\ud800',
  ]
  const text = (longest: number): string => {
    let result = ''
    for (let length = below(longest + 1); result.length < length; ) result += pick(pieces)
    return result.slice(0, longest)
  }
  return { seed, next, below, pick, text }
}
