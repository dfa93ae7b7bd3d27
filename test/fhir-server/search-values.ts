import { isRecord } from '../../src/json/record.js'
import { literalTarget } from './references.js'
import type { Resource } from './resource.js'
import type { ParameterKind, SearchParameter } from './search-parameters.js'

/** A test of one value of an element. */
export type ValueTest = (value: unknown) => boolean

/** What is found along the paths of a parameter; lists count as their items. */
export function valuesOf(resource: Resource, { paths }: SearchParameter): readonly unknown[] {
  return paths.flatMap((path) =>
    path.reduce<readonly unknown[]>(
      (values, key) =>
        values.flatMap((value) => {
          const member = isRecord(value) ? value[key] : undefined
          return Array.isArray(member) ? member : member === undefined ? [] : [member]
        }),
      [resource],
    ),
  )
}

/** A test for one of the texts of a parameter, which a comma separates. */
export function valueTest(kind: ParameterKind, text: string, modifier: string): ValueTest {
  if (kind === 'token') return tokenTest(text)
  if (kind === 'date') return dateTest(text)
  if (kind === 'string') return stringTest(text, modifier)
  return () => false
}

/** `Type/id` of a reference element. */
export const targetOf = (value: unknown): string | undefined =>
  isRecord(value) && typeof value.reference === 'string' ? literalTarget(value.reference) : undefined

function tokenTest(text: string): ValueTest {
  const bar = text.indexOf('|')
  const system = bar < 0 ? undefined : text.slice(0, bar)
  const code = text.slice(bar + 1)
  const fits = (given: unknown, value: unknown): boolean =>
    (system === undefined || (given ?? '') === system) && (code === '' || value === code)
  return (value) => {
    if (!isRecord(value)) return (system ?? '') === '' && String(value) === code
    if (Array.isArray(value.coding))
      return value.coding.some((coding) => isRecord(coding) && fits(coding.system, coding.code))
    return fits(value.system, value.code ?? value.value)
  }
}

function stringTest(text: string, modifier: string): ValueTest {
  const wanted = text.toLowerCase()
  const fits = (value: unknown): boolean =>
    typeof value === 'string' &&
    (modifier === 'exact'
      ? value === text
      : modifier === 'contains'
        ? value.toLowerCase().includes(wanted)
        : value.toLowerCase().startsWith(wanted))
  return (value) => (isRecord(value) ? Object.values(value).flat().some(fits) : fits(value))
}

interface Span {
  readonly from: number
  readonly to: number
}

function dateTest(text: string): ValueTest {
  const [, prefix = 'eq', date = ''] = /^(eq|ne|gt|lt|ge|le|sa|eb|ap)?(.*)$/.exec(text) ?? []
  const asked = spanOf(date)
  if (asked === undefined) return () => false
  return (value) => {
    const span = isRecord(value) ? periodOf(value) : spanOf(String(value))
    return span !== undefined && isInRelation(prefix, span, asked)
  }
}

function isInRelation(prefix: string, value: Span, asked: Span): boolean {
  const isInside = asked.from <= value.from && value.to <= asked.to
  switch (prefix) {
    case 'ne':
      return !isInside
    case 'gt':
      return value.to > asked.to
    case 'ge':
      return value.to > asked.to || isInside
    case 'lt':
      return value.from < asked.from
    case 'le':
      return value.from < asked.from || isInside
    case 'sa':
      return value.from >= asked.to
    case 'eb':
      return value.to <= asked.from
    case 'ap':
      return value.from < asked.to && asked.from < value.to
    default:
      return isInside
  }
}

function periodOf({ start, end }: Record<string, unknown>): Span | undefined {
  const [first, last] = [spanOf(String(start)), spanOf(String(end))]
  if (first === undefined && last === undefined) return undefined
  return { from: first?.from ?? Number.NEGATIVE_INFINITY, to: last?.to ?? Number.POSITIVE_INFINITY }
}

const DATE = /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?)?)?$/

/** The time that a date of any precision covers; without an offset it is UTC. Also the value of `_sort`. */
export function spanOf(text: string): Span | undefined {
  const [, year, month, day, hour, minute, second, fraction, offset = 'Z'] = DATE.exec(text) ?? []
  if (year === undefined) return undefined
  if (month === undefined) return { from: Date.UTC(+year, 0), to: Date.UTC(+year + 1, 0) }
  if (day === undefined) return { from: Date.UTC(+year, +month - 1), to: Date.UTC(+year, +month) }
  if (hour === undefined || minute === undefined)
    return { from: Date.UTC(+year, +month - 1, +day), to: Date.UTC(+year, +month - 1, +day + 1) }
  const from = Date.parse(
    `${year}-${month}-${day}T${hour}:${minute}:${second ?? '00'}${fraction ?? ''}${offset}`,
  )
  return { from, to: from + (second === undefined ? 60_000 : fraction === undefined ? 1_000 : 1) }
}
