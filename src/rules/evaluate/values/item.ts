import { type Moment, parseMoment, parseTime } from '../../../fhir/dates.js'
import { compareDecimals, type Decimal, decimalText, parseDecimal } from '../../../fhir/decimal.js'
import { compareMoments } from './moments.js'

/**
 * One FHIRPath value, as a case of generalize computes with them. `leafType` is the FHIR type of a value that is the
 * leaf itself; computed values have none.
 */
export type Item = (
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'integer' | 'long' | 'decimal'; readonly value: Decimal }
  | { readonly kind: 'date' | 'dateTime' | 'time'; readonly text: string; readonly moment: Moment }
  | { readonly kind: 'quantity'; readonly value: Decimal; readonly unit: string }
) & { readonly leafType?: string }

export type NumberItem = Extract<Item, { kind: 'integer' | 'long' | 'decimal' }>
export type MomentItem = Extract<Item, { kind: 'date' | 'dateTime' | 'time' }>
export type Items = readonly Item[]

/** Thrown where an expression has no result for the value; caught by the case. The message quotes no value. */
export class EvaluationError {
  constructor(readonly message: string) {}
}

export const fail = (message: string): never => {
  throw new EvaluationError(message)
}

export const string = (text: string): Item => ({ kind: 'string', text })
export const boolean = (value: boolean): Item => ({ kind: 'boolean', value })
export const integer = (value: number | bigint): Item => ({
  kind: 'integer',
  value: { units: BigInt(value), scale: 0 },
})
export const decimalItem = (value: Decimal): Item => ({ kind: 'decimal', value })

/** A date or time from its text; undefined where it is none. */
export function momentItem(kind: MomentItem['kind'], text: string): MomentItem | undefined {
  const moment = kind === 'time' ? parseTime(text) : parseMoment(text, kind)
  return moment === undefined ? undefined : { kind, text, moment }
}

const INTEGER_TYPES = new Set(['integer', 'positiveInt', 'unsignedInt'])

/** The value of a FHIR primitive (law 2.6, 2.7); undefined where the text is no value of the type. */
export function leafItem(type: string, text: string): Item | undefined {
  if (INTEGER_TYPES.has(type) || type === 'integer64' || type === 'decimal') {
    const value = parseDecimal(text)
    if (value === undefined) return undefined
    const kind = type === 'decimal' || value.scale > 0 ? 'decimal' : type === 'integer64' ? 'long' : 'integer'
    return { kind, value, leafType: type }
  }
  switch (type) {
    case 'boolean':
      return text === 'True' || text === 'False'
        ? { kind: 'boolean', value: text === 'True', leafType: type }
        : undefined
    case 'date':
    case 'time':
    case 'dateTime':
    case 'instant': {
      const item = momentItem(type === 'instant' ? 'dateTime' : type, text)
      return item === undefined ? undefined : { ...item, leafType: type }
    }
    default:
      return { kind: 'string', text, leafType: type }
  }
}

/** FHIRPath's `toString()`. */
export function itemText(item: Item): string {
  switch (item.kind) {
    case 'boolean':
      return String(item.value)
    case 'integer':
    case 'long':
    case 'decimal':
      return decimalText(item.value)
    case 'quantity':
      return `${decimalText(item.value)} ${item.unit}`
    default:
      return item.text
  }
}

export const isNumber = (item: Item): item is NumberItem =>
  item.kind === 'integer' || item.kind === 'long' || item.kind === 'decimal'

export const isMoment = (item: Item): item is MomentItem =>
  item.kind === 'date' || item.kind === 'dateTime' || item.kind === 'time'

const SYSTEM_TYPES: Readonly<Record<Item['kind'], string>> = {
  string: 'String',
  boolean: 'Boolean',
  integer: 'Integer',
  long: 'Long',
  decimal: 'Decimal',
  date: 'Date',
  dateTime: 'DateTime',
  time: 'Time',
  quantity: 'Quantity',
}

/** `is`: exact names, no inheritance; a prefix `FHIR.` or `System.` counts, without one either matches. */
export function isOfType(item: Item, type: string): boolean {
  const isFhir = item.leafType !== undefined
  const name = item.leafType ?? SYSTEM_TYPES[item.kind]
  return type === name || type === `${isFhir ? 'FHIR' : 'System'}.${name}`
}

/** `=`: undefined (empty) where the precision of two dates differs; values of different kinds are not equal. */
export function equal(left: Item, right: Item): boolean | undefined {
  if (isNumber(left) && isNumber(right)) return compareDecimals(left.value, right.value) === 0
  if (isMoment(left) && isMoment(right)) {
    if ((left.kind === 'time') !== (right.kind === 'time')) return false
    const order = compareMoments(left.moment, right.moment)
    return order === undefined ? undefined : order === 0
  }
  if (left.kind === 'quantity' && right.kind === 'quantity')
    return left.unit === right.unit && compareDecimals(left.value, right.value) === 0
  if (left.kind === 'boolean' && right.kind === 'boolean') return left.value === right.value
  return left.kind === 'string' && right.kind === 'string' && left.text === right.text
}

/** `~`: dates of different precision are not equivalent, case and diacritics of a text do not count. */
export function equivalent(left: Item, right: Item): boolean {
  if (left.kind === 'string' && right.kind === 'string') return folded(left.text) === folded(right.text)
  if (isMoment(left) && isMoment(right) && (left.kind === 'time') !== (right.kind === 'time')) return false
  return equal(left, right) === true
}

const folded = (text: string): string =>
  text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().replace(/\s+/g, ' ').trim()

/** The order of two values; undefined (empty) where precisions differ. Fails across kinds. */
export function order(left: Item, right: Item): number | undefined {
  if (isNumber(left) && isNumber(right)) return compareDecimals(left.value, right.value)
  if (isMoment(left) && isMoment(right) && (left.kind === 'time') === (right.kind === 'time'))
    return compareMoments(left.moment, right.moment)
  if (left.kind === 'quantity' && right.kind === 'quantity' && left.unit === right.unit)
    return compareDecimals(left.value, right.value)
  if (left.kind === 'string' && right.kind === 'string')
    return left.text < right.text ? -1 : left.text > right.text ? 1 : 0
  return fail('values of different kinds have no order')
}
