import { parseMoment } from '../../fhir/dates.js'

/** A calendar day; the first of the month or year for a date without a day or month. */
export interface CalendarDay {
  readonly year: number
  readonly month: number
  readonly day: number
}

/** The oldest age that HIPAA's Safe Harbor allows to be published (45 CFR 164.514(b)(2)(i)(C)). */
export const OLDEST_AGE = 89

/** Returns a test whether a person born on a date is over 89 on the day `asOf` (`YYYY-MM-DD`). */
export function over89Test(asOf: string): (birth: CalendarDay) => boolean {
  const limit = over89Limit(asOf)
  return (birth) => dayOrder(birth) <= limit
}

/** Returns the last birthday of a person over 89, as year · 10000 + month · 100 + day. */
export function over89Limit(asOf: string): number {
  const today = parseMoment(asOf, 'date')
  if (today === undefined) throw new RangeError('asOf is not a date')
  return dayOrder({ ...today, year: today.year - OLDEST_AGE - 1 })
}

/** Returns a number that orders dates. */
const dayOrder = ({ year, month, day }: CalendarDay): number => year * 10000 + month * 100 + day
