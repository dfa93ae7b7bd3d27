import { daysInMonth } from '../../fhir/dates.js'
import { DIGIT } from '../../json/byte-classes.js'
import type { CalendarDay } from '../methods/over-89.js'

// INVARIANT loop-reads (`scan.ts`).

/** A date read from bytes. One object is reused for all. */
export type CalendarDate = { -readonly [Part in keyof CalendarDay]: number }

const DASH = 0x2d

/** Reads a real `YYYY-MM-DD` at `p` into `date`; returns false for anything else. */
export function readDate(source: Uint8Array, p: number, date: CalendarDate): boolean {
  if (source[p + 4] !== DASH || source[p + 7] !== DASH) return false
  const century = twoDigits(source, p)
  const years = twoDigits(source, p + 2)
  const month = twoDigits(source, p + 5)
  const day = twoDigits(source, p + 8)
  if (century < 0 || years < 0 || month < 1 || month > 12 || day < 1) return false
  const year = century * 100 + years
  if (year < 1 || day > daysInMonth(year, month)) return false
  date.year = year
  date.month = month
  date.day = day
  return true
}

/** Reads a number of two digits; -1 for anything else. */
function twoDigits(source: Uint8Array, p: number): number {
  const high = (source[p] as number) - 0x30
  const low = (source[p + 1] as number) - 0x30
  return high >= 0 && high <= 9 && low >= 0 && low <= 9 ? high * 10 + low : -1
}

/**
 * Returns the position of the offset in a complete time `Thh:mm:ss[.f](Z|±hh:mm)` that ends in a quote; `p` is its
 * `T`. Returns 0 for anything else, including more than 7 digits of fraction, which .NET rounds.
 */
export function timeOffsetAt(source: Uint8Array, p: number): number {
  const hour = twoDigits(source, p + 1)
  const minute = twoDigits(source, p + 4)
  const second = twoDigits(source, p + 7)
  if (source[p] !== 0x54 || source[p + 3] !== 0x3a || source[p + 6] !== 0x3a) return 0
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return 0
  let q = p + 9
  if (source[q] === 0x2e) {
    const first = ++q
    while (DIGIT[source[q] as number] === 1) q++
    if (q === first || q > first + 7) return 0
  }
  if (source[q] === 0x5a) return source[q + 1] === 0x22 ? q : 0
  if (source[q] !== 0x2b && source[q] !== DASH) return 0
  const hours = twoDigits(source, q + 1)
  const minutes = twoDigits(source, q + 4)
  if (hours < 0 || hours > 13 || minutes < 0 || minutes > 59 || source[q + 3] !== 0x3a) return 0
  return source[q + 6] === 0x22 ? q : 0
}

/** Moves the date by days (proleptic Gregorian calendar). Returns false if it leaves the years 1 to 9999. */
export function moveDate(date: CalendarDate, days: number): boolean {
  // Converts to days since 0000-03-01 and back (H. Hinnant, chrono-compatible low-level date algorithms).
  const y = date.month <= 2 ? date.year - 1 : date.year
  const shifted = (date.month + 9) % 12
  const dayOfYear = ((153 * shifted + 2) / 5) | 0
  const count = y * 365 + ((y / 4) | 0) - ((y / 100) | 0) + ((y / 400) | 0) + dayOfYear + date.day - 1 + days
  if (count < 306) return false
  const era = (count / 146097) | 0
  const dayOfEra = count - era * 146097
  const yearOfEra =
    ((dayOfEra - ((dayOfEra / 1460) | 0) + ((dayOfEra / 36524) | 0) - ((dayOfEra / 146096) | 0)) / 365) | 0
  const day = dayOfEra - (365 * yearOfEra + ((yearOfEra / 4) | 0) - ((yearOfEra / 100) | 0))
  const month = ((5 * day + 2) / 153) | 0
  date.day = day - (((153 * month + 2) / 5) | 0) + 1
  date.month = month < 10 ? month + 3 : month - 9
  date.year = yearOfEra + era * 400 + (date.month <= 2 ? 1 : 0)
  return date.year <= 9999
}

/** Writes `YYYY-MM-DD` at `target[at]`. */
export function writeDate(target: Uint8Array, at: number, { year, month, day }: CalendarDate): void {
  const century = (year / 100) | 0
  writeTwo(target, at, century)
  writeTwo(target, at + 2, year - century * 100)
  target[at + 4] = DASH
  writeTwo(target, at + 5, month)
  target[at + 7] = DASH
  writeTwo(target, at + 8, day)
}

function writeTwo(target: Uint8Array, at: number, value: number): void {
  const tens = (value / 10) | 0
  target[at] = 0x30 + tens
  target[at + 1] = 0x30 + value - tens * 10
}
