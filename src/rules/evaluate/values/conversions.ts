import { parseDecimal } from '../../../fhir/decimal.js'
import { boolean, type Item, integer, isMoment, isNumber, itemText, momentItem, string } from './item.js'

/** `toX()` of one item; undefined (empty) where it cannot be converted, which is also what `convertsToX()` tells. */
export const CONVERSIONS: Readonly<Record<string, (item: Item) => Item | undefined>> = {
  String: (item) => string(itemText(item)),
  Integer: toInteger,
  Decimal: toDecimal,
  Boolean: toBoolean,
  Date: (item) => {
    if (item.kind === 'date') return item
    const moment = item.kind === 'string' ? momentItem('dateTime', item.text) : item
    if (moment?.kind !== 'dateTime') return undefined
    const { precision, offsetAt } = moment.moment
    // The original keeps the offset of a date-time on its date.
    return momentItem(
      'date',
      moment.text.slice(0, DATE_LENGTHS[precision] ?? 10) + moment.text.slice(offsetAt),
    )
  },
  DateTime: (item) =>
    item.kind === 'dateTime' ? item : hasText(item) ? momentItem('dateTime', item.text) : undefined,
  Time: (item) =>
    item.kind === 'time' ? item : item.kind === 'string' ? momentItem('time', item.text) : undefined,
  Quantity: toQuantity,
}

const DATE_LENGTHS: Readonly<Record<number, number>> = { 1: 4, 2: 7 }

const hasText = (item: Item): item is Item & { readonly text: string } =>
  item.kind === 'string' || (isMoment(item) && item.kind !== 'time')

const INTEGER = /^[+-]?\d{1,10}$/
const DECIMAL = /^[+-]?\d+(?:\.\d+)?$/

function toInteger(item: Item): Item | undefined {
  if (item.kind === 'integer') return item
  if (item.kind === 'boolean') return integer(item.value ? 1 : 0)
  if (item.kind !== 'string' || !INTEGER.test(item.text)) return undefined
  const value = Number(item.text)
  return value > 2147483647 || value < -2147483648 ? undefined : integer(value)
}

function toDecimal(item: Item): Item | undefined {
  if (isNumber(item)) return { kind: 'decimal', value: item.value }
  if (item.kind === 'boolean')
    return { kind: 'decimal', value: { units: item.value ? 10n : 0n, scale: item.value ? 1 : 0 } }
  const value = item.kind === 'string' && DECIMAL.test(item.text) ? parseDecimal(item.text) : undefined
  return value === undefined ? undefined : { kind: 'decimal', value }
}

const TRUE = new Set(['true', 't', 'yes', 'y', '1', '1.0'])
const FALSE = new Set(['false', 'f', 'no', 'n', '0', '0.0'])

function toBoolean(item: Item): Item | undefined {
  if (item.kind === 'boolean') return item
  if (item.kind !== 'string' && !isNumber(item)) return undefined
  const text = itemText(item).toLowerCase()
  return TRUE.has(text) ? boolean(true) : FALSE.has(text) ? boolean(false) : undefined
}

const QUANTITY = /^([+-]?\d+(?:\.\d+)?)(?:\s*'([^']+)'|\s+([a-z]+))?$/

function toQuantity(item: Item): Item | undefined {
  if (item.kind === 'quantity') return item
  if (isNumber(item)) return { kind: 'quantity', value: item.value, unit: '1' }
  const match = item.kind === 'string' ? QUANTITY.exec(item.text) : null
  const value = match === null ? undefined : parseDecimal(match[1])
  return match === null || value === undefined
    ? undefined
    : { kind: 'quantity', value, unit: match[2] ?? match[3] ?? '1' }
}
