import { referenceId } from '../../fhir/references.js'
import { percentDecoded, resourceInUrl } from '../../fhir/resource-url.js'

/** Settings for hashing with `urls: "references"`. */
export interface UrlHashing {
  readonly hashText: (text: string) => string
  readonly resourceTypes: ReadonlySet<string>
  /** Whether to drop everything before the type and the version after the id. */
  readonly isRelative: boolean
}

/**
 * Hashes the id of the resource that a URL names, as in `Resource.id` and references: `Type/id` with any base,
 * `urn:uuid:`, `urn:oid:`, `#id`. In a search (`Type?name=value`) the values are hashed. A bare `Type` is kept.
 * Anything else is hashed whole.
 */
export function hashUrl(text: string, hashing: UrlHashing): string {
  const { hashText, resourceTypes, isRelative } = hashing
  const named = resourceInUrl(text, resourceTypes)
  if (named !== undefined) {
    const resource = `${named.type}/${hashText(named.id)}`
    if (isRelative) return resource
    return `${hashedBase(named.base, hashing) ?? ''}${resource}${named.history}`
  }
  const search = typeUrl(text, resourceTypes)
  if (search !== undefined) {
    const base = hashedBase(search.base, hashing)
    const query = search.query === undefined ? '' : hashedQuery(search.query, hashing)
    if (base === undefined || query === undefined) return hashText(text)
    return `${base}${search.type}${query === '' ? '' : `?${query}`}`
  }
  const id = referenceId(text, resourceTypes)
  if (id === undefined) return hashText(text)
  return text.slice(0, id.start) + hashText(text.slice(id.start, id.end))
}

const USER = /^((?:[A-Za-z][A-Za-z0-9+.-]*:)?\/\/)[^/]*@/

/**
 * Returns the part before a type, without user name and password. The id of a compartment (`Patient/1/`) is hashed;
 * with `isRelative` only the compartment is kept. Undefined if the part may contain other ids.
 */
function hashedBase(base: string, { hashText, resourceTypes, isRelative }: UrlHashing): string | undefined {
  const compartment = base.includes('/') ? resourceInUrl(base, resourceTypes) : undefined
  const server = (compartment?.base ?? base).replace(USER, '$1')
  if (server.split('/').some((segment) => resourceTypes.has(percentDecoded(segment)))) return undefined
  const kept = isRelative ? '' : server
  return compartment === undefined ? kept : `${kept}${compartment.type}/${hashText(compartment.id)}/`
}

/** Splits `[base/]Type[/][?query]`; undefined for anything else. */
function typeUrl(text: string, resourceTypes: ReadonlySet<string>) {
  if (text.includes('#')) return undefined
  const [path = '', ...queries] = text.split('?')
  const end = path.endsWith('/') ? path.length - 1 : path.length
  const start = path.lastIndexOf('/', end - 1) + 1
  const type = path.slice(start, end)
  if (!resourceTypes.has(type)) return undefined
  return { base: path.slice(0, start), type, query: queries.length === 0 ? undefined : queries.join('?') }
}

/** Hashes a `Bundle.entry.request.ifNoneExist`: a search with or without its type. */
export function hashSearch(text: string, hashing: UrlHashing): string {
  return hashedQuery(text.startsWith('?') ? text.slice(1) : text, hashing) ?? hashUrl(text, hashing)
}

/** Search parameters that conditions use (FHIR R4, search parameter registry). Any other name may be free text. */
const PARAMETERS = new Set(
  (
    '_content _count _elements _format _has _id _include _lastUpdated _list _profile _revinclude _security _sort ' +
    '_source _summary _tag _text _total _type account active actor address address-city address-country ' +
    'address-postalcode address-state author based-on beneficiary birthdate category class code composition content ' +
    'context context-type date derived-from device email encounter endpoint entered-date entity family focus gender ' +
    'general-practitioner given group-identifier identifier intent issued item link location member name onset-date ' +
    'organization owner parent part-of participant partof patient performer period phone phonetic practitioner ' +
    'priority product provider publisher recorder recipient related relationship request requester result role ' +
    'sender service source specialty specimen start status subject system target telecom title type url value version'
  ).split(' '),
)
const MODIFIERS =
  /^(?:missing|exact|contains|text|text-advanced|code-text|not|in|not-in|above|below|identifier|of-type|iterate)$/

/**
 * Whether all parts of a parameter's name are defined by FHIR: `name`, `name:modifier`, `subject:Patient.identifier`,
 * `_has:…`.
 */
const isParameter = (name: string, resourceTypes: ReadonlySet<string>): boolean =>
  name.split('.').every((step) => {
    const [first = '', ...others] = step.split(':')
    return (
      PARAMETERS.has(first) &&
      others.every((word) => MODIFIERS.test(word) || PARAMETERS.has(word) || resourceTypes.has(word))
    )
  })

/**
 * Returns a search with its values hashed; undefined if it is not a search. A token's system is dropped
 * (`identifier=system|value` becomes `identifier=hash(value)`), so that it finds values of `Identifier.value` hashed
 * by `cryptoHash`.
 */
function hashedQuery(query: string, hashing: UrlHashing): string | undefined {
  const hashed: string[] = []
  for (const part of query.split('&')) {
    if (part === '') continue
    const equals = part.indexOf('=')
    if (equals < 0 || !isParameter(part.slice(0, equals), hashing.resourceTypes)) return undefined
    const values = splitUnescaped(decoded(part.slice(equals + 1)), ',')
    hashed.push(`${part.slice(0, equals)}=${values.map((value) => hashedValue(value, hashing)).join(',')}`)
  }
  return hashed.length === 0 ? undefined : hashed.join('&')
}

function hashedValue(value: string, { hashText, resourceTypes }: UrlHashing): string {
  const parts = splitUnescaped(value, '|').map(unescaped)
  const token = parts.findLast((part) => part !== '') ?? ''
  const named = resourceInUrl(token, resourceTypes)
  return named === undefined ? hashText(token) : `${named.type}/${hashText(named.id)}`
}

const unescaped = (text: string): string => text.replace(/\\([\\$,|])/g, '$1').trim()

/** Splits at unescaped separators. FHIR escapes `,`, `|`, `$` and the backslash in a value with a backslash. */
function splitUnescaped(text: string, separator: string): string[] {
  const parts = ['']
  for (let k = 0; k < text.length; k++) {
    if (text[k] === separator) parts.push('')
    else if (text[k] === '\\') parts[parts.length - 1] += text.slice(k, ++k + 1)
    else parts[parts.length - 1] += text.charAt(k)
  }
  return parts
}

/**
 * Decodes a value of a query, in which `+` is a space. If a `%` does not begin a valid escape, the value is returned
 * unchanged.
 */
function decoded(value: string): string {
  try {
    return decodeURIComponent(value.replaceAll('+', ' '))
  } catch {
    return value
  }
}

const URL_TYPES = new Set(['uri', 'url', 'canonical', 'oid', 'uuid'])

/** Whether `urls: "references"` applies to an element other than `Reference.reference`. */
export const isUrlElement = (type: string, name: string, parentType: string): boolean =>
  URL_TYPES.has(type) || isSearchElement(name, parentType)

export const isSearchElement = (name: string, parentType: string): boolean =>
  name === 'ifNoneExist' && parentType === 'BackboneElement'
