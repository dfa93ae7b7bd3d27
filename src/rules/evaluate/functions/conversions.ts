import { parseDecimal } from '../../../fhir/decimal.js'
import { present } from '../../../invariant.js'
import type { Invocation } from '../invocation.js'
import { type Items, NOTHING } from '../item.js'
import { boolean, integer, isMoment, isNumber, momentValue, string, type Value, valueText } from '../value.js'
import type { FunctionRow, Gives } from './row.js'

/** Converts a value; undefined (empty) if it cannot be converted. */
type Conversion = (value: Value) => Value | undefined

const DATE_LENGTHS: Readonly<Record<number, number>> = { 1: 4, 2: 7 }

const hasText = (value: Value): value is Value & { readonly text: string } =>
  value.kind === 'string' || (isMoment(value) && value.kind !== 'time')

function toDate(value: Value): Value | undefined {
  if (value.kind === 'date') return value
  const moment = value.kind === 'string' ? momentValue('dateTime', value.text) : value
  if (moment?.kind !== 'dateTime') return undefined
  const { precision, offsetAt } = moment.moment
  // The original keeps the offset of a dateTime on the date.
  const text = moment.text.slice(0, DATE_LENGTHS[precision] ?? 10) + moment.text.slice(offsetAt)
  return momentValue('date', text)
}

const toDateTime = (value: Value): Value | undefined =>
  value.kind === 'dateTime' ? value : hasText(value) ? momentValue('dateTime', value.text) : undefined

const toTime = (value: Value): Value | undefined =>
  value.kind === 'time' ? value : value.kind === 'string' ? momentValue('time', value.text) : undefined

const INTEGER = /^[+-]?\d{1,10}$/
const DECIMAL = /^[+-]?\d+(?:\.\d+)?$/

function toInteger(value: Value): Value | undefined {
  if (value.kind === 'integer') return value
  if (value.kind === 'boolean') return integer(value.value ? 1 : 0)
  if (value.kind !== 'string' || !INTEGER.test(value.text)) return undefined
  const number = Number(value.text)
  return number > 2147483647 || number < -2147483648 ? undefined : integer(number)
}

function toDecimal(value: Value): Value | undefined {
  if (isNumber(value)) return { kind: 'decimal', value: value.value }
  if (value.kind === 'boolean')
    return { kind: 'decimal', value: { units: value.value ? 10n : 0n, scale: value.value ? 1 : 0 } }
  const parsed = value.kind === 'string' && DECIMAL.test(value.text) ? parseDecimal(value.text) : undefined
  return parsed === undefined ? undefined : { kind: 'decimal', value: parsed }
}

const TRUE = new Set(['true', 't', 'yes', 'y', '1', '1.0'])
const FALSE = new Set(['false', 'f', 'no', 'n', '0', '0.0'])

function toBoolean(value: Value): Value | undefined {
  if (value.kind === 'boolean') return value
  if (value.kind !== 'string' && !isNumber(value)) return undefined
  const text = valueText(value).toLowerCase()
  return TRUE.has(text) ? boolean(true) : FALSE.has(text) ? boolean(false) : undefined
}

const QUANTITY = /^([+-]?\d+(?:\.\d+)?)(?:\s*'([^']+)'|\s+([a-z]+))?$/

function toQuantity(value: Value): Value | undefined {
  if (value.kind === 'quantity') return value
  if (isNumber(value)) return { kind: 'quantity', value: value.value, unit: '1' }
  const [, number, quoted, unit] = (value.kind === 'string' && QUANTITY.exec(value.text)) || []
  const parsed = number === undefined ? undefined : parseDecimal(number)
  return parsed === undefined ? undefined : { kind: 'quantity', value: parsed, unit: quoted ?? unit ?? '1' }
}

const CONVERSIONS: Readonly<Record<string, readonly [gives: Gives, convert: Conversion]>> = {
  String: ['string', (value) => string(valueText(value))],
  Integer: ['number', toInteger],
  Decimal: ['number', toDecimal],
  Boolean: ['boolean', toBoolean],
  Date: ['moment', toDate],
  DateTime: ['moment', toDateTime],
  Time: ['moment', toTime],
  Quantity: ['quantity', toQuantity],
}

const converting =
  (give: (converted: Value | undefined) => Items, convert: Conversion) =>
  (invocation: Invocation): Items => {
    const value = invocation.value()
    return value === undefined ? NOTHING : give(convert(value))
  }

const onValue = { takes: 'value', args: [] } as const

const ROWS: Readonly<Record<string, FunctionRow>> = Object.fromEntries(
  Object.entries(CONVERSIONS).flatMap(([type, [gives, convert]]): [string, FunctionRow][] => [
    [
      `to${type}`,
      { ...onValue, gives, run: converting((value) => (value === undefined ? NOTHING : [value]), convert) },
    ],
    [
      `convertsTo${type}`,
      { ...onValue, gives: 'boolean', run: converting((value) => [boolean(value !== undefined)], convert) },
    ],
  ]),
)

/** Makes `toX()` and `convertsToX()`, which tests whether `toX()` has a result. */
export const CONVERSION_FUNCTIONS: Readonly<Record<string, FunctionRow>> = {
  ...ROWS,
  // The argument is a unit; the original does not convert to it either.
  toQuantity: {
    ...onValue,
    args: ['text'],
    optional: 1,
    gives: 'quantity',
    run: present(ROWS.toQuantity, 'toQuantity').run,
  },
}
