import { sluiceError } from '../../errors.js'
import { dateText, dayNumber, type Moment, TICKS_PER_SECOND } from '../../fhir/dates.js'
import type { AnonymizerSpec } from '../spec.js'
import { createHmac } from './hmac.js'
import { type LeafMethod, RECORD, UNCHANGED } from './leaf.js'
import { compileDateRedact, compileOver89, isDateType, parseLeafDate } from './redact.js'

/** Dates move by −50 to +50 days. */
const LARGEST_SHIFT_DAYS = 50
const SHIFTS = 2 * LARGEST_SHIFT_DAYS + 1

/**
 * Moves a date by the days its prefix and the key decide and zeroes its time (3.3). A date without day, of somebody
 * over 89, without known patient, or that leaves the years 1 to 9999 is redacted as dates are.
 */
export function compileDateShift(spec: AnonymizerSpec): LeafMethod {
  const redactDate = compileDateRedact(spec)
  const isOver89 = compileOver89(spec.asOf)
  const shiftDays = compileShiftDays(spec)
  return (leaf, place) => {
    if (!isDateType(leaf.type)) return UNCHANGED
    const moment = parseLeafDate(leaf)
    if (moment === undefined || moment.precision < 3 || isOver89(moment)) return redactDate(leaf)
    const days = shiftDays.ofPrefix(place.prefix())
    if (days === undefined) return redactDate(leaf)
    const shifted = dateText(dayNumber(moment.year, moment.month, moment.day) + days + rolledDays(moment))
    if (shifted === undefined) return redactDate(leaf)
    return { record: RECORD.PERTURB, json: `"${shifted}${zeroedTime(leaf.text, moment)}"` }
  }
}

/** A fraction that .NET rounds up to a whole second can be the next day's (13.1). */
const rolledDays = ({ hour, minute, second, fractionTicks }: Moment): number =>
  fractionTicks === TICKS_PER_SECOND && hour === 23 && minute === 59 && second === 59 ? 1 : 0

/** The time part with its digits zeroed and its offset as written; '' unless seconds and offset are there. */
function zeroedTime(text: string, moment: Moment): string {
  if (moment.precision < 6 || moment.offsetMinutes === undefined || moment.hasComma) return ''
  const fractionDigits = moment.offsetAt - FRACTION_DIGITS_AT
  const time = fractionDigits <= 0 ? 'T00:00:00' : `T00:00:00.${'0'.repeat(fractionDigits)}`
  return time + text.slice(moment.offsetAt)
}

const FRACTION_DIGITS_AT = '2015-02-07T13:28:17.'.length

/** The days dates move by. */
export interface ShiftDays {
  /** For a prefix; undefined under scope `patient` where no patient is known. */
  ofPrefix(prefix: string): number | undefined
  /** The same for the prefix that the 64 hex digits at `bytes[at]` are, but not under scope `patient`. */
  ofDigits(bytes: Uint8Array, at: number): number
}

/** Fixed, or by the scope's hash of prefix and key; the last prefix's days are kept. */
export function compileShiftDays(spec: AnonymizerSpec): ShiftDays {
  const { dateShiftKey: key, dateShiftScope: scope, dateShiftFixedOffsetInDays: fixed } = spec.parameters
  if (fixed !== undefined) return { ofPrefix: () => fixed, ofDigits: () => fixed }
  if (key === undefined) throw sluiceError('KEY_MISSING', 'dateShift needs dateShiftKey', KEY_MISSING)
  const compute = scope === 'patient' ? patientOffset(key) : (prefix: string) => linearOffset(prefix, key)
  let lastPrefix: string | undefined
  let lastDays: number | undefined
  const ofPrefix = (prefix: string): number | undefined => {
    if (prefix === lastPrefix) return lastDays
    lastPrefix = prefix
    lastDays = compute(prefix)
    return lastDays
  }
  return { ofPrefix, ofDigits: linearOffsetOfDigits(key) }
}

const KEY_MISSING = { blame: 'config', retry: 'never', at: 'parameters.dateShiftKey' } as const

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
  return sum - LARGEST_SHIFT_DAYS
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
    for (let k = 0; k < weights.length; k++) sum += bytes[at + k] * weights[k]
    return (sum % SHIFTS) - LARGEST_SHIFT_DAYS
  }
}

const WORDS = 2 ** 32
/** Words from here on would make some offsets likelier than others. */
const UNBIASED_WORDS = WORDS - (WORDS % SHIFTS)

function patientOffset(key: string): (patientId: string) => number | undefined {
  const hmac = createHmac(key)
  return (patientId) => {
    if (patientId === '') return undefined
    for (let round = 0; ; round++) {
      const digest = hmac.bytes(round === 0 ? patientId : `${patientId}\0${round}`)
      for (let at = 0; at < digest.length; at += 4) {
        const word = digest.readUInt32BE(at)
        if (word < UNBIASED_WORDS) return (word % SHIFTS) - LARGEST_SHIFT_DAYS
      }
    }
  }
}
