const PREFIXES = ['eq', 'ne', 'gt', 'lt', 'ge', 'le'] as const

/** A search date as a span in ms, `[from, to)`, as wide as its precision. */
export interface SearchDate {
  readonly prefix: (typeof PREFIXES)[number]
  readonly from: number
  readonly to: number
}

/** Parses a FHIR date search value; undefined if it is malformed or has an unsupported prefix (sa, eb, ap). */
export function parseSearchDate(text: string): SearchDate | undefined {
  const found = /^[a-z]{2}/.exec(text)?.[0]
  const prefix = found === undefined ? 'eq' : PREFIXES.find((known) => known === found)
  const span = spanOf(found === undefined ? text : text.slice(2))
  return prefix === undefined || span === undefined ? undefined : { prefix, ...span }
}

const DATE =
  /^(\d{4})(?:-(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\d|3[01])(?:T(\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?)?)?$/

/** Returns the span of a date, dateTime or instant; undefined if it is malformed. */
export function spanOf(text: string): { readonly from: number; readonly to: number } | undefined {
  const parts = DATE.exec(text)
  if (parts === null) return undefined
  const [, year, month, day, hour, , second, fraction, zone] = parts
  if (month === undefined) return { from: Date.UTC(Number(year), 0), to: Date.UTC(Number(year) + 1, 0) }
  if (day === undefined)
    return { from: Date.UTC(Number(year), Number(month) - 1), to: Date.UTC(Number(year), Number(month)) }
  const from = Date.parse(hour === undefined || zone !== undefined ? text : `${text}Z`)
  if (Number.isNaN(from) || (hour === undefined && new Date(from).getUTCDate() !== Number(day)))
    return undefined
  if (hour === undefined) return { from, to: from + 86_400_000 }
  if (second === undefined) return { from, to: from + 60_000 }
  return { from, to: from + (fraction === undefined ? 1000 : 1) }
}

/** Whether a date, dateTime, instant or Period matches (FHIR R4, search, section on date). */
export function isInDates(value: unknown, { prefix, from, to }: SearchDate): boolean {
  const span = spanOfValue(value)
  if (span === undefined) return false
  const isWithin = span.from >= from && span.to <= to
  switch (prefix) {
    case 'eq':
      return isWithin
    case 'ne':
      return !isWithin
    case 'gt':
      return span.to > to
    case 'lt':
      return span.from < from
    case 'ge':
      return span.to > to || isWithin
    case 'le':
      return span.from < from || isWithin
  }
}

function spanOfValue(value: unknown): { readonly from: number; readonly to: number } | undefined {
  if (typeof value === 'string') return spanOf(value)
  if (typeof value !== 'object' || value === null) return undefined
  const { start, end } = value as { start?: unknown; end?: unknown }
  const first = typeof start === 'string' ? spanOf(start) : undefined
  const last = typeof end === 'string' ? spanOf(end) : undefined
  if (first === undefined && last === undefined) return undefined
  return { from: first?.from ?? Number.NEGATIVE_INFINITY, to: last?.to ?? Number.POSITIVE_INFINITY }
}
