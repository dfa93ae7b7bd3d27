import { byteAt } from '../json/byte.js'
import { BACKSLASH, QUOTE } from '../json/byte-classes.js'
import { isKey, skipSpace, skipString, stringText } from '../json/scanner.js'

/** Which strings of a resource to visit. */
export interface ReferenceVisit {
  /** `references`: `Reference.reference` alone. `addresses`: all elements that FHIR has a server rewrite. */
  readonly which: 'references' | 'addresses'
  /** Returns what to write instead, or undefined to leave the text as it is. */
  readonly replace: (text: string) => string | undefined
}

/**
 * Returns the resource with other references; all other bytes stay. Visits any depth: contained resources, extensions
 * and elements that no FHIR version knows. `resource` must be JSON. Returns the same buffer if nothing changes.
 *
 * Addresses are, as for a transaction (FHIR R4, 3.1.0.11.2), references, and URNs in elements of type uri, url,
 * canonical, oid and uuid and in the links of a narrative. Element types are told by their keys, as the FHIR version is
 * not known. An `Identifier.value` is text, even where it holds a URN, and an `Extension.url` never names an entry.
 */
export function withReferences(resource: Buffer, { which, replace }: ReferenceVisit): Buffer {
  const pieces: Buffer[] = []
  let keptFrom = 0
  eachText(resource, which === 'references' ? referenceKind : addressKind, (kind, start, end) => {
    const instead = replacement(kind, stringText(resource, start, end), replace)
    if (instead === undefined) return
    pieces.push(resource.subarray(keptFrom, start), Buffer.from(JSON.stringify(instead)))
    keptFrom = end
  })
  return pieces.length === 0 ? resource : Buffer.concat([...pieces, resource.subarray(keptFrom)])
}

type Kind = 'reference' | 'address' | 'narrative'
type Replace = ReferenceVisit['replace']

function replacement(kind: Kind, text: string, replace: Replace): string | undefined {
  if (kind === 'narrative') {
    const html = withLinks(text, replace)
    return html === text ? undefined : html
  }
  return kind === 'reference' || isUrn(text) ? replace(text) : undefined
}

const isUrn = (text: string): boolean => text.startsWith('urn:')

const LINK = /(\b(?:href|src)\s*=\s*)(?:"([^"]*)"|'([^']*)')/g

function withLinks(html: string, replace: Replace): string {
  return html.replace(LINK, (whole, before: string, double?: string, single?: string) => {
    const text = double ?? single ?? ''
    const instead = isUrn(text) ? replace(text) : undefined
    const quote = double === undefined ? "'" : '"'
    return instead === undefined ? whole : `${before}${quote}${instead}${quote}`
  })
}

type KindOfKey = (source: Buffer, start: number, end: number) => Kind | undefined

const referenceKind: KindOfKey = (source, start, end) =>
  isKey(source, start, end, 'reference') ? 'reference' : undefined

const ADDRESS = /^(?:url|uri|[A-Za-z]+(?:Uri|Url|Canonical|Oid|Uuid))$/
/** Last letters of `reference`, `div` and the keys of addresses: most keys end with others. */
const LAST_LETTERS = new Set(['e', 'v', 'i', 'l', 'd'].map((letter) => letter.charCodeAt(0)))

const addressKind: KindOfKey = (source, start, end) => {
  if (!LAST_LETTERS.has(byteAt(source, end - 2)) && !source.subarray(start, end).includes(BACKSLASH))
    return undefined
  const key = stringText(source, start, end)
  if (key === 'reference') return 'reference'
  if (key === 'div') return 'narrative'
  // The address of an entry in a Bundle that is itself a resource is valid only there.
  return key !== 'fullUrl' && ADDRESS.test(key) ? 'address' : undefined
}

const COMMA = 0x2c
const COLON = 0x3a
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d

/**
 * Calls `onText` for each string that is the value of a wanted key, or an item of the array that is its value. Knows no
 * structure but this: a string before a colon is a key.
 */
function eachText(
  source: Buffer,
  kindOf: KindOfKey,
  onText: (kind: Kind, start: number, end: number) => void,
): void {
  let kind: Kind | undefined
  let isArray = false
  for (let at = 0; at < source.length; ) {
    const c = source[at]
    if (c === QUOTE) {
      const after = skipString(source, at, source.length)
      const next = skipSpace(source, after, source.length)
      if (source[next] === COLON) {
        kind = kindOf(source, at, after)
        isArray = false
      } else if (kind !== undefined) onText(kind, at, after)
      at = next
      continue
    }
    at += 1
    if (c === OPEN_ARRAY) isArray = true
    else if (c === OPEN_OBJECT || c === CLOSE_OBJECT || c === CLOSE_ARRAY || (c === COMMA && !isArray))
      kind = undefined
  }
}
