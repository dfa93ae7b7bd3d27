import { dateShift } from '../../anonymizer/methods/date-shift.js'
import { isLinearShift, shiftCountOf, shiftRangeOf } from '../../anonymizer/methods/shift-days.js'
import type { Parameters } from '../../anonymizer/parameters.js'
import type { Rule } from '../../anonymizer/spec.js'
import type { ConfigProblem, Notice } from '../text/problem.js'

type ShiftParameters = Pick<
  Parameters,
  | 'dateShiftScope'
  | 'dateShiftFixedOffsetInDays'
  | 'dateShiftRangeInDays'
  | 'dateShiftExcludeZero'
  | 'dateShiftKeepWeekday'
  | 'dateShiftTimeZone'
>

const FEW_SHIFTS = 30

/** A range that leaves no choice, and settings that a fixed offset contradicts. */
export function dateShiftProblems(parameters: ShiftParameters): ConfigProblem[] {
  const { dateShiftFixedOffsetInDays: fixed, dateShiftRangeInDays: range } = parameters
  const { dateShiftExcludeZero, dateShiftKeepWeekday } = parameters
  const problems: ConfigProblem[] = []
  const path = 'parameters.dateShiftRangeInDays'
  if (shiftCount(parameters) < 2)
    problems.push({
      path,
      message:
        dateShiftKeepWeekday === true
          ? 'must hold at least two whole weeks (dateShiftKeepWeekday), or every patient has the same shift'
          : 'must hold at least two different shifts, or every patient has the same one',
    })
  else if (fixed !== undefined && range !== undefined)
    problems.push({ path, message: 'has no effect beside dateShiftFixedOffsetInDays: remove one of the two' })
  if (fixed === 0 && dateShiftExcludeZero === true)
    problems.push({
      path: 'parameters.dateShiftExcludeZero',
      message: 'contradicts dateShiftFixedOffsetInDays, which is 0: every date would keep its true day',
    })
  if (fixed !== undefined && dateShiftKeepWeekday === true && fixed % 7 !== 0)
    problems.push({
      path: 'parameters.dateShiftKeepWeekday',
      message: 'contradicts dateShiftFixedOffsetInDays, which is not a multiple of 7',
    })
  return problems
}

/** What lets the reader of an output find the true dates. Silent where no rule shifts dates. */
export function dateShiftNotices(parameters: ShiftParameters, rules: readonly Rule[]): Notice[] {
  if (!rules.some(({ method }) => method === dateShift.name)) return []
  const { dateShiftScope, dateShiftFixedOffsetInDays: fixed, dateShiftTimeZone } = parameters
  const notices: Notice[] = []
  if (fixed !== undefined)
    notices.push({
      code: 'date-shift-fixed',
      path: 'parameters.dateShiftFixedOffsetInDays',
      message:
        fixed === 0
          ? 'is 0: every date keeps its true day'
          : 'moves all dates alike: one known date gives every other; "dateShiftScope": "patient" with a key does not',
    })
  else if (isLinearShift(parameters))
    notices.push({
      code: 'date-shift-linear',
      path: 'parameters.dateShiftScope',
      message:
        `is ${dateShiftScope}: the original's hash is linear, so one known date gives the shift of every ` +
        (dateShiftScope === 'resource'
          ? 'resource'
          : `${dateShiftScope}, in this release and in all others`) +
        '; "patient" does not',
    })
  if (fixed === undefined && shiftCount(parameters) < FEW_SHIFTS)
    notices.push({
      code: 'date-shift-narrow',
      path: 'parameters.dateShiftRangeInDays',
      message: `leaves ${shiftCount(parameters)} possible shifts: the true date is one of as many days`,
    })
  if (dateShiftTimeZone !== 'remove')
    notices.push({
      code: 'date-shift-time-zone',
      path: 'parameters.dateShiftTimeZone',
      message:
        'is "keep": an offset such as -04:00 on a date shifted into January shows that the true date is in summer; ' +
        '"remove" writes a dateTime as a date and an instant as midnight UTC',
    })
  return notices
}

const shiftCount = (parameters: ShiftParameters): number => shiftCountOf(shiftRangeOf(parameters))
