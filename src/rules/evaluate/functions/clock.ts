import { fail } from '../evaluation-error.js'
import type { Scope } from '../scope.js'
import { type MomentValue, momentValue } from '../value.js'
import type { FunctionRow } from './row.js'

const clock = (kind: MomentValue['kind'], textOf: (scope: Scope) => string): FunctionRow => ({
  takes: 'anything',
  args: [],
  gives: 'moment',
  run: ({ evaluation: { scope } }) => [momentValue(kind, textOf(scope)) ?? fail('no reference day')],
})

/** The run's reference day, at midnight UTC: the same run gives the same bytes on any day. */
export const CLOCK_FUNCTIONS: Readonly<Record<string, FunctionRow>> = {
  today: clock('date', ({ asOf }) => asOf),
  now: clock('dateTime', ({ asOf }) => `${asOf}T00:00:00Z`),
  timeOfDay: clock('time', () => '00:00:00'),
}
