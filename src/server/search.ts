import { isInDates, parseSearchDate, type SearchDate } from './search-date.js'
import { type SearchParameter, searchParameter, supportedParameters } from './search-parameters.js'

/** One `Type?name=value&…` of `_typeFilter`, as JSON. All conditions have to hold. */
export interface SearchFilter {
  readonly type: string
  readonly conditions: readonly Condition[]
}

type Condition = Pick<SearchParameter, 'paths'> &
  (
    | { readonly kind: 'token'; readonly values: readonly Token[] }
    | { readonly kind: 'date'; readonly values: readonly SearchDate[] }
    | { readonly kind: 'reference'; readonly values: readonly string[] }
  )

interface Token {
  /** Absent: any system. '' : none. */
  readonly system?: string
  /** Absent: any code. */
  readonly code?: string
}

/** Why a filter is refused; the message names the parameter, never its value. */
export class SearchRefusal extends Error {}

const refuse = (message: string): never => {
  throw new SearchRefusal(message)
}

/** Several filters may come in one text, parted by commas; a comma inside a value parts alternatives. */
export const splitFilters = (text: string): string[] => text.split(/,(?=[A-Z][A-Za-z]*\?)/)

/** Reads one filter. Throws SearchRefusal for what is not of the supported subset. */
export function parseFilter(text: string): SearchFilter {
  const [, type, query] = /^([A-Z][A-Za-z]+)\?(.+)$/s.exec(text) ?? []
  if (type === undefined || query === undefined) return refuse('is not of the form Type?parameter=value')
  const conditions = [...new URLSearchParams(query)].map(([name, value]) => condition(type, name, value))
  return { type, conditions }
}

function condition(type: string, name: string, value: string): Condition {
  const parameter = searchParameter(type, name)
  if (parameter === undefined)
    return refuse(
      `uses ${type}.${/^[\w:.-]{1,64}$/.test(name) ? name : 'a parameter'}, which is not supported; supported are ` +
        supportedParameters(type).join(', '),
    )
  if (value === '') return refuse(`has no value for ${name}`)
  const { kind, paths } = parameter
  const values = splitUnescaped(value)
  switch (kind) {
    case 'token':
      return { kind, paths, values: values.map(parseToken) }
    case 'reference':
      return { kind, paths, values }
    case 'date':
      return {
        kind,
        paths,
        values: values.map((text) => parseSearchDate(text) ?? refuse(`has no valid date for ${name}`)),
      }
  }
}

/** FHIR's escapes: `\,` `\|` `\$` `\\`. */
const splitUnescaped = (text: string): string[] =>
  (text.match(/(?:\\.|[^,\\])+/gs) ?? []).map((part) => part.replace(/\\([,$\\])/g, '$1'))

function parseToken(text: string): Token {
  const bar = /^((?:\\.|[^|\\])*)\|(.*)$/s.exec(text)
  const plain = (part: string): string => part.replace(/\\(.)/g, '$1')
  if (bar === null) return { code: plain(text) }
  const [, system, code] = bar
  return { system: plain(system), ...(code === '' ? {} : { code: plain(code) }) }
}

/** Whether a resource passes one of the filters. */
export const passes = (resource: unknown, filters: readonly SearchFilter[]): boolean =>
  filters.some(({ conditions }) => conditions.every((condition) => holds(resource, condition)))

function holds(resource: unknown, condition: Condition): boolean {
  for (const path of condition.paths)
    for (const value of valuesAt(resource, path.split('.'))) {
      if (condition.kind === 'token' && condition.values.some((token) => isToken(value, token))) return true
      if (condition.kind === 'date' && condition.values.some((date) => isInDates(value, date))) return true
      if (condition.kind === 'reference' && condition.values.some((wanted) => refersTo(value, wanted)))
        return true
    }
  return false
}

function valuesAt(value: unknown, [name, ...rest]: readonly string[]): unknown[] {
  if (Array.isArray(value))
    return value.flatMap((item) => valuesAt(item, name === undefined ? [] : [name, ...rest]))
  if (name === undefined) return value === undefined ? [] : [value]
  return isRecord(value) ? valuesAt(value[name], rest) : []
}

/** A code, boolean, Coding, CodeableConcept, Identifier or a CodeableReference. */
function isToken(value: unknown, token: Token): boolean {
  if (typeof value === 'string' || typeof value === 'boolean')
    return token.code === String(value) && (token.system === undefined || token.system === '')
  if (!isRecord(value)) return false
  if (Array.isArray(value.coding)) return value.coding.some((coding) => isToken(coding, token))
  const { system } = value
  const code = value.code ?? value.value
  return (
    (token.code === undefined || token.code === code) &&
    (token.system === undefined || token.system === (system ?? ''))
  )
}

/** By id, or by `Type/id`, whatever server the reference names. */
function refersTo(value: unknown, wanted: string): boolean {
  const reference = isRecord(value) && typeof value.reference === 'string' ? value.reference : ''
  const found = reference.replace(/\/_history\/.*$/, '')
  const [type, id] = wanted.split('/').slice(-2)
  if (id === undefined)
    return found.slice(found.lastIndexOf('/') + 1) === type || found === `urn:uuid:${type}`
  return found === `${type}/${id}` || found.endsWith(`/${type}/${id}`) || found === `urn:uuid:${id}`
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
