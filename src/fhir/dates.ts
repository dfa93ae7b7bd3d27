/** Precision of a date: 1 year, 2 month, 3 day, 4 hour, 5 minute, 6 second, 7 fraction. */
export type Precision = 1 | 2 | 3 | 4 | 5 | 6 | 7

/**
 * A FHIR date, dateTime, instant or time as written, not converted to UTC. Parts beyond the precision are 1 (month,
 * day) or 0. A time has year 1.
 */
export interface Moment {
  readonly precision: Precision
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  /**
   * Fraction of the second in units of 100 ns, rounded half to even as in .NET; 10,000,000 if it rounds up to a full
   * second.
   */
  readonly fractionTicks: number
  /** Offset from UTC in minutes, at most ±14 h; undefined if none is written. */
  readonly offsetMinutes: number | undefined
  /** Position of the offset in the text; the text's length if there is none. */
  readonly offsetAt: number
  /** Whether the fraction is written with a comma. */
  readonly hasComma: boolean
}

/** Number of 100 ns units per second. */
export const TICKS_PER_SECOND = 10_000_000

/** Whether values of a FHIR type are dates, with or without a time. */
export const isDateType = (type: string): boolean =>
  type === 'date' || type === 'dateTime' || type === 'instant'

const DASH = 0x2d
const COLON = 0x3a

/**
 * Reads the dates that the original's parser accepts (law 2.7): parts may be omitted from the right, an offset may
 * follow at any precision, and a comma may separate the fraction. It must be a real date. Undefined for anything
 * else.
 */
export function parseMoment(text: string, type: 'date' | 'dateTime'): Moment | undefined {
  const year = digits(text, 0, 4)
  if (year < 1) return undefined
  let month = 1
  let day = 1
  let precision: Precision = 1
  let at = 4
  if (isPart(text, at)) {
    month = digits(text, at + 1, 2)
    precision = 2
    at += 3
    if (isPart(text, at)) {
      day = digits(text, at + 1, 2)
      precision = 3
      at += 3
    }
  }
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined
  if (at === text.length) return wholeDays(precision, year, month, day, undefined, at)
  if (text.charCodeAt(at) !== 0x54 || precision < 3 || type === 'date') {
    const offset = offsetMinutes(text, at)
    return offset === undefined ? undefined : wholeDays(precision, year, month, day, offset, at)
  }
  return withTime(text, at + 1, { year, month, day })
}

/** Reads `hh[:mm[:ss[.f]]]`, which may carry an offset, as the original's parser does. */
export function parseTime(text: string): Moment | undefined {
  return withTime(text, 0, { year: 1, month: 1, day: 1 })
}

/** Whether a month or day begins at `at`: a dash that does not start an offset. */
const isPart = (text: string, at: number): boolean =>
  text.charCodeAt(at) === DASH && text.charCodeAt(at + 3) !== COLON

const wholeDays = (
  precision: Precision,
  year: number,
  month: number,
  day: number,
  offset: number | undefined,
  offsetAt: number,
): Moment => ({
  precision,
  year,
  month,
  day,
  hour: 0,
  minute: 0,
  second: 0,
  fractionTicks: 0,
  offsetMinutes: offset,
  offsetAt,
  hasComma: false,
})

function withTime(
  text: string,
  start: number,
  date: { readonly year: number; readonly month: number; readonly day: number },
): Moment | undefined {
  const hour = digits(text, start, 2)
  let minute = 0
  let second = 0
  let fractionTicks = 0
  let precision: Precision = 4
  let hasComma = false
  let at = start + 2
  if (text.charCodeAt(at) === COLON) {
    minute = digits(text, at + 1, 2)
    precision = 5
    at += 3
    if (text.charCodeAt(at) === COLON) {
      second = digits(text, at + 1, 2)
      precision = 6
      at += 3
      const separator = text.charCodeAt(at)
      if (separator === 0x2e || separator === 0x2c) {
        const end = digitsEnd(text, at + 1)
        if (end === at + 1) return undefined
        fractionTicks = ticks(text, at + 1, end)
        hasComma = separator === 0x2c
        precision = 7
        at = end
      }
    }
  }
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return undefined
  const offset = at === text.length ? undefined : offsetMinutes(text, at)
  if (offset === undefined && at !== text.length) return undefined
  const { year, month, day } = date
  return {
    precision,
    year,
    month,
    day,
    hour,
    minute,
    second,
    fractionTicks,
    offsetMinutes: offset,
    offsetAt: at,
    hasComma,
  }
}

function ticks(text: string, start: number, end: number): number {
  const count = end - start
  if (count <= 7) return digits(text, start, count) * 10 ** (7 - count)
  const scaled = Number(`0.${text.slice(start, end)}`) * TICKS_PER_SECOND
  const floor = Math.floor(scaled)
  if (scaled - floor !== 0.5) return Math.round(scaled)
  return floor % 2 === 0 ? floor : floor + 1
}

/** Reads the offset, in minutes, that fills `text` from `at` to its end; undefined for anything else. */
function offsetMinutes(text: string, at: number): number | undefined {
  const sign = text.charCodeAt(at)
  if (sign === 0x5a) return text.length === at + 1 ? 0 : undefined
  if ((sign !== 0x2b && sign !== DASH) || text.length !== at + 6) return undefined
  if (text.charCodeAt(at + 3) !== COLON) return undefined
  const hours = digits(text, at + 1, 2)
  const minutes = digits(text, at + 4, 2)
  if (hours < 0 || minutes < 0 || minutes > 59) return undefined
  const total = hours * 60 + minutes
  if (total > 14 * 60) return undefined
  return sign === DASH ? -total : total
}

/** Reads a number of exactly `count` digits at `at`; -1 for anything else. */
function digits(text: string, at: number, count: number): number {
  if (text.length < at + count) return -1
  let value = 0
  for (let p = at; p < at + count; p++) {
    const digit = text.charCodeAt(p) - 0x30
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return value
}

function digitsEnd(text: string, at: number): number {
  let p = at
  while (p < text.length && text.charCodeAt(p) >= 0x30 && text.charCodeAt(p) <= 0x39) p++
  return p
}

const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** Returns the number of days in a month; NaN if `month` is not between 1 and 12. */
export const daysInMonth = (year: number, month: number): number =>
  month === 2 && isLeapYear(year) ? 29 : (MONTH_DAYS[month - 1] ?? Number.NaN)

const isLeapYear = (year: number): boolean => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)

/** Returns the days since 1970-01-01 (proleptic Gregorian calendar; Howard Hinnant's `days_from_civil`). */
export function dayNumber(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146097 + dayOfEra - 719468
}

/** Returns a day number as `YYYY-MM-DD`; undefined outside the years 1 to 9999. */
export function dateText(days: number): string | undefined {
  const { year, month, day } = civilDate(days)
  if (year < 1 || year > 9999) return undefined
  return `${year < 1000 ? String(year).padStart(4, '0') : year}-${TWO_DIGITS[month]}-${TWO_DIGITS[day]}`
}

/** Returns the date of a day number, the inverse of `dayNumber` (Howard Hinnant's `civil_from_days`). */
export function civilDate(days: number): { year: number; month: number; day: number } {
  const z = days + 719468
  const era = Math.floor(z / 146097)
  const dayOfEra = z - era * 146097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36524) - Math.floor(dayOfEra / 146096)) /
      365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153)
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1,
  }
}

const TWO_DIGITS = Array.from({ length: 32 }, (_, value) => String(value).padStart(2, '0'))
