import {
  decimal,
  decimalFromDouble,
  negate,
  powerOfTen,
  roundHalfEven,
  toDouble,
  truncated,
  withoutTrailingZeros,
} from '../../../fhir/decimal.js'
import { decimalItem, fail, type Item, integer, type NumberItem } from './item.js'

/** A function on one number; undefined (empty) where it has no result. */
type NumberFunction = (item: NumberItem, argument: NumberItem | undefined) => Item | undefined

export const NUMBER_FUNCTIONS: Readonly<Record<string, NumberFunction>> = {
  abs: (item) => (item.value.units < 0n ? { kind: item.kind, value: negate(item.value) } : withoutNode(item)),
  ceiling: ({ value }) => {
    const whole = truncated(value)
    return inRange(value.units > 0n && !isWhole(value.units, value.scale) ? whole + 1n : whole)
  },
  floor: ({ value }) => {
    const whole = truncated(value)
    return inRange(value.units < 0n && !isWhole(value.units, value.scale) ? whole - 1n : whole)
  },
  truncate: ({ value }) => inRange(truncated(value)),
  round: ({ value }, decimals) => {
    const count = decimals === undefined ? 0 : Number(truncated(decimals.value))
    return count < 0 ? fail('round() takes a count of decimals') : decimalItem(roundHalfEven(value, count))
  },
  exp: ({ value }) => fromDouble(Math.exp(toDouble(value))),
  ln: ({ value }) => fromDouble(Math.log(toDouble(value))),
  sqrt: ({ value }) => fromDouble(Math.sqrt(toDouble(value))),
  log: ({ value }, base) =>
    base === undefined ? undefined : fromDouble(Math.log(toDouble(value)) / Math.log(toDouble(base.value))),
  power: (item, exponent) => {
    if (exponent === undefined) return undefined
    const result = toDouble(item.value) ** toDouble(exponent.value)
    if (item.kind !== 'integer' || exponent.kind !== 'integer' || exponent.value.units < 0n)
      return fromDouble(result)
    return Number.isSafeInteger(result) ? inRange(BigInt(result)) : fail('an integer overflows')
  },
}

const withoutNode = ({ kind, value }: NumberItem): Item => ({ kind, value })

const isWhole = (units: bigint, scale: number): boolean => units % powerOfTen(scale) === 0n

const inRange = (value: bigint): Item =>
  value > 2147483647n || value < -2147483648n ? fail('an integer overflows') : integer(value)

const fromDouble = (value: number): Item | undefined =>
  Number.isFinite(value)
    ? decimalItem(value === 0 ? decimal(0n) : withoutTrailingZeros(decimalFromDouble(value)))
    : undefined
