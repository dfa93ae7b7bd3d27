import { byteAt, DASH, DOT, isDigit, QUOTE } from './bytes'

/** The date that `readDate` read or `moveDate` moved. */
export let year: i32 = 0
export let month: i32 = 0
export let day: i32 = 0

/** Reads a number of two digits; -1 for anything else. */
@inline
function twoDigits(p: usize): i32 {
  const high = <i32>byteAt(p) - 0x30
  const low = <i32>byteAt(p + 1) - 0x30
  return <u32>high < 10 && <u32>low < 10 ? high * 10 + low : -1
}

/** Reads a real `YYYY-MM-DD` at `p`; returns false for anything else. */
export function readDate(p: usize): bool {
  if (byteAt(p + 4) != DASH || byteAt(p + 7) != DASH) return false
  const century = twoDigits(p)
  const years = twoDigits(p + 2)
  const m = twoDigits(p + 5)
  const d = twoDigits(p + 8)
  if (century < 0 || years < 0 || m < 1 || m > 12 || d < 1) return false
  const y = century * 100 + years
  if (y < 1 || (d > 28 && d > daysInMonth(y, m))) return false
  year = y
  month = m
  day = d
  return true
}

function daysInMonth(y: i32, m: i32): i32 {
  if (m == 2) return y % 4 == 0 && (y % 100 != 0 || y % 400 == 0) ? 29 : 28
  return m == 4 || m == 6 || m == 9 || m == 11 ? 30 : 31
}

/**
 * Returns the address of the offset in a complete time `Thh:mm:ss[.f](Z|±hh:mm)` that ends in a quote; `p` is its `T`.
 * Returns 0 for anything else, including more than 7 digits of fraction, which .NET rounds.
 */
export function timeOffsetAt(p: usize): usize {
  if (byteAt(p) != 0x54 || byteAt(p + 3) != 0x3a || byteAt(p + 6) != 0x3a) return 0
  // A negative number is a large one without sign.
  if (<u32>twoDigits(p + 1) > 23 || <u32>twoDigits(p + 4) > 59 || <u32>twoDigits(p + 7) > 59) return 0
  let q = p + 9
  if (byteAt(q) == DOT) {
    const first = ++q
    while (isDigit(byteAt(q))) q++
    if (q == first || q > first + 7) return 0
  }
  const c = byteAt(q)
  if (c == 0x5a) return byteAt(q + 1) == QUOTE ? q : 0
  if (c != 0x2b && c != DASH) return 0
  if (<u32>twoDigits(q + 1) > 13 || <u32>twoDigits(q + 4) > 59 || byteAt(q + 3) != 0x3a) return 0
  return byteAt(q + 6) == QUOTE ? q : 0
}

/** Returns a number that orders dates. */
export function dayOrder(): i32 {
  return year * 10000 + month * 100 + day
}

/** Moves the date by days (proleptic Gregorian calendar). Returns false if it leaves the years 1 to 9999. */
export function moveDate(days: i32): bool {
  // Converts to days since 0000-03-01 and back (H. Hinnant, chrono-compatible low-level date algorithms).
  const y = month <= 2 ? year - 1 : year
  const dayOfYear = (153 * ((month + 9) % 12) + 2) / 5
  const count = y * 365 + y / 4 - y / 100 + y / 400 + dayOfYear + day - 1 + days
  if (count < 306) return false
  const era = count / 146097
  const dayOfEra = count - era * 146097
  const yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146096) / 365
  const dayLeft = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
  const shifted = (5 * dayLeft + 2) / 153
  day = dayLeft - (153 * shifted + 2) / 5 + 1
  month = shifted < 10 ? shifted + 3 : shifted - 9
  year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  return year <= 9999
}

/** Writes `YYYY-MM-DD` at `at`. */
export function writeDate(at: usize): void {
  const century = year / 100
  writeTwo(at, century)
  writeTwo(at + 2, year - century * 100)
  store<u8>(at, DASH, 4)
  writeTwo(at + 5, month)
  store<u8>(at, DASH, 7)
  writeTwo(at + 8, day)
}

@inline
function writeTwo(at: usize, value: i32): void {
  const tens = value / 10
  store<u8>(at, <u8>(0x30 + tens))
  store<u8>(at, <u8>(0x30 + value - tens * 10), 1)
}
