import * as decimals from '../../../fhir/decimal.js'
import { decimalItem, fail, type Item, isMoment, isNumber, itemText, momentItem, string } from './item.js'
import { moved } from './moments.js'

const LARGEST_INTEGER = 2147483647n

/** A whole number of the wider of two kinds; fails beyond 32 (integer) or 64 bits (long). */
function whole(units: bigint, kind: 'integer' | 'long'): Item {
  const limit = kind === 'integer' ? LARGEST_INTEGER : 2n ** 63n - 1n
  if (units > limit || units < -limit - 1n) return fail('an integer overflows')
  return { kind, value: decimals.decimal(units) }
}

type Arithmetic = (left: decimals.Decimal, right: decimals.Decimal) => decimals.Decimal

/** Integers stay integers, anything with a decimal is a decimal. Fails for what is no number. */
function arithmetic(left: Item, right: Item, compute: Arithmetic): Item {
  if (!isNumber(left) || !isNumber(right)) return fail('arithmetic needs numbers')
  const value = compute(left.value, right.value)
  if (left.kind === 'decimal' || right.kind === 'decimal') return decimalItem(value)
  return whole(value.units, left.kind === 'long' || right.kind === 'long' ? 'long' : 'integer')
}

/** Numbers add, texts join, dates move by calendar units. */
export function add(left: Item, right: Item): Item | undefined {
  if (left.kind === 'string' && right.kind === 'string') return string(left.text + right.text)
  if (isMoment(left) && right.kind === 'quantity') return shiftedMoment(left, right.value, right.unit)
  return arithmetic(left, right, decimals.add)
}

export function subtract(left: Item, right: Item): Item | undefined {
  if (isMoment(left) && right.kind === 'quantity')
    return shiftedMoment(left, decimals.negate(right.value), right.unit)
  return arithmetic(left, right, (a, b) => decimals.add(a, decimals.negate(b)))
}

function shiftedMoment(item: Item, count: decimals.Decimal, unit: string): Item | undefined {
  if (!isMoment(item) || item.kind === 'time') return fail('a time cannot be moved')
  const text = moved(item.text, item.moment, Number(decimals.truncated(count)), unit)
  return text === undefined ? fail('a date cannot be moved by that') : momentItem(item.kind, text)
}

export const multiply = (left: Item, right: Item): Item => arithmetic(left, right, decimals.multiply)

/** Always a decimal; empty for a division by zero. */
export function divide(left: Item, right: Item): Item | undefined {
  if (!isNumber(left) || !isNumber(right)) return fail('arithmetic needs numbers')
  return right.value.units === 0n ? undefined : decimalItem(decimals.divide(left.value, right.value))
}

/** `div`: 32 bits for integers, 64 bits for decimals; empty for a division by zero. */
export function wholeQuotient(left: Item, right: Item): Item | undefined {
  if (!isNumber(left) || !isNumber(right)) return fail('arithmetic needs numbers')
  if (right.value.units === 0n) return undefined
  const quotient =
    (left.value.units * decimals.powerOfTen(right.value.scale)) /
    (right.value.units * decimals.powerOfTen(left.value.scale))
  return whole(quotient, left.kind === 'integer' && right.kind === 'integer' ? 'integer' : 'long')
}

export function remainder(left: Item, right: Item): Item | undefined {
  if (isNumber(right) && right.value.units === 0n) return undefined
  return arithmetic(left, right, decimals.remainder)
}

export function negate(item: Item): Item {
  if (!isNumber(item)) return fail('only a number has a sign')
  return { kind: item.kind, value: decimals.negate(item.value) }
}

/** `&`: an empty side counts as ''. */
export function concatenate(left: Item | undefined, right: Item | undefined): Item {
  const texts = [left, right].map((item) => {
    if (item === undefined) return ''
    return item.kind === 'string' ? itemText(item) : fail('& joins texts')
  })
  return string(texts.join(''))
}
