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
  // Dates that cannot be shifted are redacted.
  records: ['PERTURB', 'REDACT'],
  reach: 'values',
  changesOnly: { types: new Set(['date', 'dateTime', 'instant']), noun: 'date' },
  keysOf: (_, { dateShiftFixedOffsetInDays }) =>
    dateShiftFixedOffsetInDays === undefined ? ['dateShiftKey'] : [],
  compile: (_, context) => compileDateShift(context),
  walk: ({ type }) => (isDateType(type) ? 'shift' : 'keep'),
  resultOf: ({ type }) => (isDateType(type) ? 'shifted' : 'kept'),
})

/**
 * Moves a date by the days that its prefix and the key decide and zeroes its time (law 6.2), or removes its time and
 * offset (`dateShiftTimeZone`). A date is redacted instead if it has no day, belongs to a person over 89 or to no
 * known patient, or would leave the years 1 to 9999.
 */
function compileDateShift(context: Pick<MethodContext, 'asOf' | 'parameters'>): LeafMethod {
  const { parameters } = context
  const redactDate = compileDateRedact(context)
  const isOver89 = over89Test(context)
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

/** Returns 1 if .NET rounds the fraction up to a whole second of the next day, otherwise 0 (law 6.2). */
const rolledDays = ({ hour, minute, second, fractionTicks }: Moment): number =>
  fractionTicks === TICKS_PER_SECOND && hour === 23 && minute === 59 && second === 59 ? 1 : 0

/** Returns the time part with zeroed digits and the offset as written; '' unless it has seconds and an offset. */
function zeroedTime({ text }: Leaf, moment: Moment): string {
  if (moment.precision < 6 || moment.offsetMinutes === undefined || moment.hasComma) return ''
  const fractionDigits = moment.offsetAt - FRACTION_DIGITS_AT
  const time = fractionDigits <= 0 ? 'T00:00:00' : `T00:00:00.${'0'.repeat(fractionDigits)}`
  return time + text.slice(moment.offsetAt)
}

const FRACTION_DIGITS_AT = '2015-02-07T13:28:17.'.length

/** Time of every shifted instant, because an instant must have one. */
const MIDNIGHT_UTC = 'T00:00:00Z'

/**
 * Returns the time part without the true offset: '' for a dateTime. An offset reflects daylight saving at the true
 * date and so would narrow down the shift.
 */
const timeWithoutZone = ({ type }: Leaf): string => (type === 'instant' ? MIDNIGHT_UTC : '')
