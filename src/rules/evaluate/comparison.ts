import { compareDecimals } from '../../fhir/decimal.js'
import { fail } from './evaluation-error.js'
import { compareMoments } from './moments.js'
import { isMoment, isNumber, type Value } from './value.js'

/** `=`: undefined (empty) if the precisions of two dates differ. Values of different kinds are not equal. */
export function equal(left: Value, right: Value): boolean | undefined {
  if (left.kind === 'string' || right.kind === 'string')
    return left.kind === 'string' && right.kind === 'string' && left.text === right.text
  if (isNumber(left) && isNumber(right)) return compareDecimals(left.value, right.value) === 0
  if (isMoment(left) && isMoment(right)) {
    if ((left.kind === 'time') !== (right.kind === 'time')) return false
    const order = compareMoments(left.moment, right.moment)
    return order === undefined ? undefined : order === 0
  }
  if (left.kind === 'quantity' && right.kind === 'quantity')
    return left.unit === right.unit && compareDecimals(left.value, right.value) === 0
  return left.kind === 'boolean' && right.kind === 'boolean' && left.value === right.value
}

/** `~`: dates of different precision are not equivalent; case and diacritics of texts are ignored. */
export function equivalent(left: Value, right: Value): boolean {
  if (left.kind === 'string' && right.kind === 'string') return folded(left.text) === folded(right.text)
  return equal(left, right) === true
}

const folded = (text: string): string =>
  text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().replace(/\s+/g, ' ').trim()

/** Orders two values; undefined (empty) if precisions differ. Fails across kinds. */
export function order(left: Value, right: Value): number | undefined {
  if (isNumber(left) && isNumber(right)) return compareDecimals(left.value, right.value)
  if (isMoment(left) && isMoment(right) && (left.kind === 'time') === (right.kind === 'time'))
    return compareMoments(left.moment, right.moment)
  if (left.kind === 'quantity' && right.kind === 'quantity' && left.unit === right.unit)
    return compareDecimals(left.value, right.value)
  if (left.kind === 'string' && right.kind === 'string')
    return left.text < right.text ? -1 : left.text > right.text ? 1 : 0
  return fail('values of different kinds have no order')
}
