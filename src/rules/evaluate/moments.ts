import { civilDate, dateText, dayNumber, daysInMonth, type Moment, type Precision } from '../../fhir/dates.js'

const MINUTES_PER_DAY = 24 * 60

/** Hour, minute and so on in UTC; a missing offset counts as zero. */
function inUtc(moment: Moment): Pick<Moment, 'year' | 'month' | 'day' | 'hour' | 'minute'> {
  const { offsetMinutes, year, month, day, hour, minute } = moment
  if (offsetMinutes === undefined || offsetMinutes === 0) return moment
  const minutes = hour * 60 + minute - offsetMinutes
  const days = Math.floor(minutes / MINUTES_PER_DAY)
  const ofDay = minutes - days * MINUTES_PER_DAY
  const date = days === 0 ? { year, month, day } : civilDate(dayNumber(year, month, day) + days)
  return { ...date, hour: Math.floor(ofDay / 60), minute: ofDay % 60 }
}

/**
 * Orders two dates or times as Firely does: part by part in UTC. Undefined (empty) from the first part that only one of
 * them has, and if only one has an offset.
 */
export function compareMoments(left: Moment, right: Moment): number | undefined {
  const a = inUtc(left)
  const b = inUtc(right)
  if (a.year !== b.year) return a.year - b.year
  if (onlyOneHas(2, left, right)) return undefined
  if (a.month !== b.month) return a.month - b.month
  if (onlyOneHas(3, left, right)) return undefined
  if (a.day !== b.day) return a.day - b.day
  if (onlyOneHas(4, left, right)) return undefined
  if (left.precision >= 4 && (left.offsetMinutes === undefined) !== (right.offsetMinutes === undefined))
    return undefined
  if (a.hour !== b.hour) return a.hour - b.hour
  if (onlyOneHas(5, left, right)) return undefined
  if (a.minute !== b.minute) return a.minute - b.minute
  if (onlyOneHas(6, left, right)) return undefined
  return left.second - right.second || left.fractionTicks - right.fractionTicks
}

const onlyOneHas = (precision: Precision, left: Moment, right: Moment): boolean =>
  left.precision < precision !== right.precision < precision

const MONTHS_PER_UNIT: Readonly<Record<string, number>> = { year: 12, month: 1 }
const DAYS_PER_UNIT: Readonly<Record<string, number>> = { week: 7, day: 1 }

/**
 * Moves a date by calendar units, keeping its other parts as written. Undefined if the unit is not years, months, weeks or
 * days, or is finer than the date. The last day of a month stays the last.
 */
export function moved(text: string, moment: Moment, count: number, unit: string): string | undefined {
  const singular = unit.replace(/s$/, '')
  const months = MONTHS_PER_UNIT[singular]
  const days = DAYS_PER_UNIT[singular]
  if (months === undefined && days === undefined) return undefined
  const { precision, year, month, day } = moment
  const target = year * 12 + (month - 1) + (months ?? 0) * count
  const targetYear = Math.floor(target / 12)
  const targetMonth = (target % 12) + 1
  const targetDay = months === undefined ? day : Math.min(day, daysInMonth(targetYear, targetMonth))
  const date = dateText(dayNumber(targetYear, targetMonth, targetDay) + (days ?? 0) * count)
  if (date === undefined) return undefined
  const writtenLength = precision === 1 ? 4 : precision === 2 ? 7 : 10
  return date.slice(0, writtenLength) + text.slice(writtenLength)
}
