import * as decimals from '../../fhir/decimal.js'
import { fail } from './evaluation-error.js'
import { moved } from './moments.js'
import { decimalValue, isMoment, isNumber, momentValue, string, type Value } from './value.js'

const MAX_INTEGER = 2147483647n

/** Makes a whole number of the wider of two kinds. Fails beyond 32 (integer) or 64 bits (long). */
function whole(units: bigint, kind: 'integer' | 'long'): Value {
  const limit = kind === 'integer' ? MAX_INTEGER : 2n ** 63n - 1n
  if (units > limit || units < -limit - 1n) return fail('an integer overflows')
  return { kind, value: decimals.decimal(units) }
}

type Arithmetic = (left: decimals.Decimal, right: decimals.Decimal) => decimals.Decimal

/** Computes with two numbers: integers give an integer, a decimal gives a decimal. Fails for anything else. */
function arithmetic(left: Value, right: Value, compute: Arithmetic): Value {
  if (!isNumber(left) || !isNumber(right)) return fail('arithmetic needs numbers')
  const value = compute(left.value, right.value)
  if (left.kind === 'decimal' || right.kind === 'decimal') return decimalValue(value)
  return whole(value.units, left.kind === 'long' || right.kind === 'long' ? 'long' : 'integer')
}

/** Numbers add, texts join, dates move by calendar units. */
export function add(left: Value, right: Value): Value | undefined {
  if (left.kind === 'string' && right.kind === 'string') return string(left.text + right.text)
  if (isMoment(left) && right.kind === 'quantity') return shiftedMoment(left, right.value, right.unit)
  return arithmetic(left, right, decimals.add)
}

export function subtract(left: Value, right: Value): Value | undefined {
  if (isMoment(left) && right.kind === 'quantity')
    return shiftedMoment(left, decimals.negate(right.value), right.unit)
  return arithmetic(left, right, (a, b) => decimals.add(a, decimals.negate(b)))
}

function shiftedMoment(item: Value, count: decimals.Decimal, unit: string): Value | undefined {
  if (!isMoment(item) || item.kind === 'time') return fail('a time cannot be moved')
  const text = moved(item.text, item.moment, Number(decimals.truncated(count)), unit)
  return text === undefined ? fail('a date cannot be moved by that') : momentValue(item.kind, text)
}

export const multiply = (left: Value, right: Value): Value => arithmetic(left, right, decimals.multiply)

/** `/`: always gives a decimal; empty for a division by zero. */
export function divide(left: Value, right: Value): Value | undefined {
  if (!isNumber(left) || !isNumber(right)) return fail('arithmetic needs numbers')
  return right.value.units === 0n ? undefined : decimalValue(decimals.divide(left.value, right.value))
}

/** `div`: 32 bits for integers, 64 bits for decimals; empty for a division by zero. */
export function wholeQuotient(left: Value, right: Value): Value | undefined {
  if (!isNumber(left) || !isNumber(right)) return fail('arithmetic needs numbers')
  if (right.value.units === 0n) return undefined
  const quotient =
    (left.value.units * decimals.powerOfTen(right.value.scale)) /
    (right.value.units * decimals.powerOfTen(left.value.scale))
  return whole(quotient, left.kind === 'integer' && right.kind === 'integer' ? 'integer' : 'long')
}

export function remainder(left: Value, right: Value): Value | undefined {
  if (isNumber(left) && isNumber(right) && right.value.units === 0n) return undefined
  return arithmetic(left, right, decimals.remainder)
}
