import { createHmac } from '../keyed-hash/hmac.js'
import { subKey } from '../keyed-hash/sub-key.js'
import type { DateShiftScope, Parameters } from '../parameters.js'
import { requiredKey } from './method.js'

/** The original's range. */
const MAX_SHIFT_DAYS = 50
const SHIFTS = 2 * MAX_SHIFT_DAYS + 1

/** The days that dates may move by, both ends included. */
export interface ShiftRange {
  readonly min: number
  readonly max: number
  readonly excludesZero: boolean
}

type RangeParameters = Pick<Parameters, 'dateShiftRangeInDays' | 'dateShiftExcludeZero'>

/** How many shifts the range has. */
export const shiftCountOf = (range: ShiftRange): number =>
  range.max - range.min + (leavesOutZero(range) ? 0 : 1)

const leavesOutZero = ({ min, max, excludesZero }: ShiftRange): boolean =>
  excludesZero && min <= 0 && max >= 0

export function shiftRangeOf({ dateShiftRangeInDays, dateShiftExcludeZero }: RangeParameters): ShiftRange {
  const [min, max] = dateShiftRangeInDays ?? [-MAX_SHIFT_DAYS, MAX_SHIFT_DAYS]
  return { min, max, excludesZero: dateShiftExcludeZero ?? false }
}

/** Whether the original's linear hash decides: not under scope `patient`, and only for the original's range. */
export function isLinearShift(parameters: Pick<Parameters, 'dateShiftScope'> & RangeParameters): boolean {
  const { min, max, excludesZero } = shiftRangeOf(parameters)
  const isOriginal = min === -MAX_SHIFT_DAYS && max === MAX_SHIFT_DAYS && !excludesZero
  return isOriginal && parameters.dateShiftScope !== 'patient'
}

/** The days dates move by. */
export interface ShiftDays {
  /** For a prefix; undefined under scope `patient` where no patient is known. */
  ofPrefix(prefix: string): number | undefined
  /** The same for the prefix that the 64 hex digits at `bytes[at]` are, but not under scope `patient`. */
  ofDigits(bytes: Uint8Array, at: number): number
}

/**
 * Fixed, or decided by prefix and key: by the original's linear hash, or by HMAC under scope `patient` and wherever
 * the range is not the original's. The last prefix's days are kept.
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
  if (isLinear) return { ofPrefix, ofDigits: linearOffsetOfDigits(key) }
  return {
    ofPrefix,
    ofDigits: (bytes, at) => compute(Buffer.from(bytes.subarray(at, at + 64)).toString('latin1')),
  }
}

/** The original's hash: linear, so one known date gives the key's part away for every other. */
function linearOffset(prefix: string, key: string): number {
  // 131 is 30 modulo 101; four bytes at once stay within 32 bits.
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

/** `linearOffset` for prefixes of 64 ASCII bytes, without making strings of them. */
function linearOffsetOfDigits(key: string): ShiftDays['ofDigits'] {
  const keySum = Buffer.from(key).reduce((sum, byte) => (sum * 30 + byte) % SHIFTS, 0)
  const weights = new Int32Array(64)
  let weight = Buffer.from(key).reduce((power) => (power * 30) % SHIFTS, 1)
  for (let k = weights.length - 1; k >= 0; k--) {
    weights[k] = weight
    weight = (weight * 30) % SHIFTS
  }
  return (bytes, at) => {
    let sum = keySum
    // INVARIANT loop-reads (`walk/scan.ts`).
    for (let k = 0; k < weights.length; k++) sum += (bytes[at + k] as number) * (weights[k] as number)
    return (sum % SHIFTS) - MAX_SHIFT_DAYS
  }
}

const WORDS = 2 ** 32

/**
 * Every day of the range is equally likely. The key depends on the range: releases with two ranges reveal no more
 * together than each of them alone.
 */
function keyedOffset(key: string, scope: DateShiftScope, range: ShiftRange): (prefix: string) => number {
  const { min, max, excludesZero } = range
  const hmac = createHmac(subKey(key, 'dateShift', scope, min, max, excludesZero))
  const skipsZero = leavesOutZero(range)
  const choices = shiftCountOf(range)
  // Words from here on would make some offsets likelier than others.
  const unbiasedWords = WORDS - (WORDS % choices)
  return (prefix) => {
    for (let round = 0; ; round++) {
      const digest = hmac.bytes(round === 0 ? prefix : `${prefix}\0${round}`)
      for (let at = 0; at < digest.length; at += 4) {
        const word = digest.readUInt32BE(at)
        if (word >= unbiasedWords) continue
        const days = min + (word % choices)
        return skipsZero && days >= 0 ? days + 1 : days
      }
    }
  }
}
