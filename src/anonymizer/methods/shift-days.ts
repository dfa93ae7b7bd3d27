import { createHmac } from '../keyed-hash/hmac.js'
import { subKey } from '../keyed-hash/sub-key.js'
import type { DateShiftScope, Parameters } from '../parameters.js'
import { requiredKey } from './method.js'

/** Maximum shift of the original's range. */
const MAX_SHIFT_DAYS = 50
const SHIFTS = 2 * MAX_SHIFT_DAYS + 1

const DAYS_OF_WEEK = 7

/** The range of days by which dates may move, inclusive. */
export interface ShiftRange {
  readonly min: number
  readonly max: number
  readonly excludesZero: boolean
  /** Whether only whole weeks of the range are used. */
  readonly keepsWeekday: boolean
}

type RangeParameters = Pick<
  Parameters,
  'dateShiftRangeInDays' | 'dateShiftExcludeZero' | 'dateShiftKeepWeekday'
>

export function shiftRangeOf(parameters: RangeParameters): ShiftRange {
  const [min, max] = parameters.dateShiftRangeInDays ?? [-MAX_SHIFT_DAYS, MAX_SHIFT_DAYS]
  const { dateShiftExcludeZero: excludesZero = false, dateShiftKeepWeekday: keepsWeekday = false } =
    parameters
  return { min, max, excludesZero, keepsWeekday }
}

/** The shifts of a range: `step` times every whole number from `first` to `last`, without 0 if it is left out. */
interface Shifts {
  readonly first: number
  readonly last: number
  readonly step: number
  readonly leavesOutZero: boolean
  readonly count: number
}

function shiftsOf({ min, max, excludesZero, keepsWeekday }: ShiftRange): Shifts {
  const step = keepsWeekday ? DAYS_OF_WEEK : 1
  const first = Math.ceil(min / step)
  const last = Math.floor(max / step)
  const leavesOutZero = excludesZero && first <= 0 && last >= 0
  return { first, last, step, leavesOutZero, count: last - first + (leavesOutZero ? 0 : 1) }
}

/** Returns the number of different shifts in the range. */
export const shiftCountOf = (range: ShiftRange): number => shiftsOf(range).count

/**
 * Whether the original's linear hash decides the shift: only for the original's range, and not under scope `patient`.
 */
export function isLinearShift(parameters: Pick<Parameters, 'dateShiftScope'> & RangeParameters): boolean {
  const { min, max, excludesZero, keepsWeekday } = shiftRangeOf(parameters)
  const isOriginal = min === -MAX_SHIFT_DAYS && max === MAX_SHIFT_DAYS && !excludesZero && !keepsWeekday
  return isOriginal && parameters.dateShiftScope !== 'patient'
}

/** Computes the days by which dates move. */
export interface ShiftDays {
  /** Returns the days for a prefix; undefined under scope `patient` if the patient is unknown. */
  ofPrefix(prefix: string): number | undefined
  /** Returns the days for the prefix given by the 64 hex digits at `bytes[at]`. Not for scope `patient`. */
  ofDigits(bytes: Uint8Array, at: number): number
  /** How the days follow from 64 digits, if the hash is linear. */
  readonly digitWeights?: DigitWeights
}

/** The days are `(sum + Σ weights[k] · digits[k]) mod modulus + least`, where the digits are ASCII codes. */
export interface DigitWeights {
  readonly sum: number
  /** One for each of 64 digits, each less than the modulus. */
  readonly weights: Int16Array
  readonly modulus: number
  readonly least: number
}

/**
 * Compiles the shift: fixed, or decided by prefix and key. It uses HMAC under scope `patient` and for ranges other
 * than the original's, and the original's linear hash otherwise. The days of the last prefix are cached.
 */
export function compileShiftDays(parameters: Parameters): ShiftDays {
  const { dateShiftScope: scope, dateShiftFixedOffsetInDays: fixed } = parameters
  if (fixed !== undefined) return { ofPrefix: () => fixed, ofDigits: () => fixed }
  const key = requiredKey(parameters, 'dateShiftKey')
  const isLinear = isLinearShift(parameters)
  const compute = isLinear
    ? (prefix: string) => linearOffset(prefix, key)
    : keyedOffset(key, scope, shiftRangeOf(parameters))
  let lastPrefix: string | undefined
  let lastDays: number | undefined
  const ofPrefix = (prefix: string): number | undefined => {
    if (prefix === lastPrefix) return lastDays
    lastPrefix = prefix
    lastDays = scope === 'patient' && prefix === '' ? undefined : compute(prefix)
    return lastDays
  }
  if (isLinear) {
    const digitWeights = digitWeightsOf(key)
    return { ofPrefix, ofDigits: offsetOfDigits(digitWeights), digitWeights }
  }
  return {
    ofPrefix,
    ofDigits: (bytes, at) => compute(Buffer.from(bytes.subarray(at, at + 64)).toString('latin1')),
  }
}

/** Computes the original's hash. It is linear, so one known date reveals the key's contribution for all others. */
function linearOffset(prefix: string, key: string): number {
  // Base 131 equals 30 modulo 101; four bytes at once stay within 32 bits.
  const bytes = prefix + key
  let sum = 0
  let k = 0
  for (; k + 4 <= bytes.length; k += 4) {
    const [a, b] = [bytes.charCodeAt(k), bytes.charCodeAt(k + 1)]
    const [c, d] = [bytes.charCodeAt(k + 2), bytes.charCodeAt(k + 3)]
    if ((a | b | c | d) >= 0x80) break
    sum = (sum * 810000 + a * 27000 + b * 900 + c * 30 + d) % SHIFTS
  }
  if (k < bytes.length) for (const byte of Buffer.from(bytes.slice(k))) sum = (sum * 30 + byte) % SHIFTS
  return sum - MAX_SHIFT_DAYS
}

/** Compiles `linearOffset` for prefixes of 64 ASCII bytes. */
function digitWeightsOf(key: string): DigitWeights {
  const keySum = Buffer.from(key).reduce((sum, byte) => (sum * 30 + byte) % SHIFTS, 0)
  const weights = new Int16Array(64)
  let weight = Buffer.from(key).reduce((power) => (power * 30) % SHIFTS, 1)
  for (let k = weights.length - 1; k >= 0; k--) {
    weights[k] = weight
    weight = (weight * 30) % SHIFTS
  }
  return { sum: keySum, weights, modulus: SHIFTS, least: -MAX_SHIFT_DAYS }
}

function offsetOfDigits({ sum: keySum, weights }: DigitWeights): ShiftDays['ofDigits'] {
  return (bytes, at) => {
    const sum = weights.reduce((total, weight, k) => total + weight * (bytes[at + k] ?? 0), keySum)
    return (sum % SHIFTS) - MAX_SHIFT_DAYS
  }
}

const WORDS = 2 ** 32

/**
 * Compiles a keyed shift in which every shift of the range is equally likely. The key depends on the range: two
 * releases with different ranges reveal no more together than each alone.
 */
function keyedOffset(key: string, scope: DateShiftScope, range: ShiftRange): (prefix: string) => number {
  const { min, max, excludesZero, keepsWeekday } = range
  const weeks = keepsWeekday ? ['weeks'] : []
  const hmac = createHmac(subKey(key, 'dateShift', scope, min, max, excludesZero, ...weeks))
  const { first, step, leavesOutZero, count: choices } = shiftsOf(range)
  // Words at or above this would make some offsets likelier than others.
  const unbiasedWords = WORDS - (WORDS % choices)
  return (prefix) => {
    for (let round = 0; ; round++) {
      const digest = hmac.bytes(round === 0 ? prefix : `${prefix}\0${round}`)
      for (let at = 0; at < digest.length; at += 4) {
        const word = digest.readUInt32BE(at)
        if (word >= unbiasedWords) continue
        const steps = first + (word % choices)
        return step * (leavesOutZero && steps >= 0 ? steps + 1 : steps)
      }
    }
  }
}
