import type { LiteralKind } from './expression.js'

/** A FHIRPath value that is no element: a literal, a function's result, or what an element holds. */
export interface Value {
  readonly kind: LiteralKind
  /** Digits, `true`/`false`, or the text itself; a quantity as `value unit`. */
  readonly text: string
}

export const booleanValue = (value: boolean): Value => ({ kind: 'boolean', text: String(value) })

const NUMERIC = new Set<LiteralKind>(['integer', 'decimal'])
const DATED = new Set<LiteralKind>(['date', 'dateTime'])

/** `=` on two values; undefined is FHIRPath's empty (dates of different precision). */
export function equalValues(a: Value, b: Value): boolean | undefined {
  if (NUMERIC.has(a.kind) && NUMERIC.has(b.kind)) return Number(a.text) === Number(b.text)
  if (DATED.has(a.kind) && DATED.has(b.kind)) {
    const order = compareDates(a.text, b.text)
    return order === undefined ? undefined : order === 0
  }
  return a.kind === b.kind && a.text === b.text
}

/** Negative, zero or positive; undefined is empty; `incomparable` is an error in FHIRPath. */
export function compareValues(a: Value, b: Value): number | undefined | 'incomparable' {
  if (NUMERIC.has(a.kind) && NUMERIC.has(b.kind)) return Number(a.text) - Number(b.text)
  if (DATED.has(a.kind) && DATED.has(b.kind)) return compareDates(a.text, b.text)
  if (a.kind !== b.kind || a.kind === 'boolean') return 'incomparable'
  if (a.kind === 'time') return compareParts(timeParts(a.text), timeParts(b.text))
  return a.text < b.text ? -1 : a.text > b.text ? 1 : 0
}

const DATE =
  /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d)(?::(\d\d)(?::(\d\d(?:[.,]\d+)?))?)?)?)?)?(Z|[+-]\d\d:\d\d)?$/

/** Year, month, day … in UTC where an offset is given; the first part that only one side has makes it undefined. */
function compareDates(a: string, b: string): number | undefined {
  const left = dateParts(a)
  const right = dateParts(b)
  return left === undefined || right === undefined ? undefined : compareParts(left, right)
}

function compareParts(a: readonly number[], b: readonly number[]): number | undefined {
  for (let k = 0; k < Math.max(a.length, b.length); k++) {
    if (k >= a.length || k >= b.length) return undefined
    if (a[k] !== b[k]) return a[k] - b[k]
  }
  return 0
}

function dateParts(text: string): number[] | undefined {
  const match = DATE.exec(text)
  if (match === null) return undefined
  const parts = match
    .slice(1, 7)
    .filter((part) => part !== undefined)
    .map((part) => Number(part.replace(',', '.')))
  const offset = match[7]
  if (offset === undefined || offset === 'Z' || parts.length < 4) return parts
  const sign = offset.startsWith('-') ? 1 : -1
  const shift = sign * (Number(offset.slice(1, 3)) * 60 + Number(offset.slice(4, 6)))
  const [year, month, day, hour, minute = 0] = parts
  // Date.UTC takes years below 100 for 19xx; 400 years later the calendar is the same.
  const at = new Date(Date.UTC(year < 100 ? year + 400 : year, month - 1, day, hour, minute + shift))
  const moved = [
    at.getUTCFullYear() - (year < 100 ? 400 : 0),
    at.getUTCMonth() + 1,
    at.getUTCDate(),
    at.getUTCHours(),
  ]
  return [...moved, ...(parts.length > 4 ? [at.getUTCMinutes()] : []), ...parts.slice(5)]
}

const timeParts = (text: string): number[] => text.split(':').map(Number)
