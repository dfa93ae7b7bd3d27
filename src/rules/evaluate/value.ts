import { type Moment, parseMoment, parseTime } from '../../fhir/dates.js'
import { type Decimal, decimalText, parseDecimal } from '../../fhir/decimal.js'
import { fail } from './evaluation-error.js'

/**
 * One FHIRPath value. `leafType` is the FHIR type of a value that an element holds; computed values have none.
 */
export type Value = (
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'integer' | 'long' | 'decimal'; readonly value: Decimal }
  | { readonly kind: 'date' | 'dateTime' | 'time'; readonly text: string; readonly moment: Moment }
  | { readonly kind: 'quantity'; readonly value: Decimal; readonly unit: string }
) & { readonly leafType?: string }

export type NumberValue = Extract<Value, { kind: 'integer' | 'long' | 'decimal' }>
export type MomentValue = Extract<Value, { kind: 'date' | 'dateTime' | 'time' }>

export const string = (text: string): Value => ({ kind: 'string', text })
const TRUE: Value = { kind: 'boolean', value: true }
const FALSE: Value = { kind: 'boolean', value: false }
export const boolean = (value: boolean): Value => (value ? TRUE : FALSE)
export const integer = (value: number | bigint): Value => ({
  kind: 'integer',
  value: { units: BigInt(value), scale: 0 },
})
/** Largest value of 96 bits, the range of a .NET decimal. */
const MAX_UNITS = (1n << 96n) - 1n

/** Makes a computed decimal. Fails if it exceeds the original's number type. */
export const decimalValue = (value: Decimal): Value =>
  value.units > MAX_UNITS || value.units < -MAX_UNITS
    ? fail('a decimal overflows')
    : { kind: 'decimal', value }

/** Parses a date or time; undefined if it is invalid. */
export function momentValue(kind: MomentValue['kind'], text: string): MomentValue | undefined {
  const moment = kind === 'time' ? parseTime(text) : parseMoment(text, kind)
  return moment === undefined ? undefined : { kind, text, moment }
}

const INTEGER_TYPES = new Set(['integer', 'positiveInt', 'unsignedInt'])

/** Parses the value of a FHIR primitive (law 2.5); undefined if the text is invalid for the type. */
export function leafValue(type: string, text: string): Value | undefined {
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
      const value = momentValue(type === 'instant' ? 'dateTime' : type, text)
      return value === undefined ? undefined : { ...value, leafType: type }
    }
    default:
      return { kind: 'string', text, leafType: type }
  }
}

/** Converts a value to text, as FHIRPath's `toString()` does. */
export function valueText(value: Value): string {
  switch (value.kind) {
    case 'boolean':
      return String(value.value)
    case 'integer':
    case 'long':
    case 'decimal':
      return decimalText(value.value)
    case 'quantity':
      return `${decimalText(value.value)} ${value.unit}`
    default:
      return value.text
  }
}

export const isNumber = (value: Value): value is NumberValue =>
  value.kind === 'integer' || value.kind === 'long' || value.kind === 'decimal'

export const isMoment = (value: Value): value is MomentValue =>
  value.kind === 'date' || value.kind === 'dateTime' || value.kind === 'time'
