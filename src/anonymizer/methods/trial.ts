import { isDateType } from '../../fhir/dates.js'
import type { Result } from '../../rules/explain/result.js'
import { isFailure, type LeafMethod } from './leaf.js'
import type { LeafPlaceFacts } from './method.js'

/**
 * Values that no condition should let through as they are: texts that nobody lists, full dates, large numbers. The
 * empty list of a type means any text.
 */
const TRIED: Readonly<Record<string, readonly string[]>> = {
  date: ['1987-06-05', '2011-11-30'],
  dateTime: ['1987-06-05', '1987-06-05T07:08:09+02:00', '2011-11-30T17:18:19Z'],
  instant: ['1987-06-05T07:08:09.123+02:00', '2011-11-30T17:18:19Z'],
  time: ['07:08:09'],
  boolean: ['True', 'False'],
  decimal: ['7000000017', '617555.0199'],
  integer: ['7000000017', '617550199'],
  positiveInt: ['7000000017', '617550199'],
  unsignedInt: ['7000000017', '617550199'],
}
const TEXTS = ['Zacharias Quillfeather, 12 Foxglove Rd', 'zq-617-555-0199', '02139', '1987-06-05']

const PLACE = { prefix: () => '', item: '', record: 0, offset: 0 }

/**
 * Returns what a method makes of values that it has to hide, by trying it: the weakest of the results. `generalized` if
 * it removes them all, because it may write something for other values.
 */
export function resultOfTrial(leaf: LeafPlaceFacts, change: LeafMethod): Result {
  const results = (TRIED[leaf.type] ?? TEXTS).map((text) => trial(leaf, change, text))
  if (results.every((result) => result === 'rejected')) return 'rejected'
  return WEAKEST_FIRST.find((result) => results.includes(result)) ?? 'generalized'
}

const WEAKEST_FIRST: readonly Result[] = ['kept', 'month', 'generalized', 'year']

function trial(leaf: LeafPlaceFacts, change: LeafMethod, text: string): Result {
  const outcome = change({ ...leaf, text, isReferenceValue: false }, PLACE)
  if (isFailure(outcome)) return 'rejected'
  const { json } = outcome
  if (json === null) return 'removed'
  if (json === undefined || json === text || json === JSON.stringify(text)) return 'kept'
  if (!isDateType(leaf.type)) return 'generalized'
  if (json === `"${text.slice(0, 4)}"`) return 'year'
  return json.startsWith(`"${text.slice(0, 7)}`) ? 'month' : 'generalized'
}
