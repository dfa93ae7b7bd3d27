import { isRecord } from '../../json/record.js'
import { isInDates, parseSearchDate, type SearchDate } from './search-date.js'
import { type SearchParameter, searchParameter, supportedParameters } from './search-parameters.js'

/** One `Type?name=value&…` of `_typeFilter`, as JSON. All conditions must hold. */
export interface SearchFilter {
  readonly type: string
  readonly conditions: readonly Condition[]
}

type Condition = Pick<SearchParameter, 'paths'> &
  (
    | { readonly kind: 'token'; readonly values: readonly Token[] }
    | { readonly kind: 'date'; readonly values: readonly SearchDate[] }
    | { readonly kind: 'reference' | 'string'; readonly values: readonly string[] }
  )

interface Token {
  /** Absent: any system. '' : none. */
  readonly system?: string
  /** Absent: any code. */
  readonly code?: string
}

/** Thrown to refuse a filter. The message names the parameter, never its value. */
export class SearchRefusal extends Error {}

const refuse = (message: string): never => {
  throw new SearchRefusal(message)
}

/** Splits a text into filters at commas; a comma inside a value separates alternatives instead. */
export const splitFilters = (text: string): string[] => text.split(/,(?=[A-Z][A-Za-z]*\?)/)

/** Parses one filter. Throws SearchRefusal if it is outside the supported subset. */
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
  if (values.length === 0) return refuse(`has no value for ${name}`)
  if (values.some((each) => each.length > MAX_VALUE_LENGTH))
    return refuse(`has a value of more than ${MAX_VALUE_LENGTH} characters for ${name}`)
  switch (kind) {
    case 'token':
      return { kind, paths, values: values.map(parseToken) }
    case 'reference':
    case 'string':
      return { kind, paths, values }
    case 'date':
      return {
        kind,
        paths,
        values: values.map((text) => parseSearchDate(text) ?? refuse(`has no valid date for ${name}`)),
      }
  }
}

const MAX_VALUE_LENGTH = 4096

/** FHIR's escapes: `\,` `\|` `\$` `\\`. */
const splitUnescaped = (text: string): string[] =>
  (text.match(/(?:\\.|[^,\\])+/gs) ?? []).map((part) => part.replace(/\\([,$\\])/g, '$1'))

function parseToken(text: string): Token {
  const bar = /^((?:\\.|[^|\\])*)\|(.*)$/s.exec(text)
  const plain = (part: string): string => part.replace(/\\(.)/g, '$1')
  if (bar === null) return { code: plain(text) }
  const [, system = '', code = ''] = bar
  return { system: plain(system), ...(code === '' ? {} : { code: plain(code) }) }
}

/** Whether a resource passes one of the filters. */
export const passes = (resource: unknown, filters: readonly SearchFilter[]): boolean =>
  filterTest(filters)(resource)

/** Makes a test for many resources: each filter costs one lookup, however many values it has. */
export function filterTest(filters: readonly SearchFilter[]): (resource: unknown) => boolean {
  const tests = filters.map(({ conditions }) => conditions.map(conditionTest))
  return (resource) => tests.some((all) => all.every((test) => test(resource)))
}

function conditionTest(condition: Condition): (resource: unknown) => boolean {
  const paths = condition.paths.map((path) => path.split('.'))
  const test = valueTest(condition)
  return (resource) => paths.some((path) => valuesAt(resource, path).some(test))
}

function valueTest(condition: Condition): (value: unknown) => boolean {
  switch (condition.kind) {
    case 'token':
      return tokenTest(condition.values)
    case 'reference':
      return referenceTest(condition.values)
    case 'string':
      return startTest(condition.values)
    case 'date':
      return (value) => condition.values.some((date) => isInDates(value, date))
  }
}

function valuesAt(value: unknown, [name, ...rest]: readonly string[]): unknown[] {
  if (Array.isArray(value))
    return value.flatMap((item) => valuesAt(item, name === undefined ? [] : [name, ...rest]))
  if (name === undefined) return value === undefined ? [] : [value]
  return isRecord(value) ? valuesAt(value[name], rest) : []
}

/** Matches a code, boolean, Coding, CodeableConcept, Identifier or CodeableReference. */
function tokenTest(tokens: readonly Token[]): (value: unknown) => boolean {
  const codes = new Set<unknown>()
  const systems = new Set<unknown>()
  const pairs = new Set<string>()
  for (const { system, code } of tokens)
    if (system === undefined) codes.add(code)
    else if (code === undefined) systems.add(system)
    else pairs.add(JSON.stringify([system, code]))
  const isOne = (system: unknown, code: unknown): boolean =>
    codes.has(code) || systems.has(system) || pairs.has(JSON.stringify([system, code]))
  const test = (value: unknown): boolean => {
    if (typeof value === 'string' || typeof value === 'boolean') {
      const code = String(value)
      return codes.has(code) || pairs.has(JSON.stringify(['', code]))
    }
    if (!isRecord(value)) return false
    if (Array.isArray(value.coding)) return value.coding.some(isCoding)
    return isOne(value.system ?? '', value.code ?? value.value)
  }
  const isCoding = (coding: unknown): boolean => isRecord(coding) && isOne(coding.system ?? '', coding.code)
  return test
}

/** Matches the beginning of a string, ignoring case and accents (FHIR, search, section on string). */
function startTest(starts: readonly string[]): (value: unknown) => boolean {
  const plain = (text: string): string => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()
  const wanted = starts.map(plain)
  return (value) => typeof value === 'string' && wanted.some((start) => plain(value).startsWith(start))
}

/** Matches by id or by `Type/id`, whatever server the reference names. */
function referenceTest(wanted: readonly string[]): (value: unknown) => boolean {
  const ids = new Set<string>()
  const named = new Set<string>()
  for (const text of wanted) {
    const [type = '', id] = text.split('/').slice(-2)
    if (id === undefined) ids.add(type)
    else {
      named.add(`${type}/${id}`)
      named.add(`urn:uuid:${id}`)
    }
  }
  return (value) => {
    const reference = isRecord(value) && typeof value.reference === 'string' ? value.reference : ''
    const history = reference.indexOf('/_history/')
    const segments = (history < 0 ? reference : reference.slice(0, history)).split('/').slice(-2)
    const last = segments.at(-1) ?? ''
    return ids.has(last.replace(/^urn:uuid:/, '')) || named.has(segments.join('/'))
  }
}
