import { parseMoment } from '../../fhir/dates.js'
import type { Parameters } from '../parameters.js'

/** A calendar day; the first of the month or year for a date without a day or month. */
export interface CalendarDay {
  readonly year: number
  readonly month: number
  readonly day: number
}

/** The oldest age that HIPAA's Safe Harbor allows to be published (45 CFR 164.514(b)(2)(i)(C)). */
export const OLDEST_AGE = 89

/** On what it depends who is over 89: the reference day (`YYYY-MM-DD`) and a parameter. */
interface AgeContext {
  readonly asOf: string
  readonly parameters: Pick<Parameters, 'over89From'>
}

/** Returns a test whether a person born on a date is over 89. */
export function over89Test(context: AgeContext): (birth: CalendarDay) => boolean {
  const limit = over89Limit(context)
  return (birth) => dayOrder(birth) <= limit
}

/**
 * Returns the last birthday of a person over 89, as year · 10000 + month · 100 + day. By years it is the last day of a
 * year: between two outputs of one year no date disappears, which would tell a 90th birthday.
 */
export function over89Limit({ asOf, parameters }: AgeContext): number {
  const today = parseMoment(asOf, 'date')
  if (today === undefined) throw new RangeError('asOf is not a date')
  const year = today.year - OLDEST_AGE - 1
  return dayOrder(parameters.over89From === 'year' ? { year, month: 12, day: 31 } : { ...today, year })
}

/** Returns a number that orders dates. */
const dayOrder = ({ year, month, day }: CalendarDay): number => year * 10000 + month * 100 + day
