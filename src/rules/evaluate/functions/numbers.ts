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
import { fail } from '../evaluation-error.js'
import { NOTHING } from '../item.js'
import { decimalValue, integer, isNumber, type NumberValue, type Value } from '../value.js'
import type { FunctionRow } from './row.js'

/** Computes a number; undefined (empty) if there is no result. */
type OnNumber = (value: NumberValue, argument: NumberValue | undefined) => Value | undefined

const row = (of: OnNumber): FunctionRow => ({
  takes: 'number',
  args: [],
  gives: 'number',
  run: (invocation) => {
    const value = invocation.value()
    if (value === undefined) return NOTHING
    if (!isNumber(value)) return fail(`${invocation.call.name}() needs a number`)
    const result = of(value, invocation.number(0))
    return result === undefined ? NOTHING : [result]
  },
})

const withNumber = (of: OnNumber): FunctionRow => ({ ...row(of), args: ['number'] })

/** Functions on numbers; they fail on every other value. */
export const NUMBER_FUNCTIONS: Readonly<Record<string, FunctionRow>> = {
  abs: row(({ kind, value }) => ({ kind, value: value.units < 0n ? negate(value) : value })),
  ceiling: row(({ value }) => {
    const whole = truncated(value)
    return inRange(value.units > 0n && !isWhole(value.units, value.scale) ? whole + 1n : whole)
  }),
  floor: row(({ value }) => {
    const whole = truncated(value)
    return inRange(value.units < 0n && !isWhole(value.units, value.scale) ? whole - 1n : whole)
  }),
  truncate: row(({ value }) => inRange(truncated(value))),
  round: {
    ...withNumber(({ value }, decimals) => {
      const count = decimals === undefined ? 0 : Number(truncated(decimals.value))
      return count < 0 ? fail('round() takes a count of decimals') : decimalValue(roundHalfEven(value, count))
    }),
    optional: 1,
  },
  exp: row(({ value }) => fromDouble(Math.exp(toDouble(value)))),
  ln: row(({ value }) => fromDouble(Math.log(toDouble(value)))),
  sqrt: row(({ value }) => fromDouble(Math.sqrt(toDouble(value)))),
  log: withNumber(({ value }, base) =>
    base === undefined ? undefined : fromDouble(Math.log(toDouble(value)) / Math.log(toDouble(base.value))),
  ),
  power: withNumber((item, exponent) => {
    if (exponent === undefined) return undefined
    const result = toDouble(item.value) ** toDouble(exponent.value)
    if (item.kind !== 'integer' || exponent.kind !== 'integer' || exponent.value.units < 0n)
      return fromDouble(result)
    return Number.isSafeInteger(result) ? inRange(BigInt(result)) : fail('an integer overflows')
  }),
}

const isWhole = (units: bigint, scale: number): boolean => units % powerOfTen(scale) === 0n

const inRange = (value: bigint): Value =>
  value > 2147483647n || value < -2147483648n ? fail('an integer overflows') : integer(value)

const fromDouble = (value: number): Value | undefined =>
  Number.isFinite(value)
    ? decimalValue(value === 0 ? decimal(0n) : withoutTrailingZeros(decimalFromDouble(value)))
    : undefined
