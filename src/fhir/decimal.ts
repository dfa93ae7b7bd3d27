/**
 * A decimal number as in .NET's `decimal`, which the original computes with: exact digits and a scale that is kept,
 * so that `1.50` stays `1.50`. The value is `units / 10 ** scale`.
 */
export interface Decimal {
  readonly units: bigint
  readonly scale: number
}

/** Maximum `units` of a .NET decimal, which has 96 bits. */
const MAX_UNITS = (1n << 96n) - 1n
const MAX_SCALE = 28
/**
 * Maximum length of an expanded exponent. Longer ones are left as written: `1e999999999` must not become a gigabyte.
 */
const MAX_EXPANDED_DIGITS = 400

const NUMBER = /^([+-]?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/

const POWERS = Array.from({ length: 64 }, (_, exponent) => 10n ** BigInt(exponent))

export const powerOfTen = (exponent: number): bigint => POWERS[exponent] ?? 10n ** BigInt(exponent)

export const decimal = (units: bigint, scale = 0): Decimal => ({ units, scale })

/**
 * Reads a JSON number, or the same as plain text. Keeps at most 28 to 29 significant digits, as in .NET. Undefined if
 * it is not a number or too long to write without an exponent.
 */
export function parseDecimal(text: string): Decimal | undefined {
  const match = NUMBER.exec(text)
  if (match === null || text.length > MAX_EXPANDED_DIGITS) return undefined
  const [, sign, whole, fraction = '', exponent = '0'] = match
  const shift = Number(exponent)
  if (Math.abs(shift) > MAX_EXPANDED_DIGITS) return undefined
  const digits = BigInt(whole + fraction)
  const units = sign === '-' ? -digits : digits
  const scale = fraction.length - shift
  return scale < 0 ? decimal(units * powerOfTen(-scale)) : fitted(units, scale)
}

/** Drops decimals, rounding half to even, until the number fits a .NET decimal. Whole digits are never lost. */
function fitted(units: bigint, scale: number): Decimal {
  let value = scale > MAX_SCALE ? roundHalfEven(decimal(units, scale), MAX_SCALE) : decimal(units, scale)
  while (value.scale > 0 && magnitude(value.units) > MAX_UNITS) {
    const excess = String(magnitude(value.units)).length - 29
    const target = Math.max(0, value.scale - Math.max(1, excess))
    value = roundHalfEven(decimal(units, scale), target)
  }
  return value
}

const magnitude = (units: bigint): bigint => (units < 0n ? -units : units)

/** Rounds half to even to at most `decimals` decimals; a smaller scale is kept. */
export function roundHalfEven(value: Decimal, decimals: number): Decimal {
  if (value.scale <= decimals) return value
  const divisor = powerOfTen(value.scale - decimals)
  const absolute = magnitude(value.units)
  let quotient = absolute / divisor
  const twice = (absolute % divisor) * 2n
  if (twice > divisor || (twice === divisor && (quotient & 1n) === 1n)) quotient += 1n
  return decimal(value.units < 0n ? -quotient : quotient, decimals)
}

export function add(left: Decimal, right: Decimal): Decimal {
  const scale = Math.max(left.scale, right.scale)
  return fitted(unitsAt(left, scale) + unitsAt(right, scale), scale)
}

export const negate = (value: Decimal): Decimal => decimal(-value.units, value.scale)

export const multiply = (left: Decimal, right: Decimal): Decimal =>
  fitted(left.units * right.units, left.scale + right.scale)

/** Divides to as many decimals as the result needs, at most 28. `right` must not be zero. */
export function divide(left: Decimal, right: Decimal): Decimal {
  const numerator = left.units * powerOfTen(MAX_SCALE + 1 + right.scale)
  const quotient = fitted(numerator / right.units, MAX_SCALE + 1 + left.scale)
  return withoutTrailingZeros(quotient, Math.max(0, left.scale - right.scale))
}

/** Returns the remainder, with the sign of `left`. `right` must not be zero. */
export function remainder(left: Decimal, right: Decimal): Decimal {
  const scale = Math.max(left.scale, right.scale)
  return decimal(unitsAt(left, scale) % unitsAt(right, scale), scale)
}

export function withoutTrailingZeros(value: Decimal, minimumScale = 0): Decimal {
  let { units, scale } = value
  while (scale > minimumScale && units % 10n === 0n) {
    units /= 10n
    scale--
  }
  return decimal(units, scale)
}

export function compareDecimals(left: Decimal, right: Decimal): -1 | 0 | 1 {
  const scale = Math.max(left.scale, right.scale)
  const [a, b] = [unitsAt(left, scale), unitsAt(right, scale)]
  return a < b ? -1 : a > b ? 1 : 0
}

/** Returns the whole part, rounded toward zero. */
export const truncated = (value: Decimal): bigint => value.units / powerOfTen(value.scale)

/** Converts a double to a decimal as .NET does, with 15 significant digits. `value` must be finite. */
export function decimalFromDouble(value: number): Decimal {
  const parsed = parseDecimal(value.toPrecision(15))
  return parsed === undefined ? decimal(0n) : withoutTrailingZeros(parsed)
}

export const toDouble = (value: Decimal): number => Number(decimalText(value))

/** Writes plain digits: no exponent, the scale kept, no sign on zero. */
export function decimalText({ units, scale }: Decimal): string {
  const digits = String(magnitude(units)).padStart(scale + 1, '0')
  const sign = units < 0n ? '-' : ''
  if (scale === 0) return sign + digits
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

const unitsAt = (value: Decimal, scale: number): bigint => value.units * powerOfTen(scale - value.scale)

const PLAIN = /^(?:0|-?[1-9]\d{0,27}|-?\d{1,14}\.\d{1,14})$/

/**
 * Returns the value text of a JSON number (law 2.6): exponent expanded, scale kept, no sign on zero. A number that no
 * decimal can hold is returned as written.
 */
export function numberText(token: string): string {
  if (PLAIN.test(token) && !token.startsWith('-0')) return token
  const value = parseDecimal(token)
  return value === undefined ? token : decimalText(value)
}
