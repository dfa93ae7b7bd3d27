import { dateText, dayNumber, isDateType, type Moment, TICKS_PER_SECOND } from '../../fhir/dates.js'
import { type Leaf, type LeafMethod, RECORD, UNCHANGED } from './leaf.js'
import { type MethodContext, method } from './method.js'
import { over89Test } from './over-89.js'
import { compileDateRedact, parseLeafDate } from './redact.js'
import { compileShiftDays } from './shift-days.js'

export const dateShift = method({
  name: 'dateShift',
  summary: 'moves a date by up to 50 days (`dateShiftRangeInDays`), decided by a key',
  settings: {},
  // What it cannot shift, it redacts.
  records: ['PERTURB', 'REDACT'],
  reach: 'values',
  changesOnly: { types: new Set(['date', 'dateTime', 'instant']), noun: 'date' },
  keysOf: (_, { dateShiftFixedOffsetInDays }) =>
    dateShiftFixedOffsetInDays === undefined ? ['dateShiftKey'] : [],
  compile: (_, context) => compileDateShift(context),
  walk: ({ type }) => (isDateType(type) ? 'shift' : 'keep'),
})

/**
 * Moves a date by the days its prefix and the key decide and zeroes its time (law 6.2), or removes its time and offset
 * (`dateShiftTimeZone`). A date without day, of somebody over 89, without known patient, or that leaves the years 1 to
 * 9999 is redacted as dates are.
 */
function compileDateShift(context: Pick<MethodContext, 'asOf' | 'parameters'>): LeafMethod {
  const { asOf, parameters } = context
  const redactDate = compileDateRedact(context)
  const isOver89 = over89Test(asOf)
  const shiftDays = compileShiftDays(parameters)
  const timeOf = parameters.dateShiftTimeZone === 'remove' ? timeWithoutZone : zeroedTime
  return (leaf, place) => {
    if (!isDateType(leaf.type)) return UNCHANGED
    const moment = parseLeafDate(leaf)
    if (moment === undefined || moment.precision < 3 || isOver89(moment)) return redactDate(leaf)
    const days = shiftDays.ofPrefix(place.prefix())
    if (days === undefined) return redactDate(leaf)
    const shifted = dateText(dayNumber(moment.year, moment.month, moment.day) + days + rolledDays(moment))
    if (shifted === undefined) return redactDate(leaf)
    return { record: RECORD.PERTURB, json: `"${shifted}${timeOf(leaf, moment)}"` }
  }
}

/** A fraction that .NET rounds up to a whole second can be the next day's (law 6.2). */
const rolledDays = ({ hour, minute, second, fractionTicks }: Moment): number =>
  fractionTicks === TICKS_PER_SECOND && hour === 23 && minute === 59 && second === 59 ? 1 : 0

/** The time part with its digits zeroed and its offset as written; '' unless seconds and offset are there. */
function zeroedTime({ text }: Leaf, moment: Moment): string {
  if (moment.precision < 6 || moment.offsetMinutes === undefined || moment.hasComma) return ''
  const fractionDigits = moment.offsetAt - FRACTION_DIGITS_AT
  const time = fractionDigits <= 0 ? 'T00:00:00' : `T00:00:00.${'0'.repeat(fractionDigits)}`
  return time + text.slice(moment.offsetAt)
}

const FRACTION_DIGITS_AT = '2015-02-07T13:28:17.'.length

/** The time of every shifted instant, as an instant must have one. */
export const MIDNIGHT_UTC = 'T00:00:00Z'

/** An offset follows daylight saving at the true date and so narrows down the shift: a date-time becomes a date. */
const timeWithoutZone = ({ type }: Leaf): string => (type === 'instant' ? MIDNIGHT_UTC : '')
