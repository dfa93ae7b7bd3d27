import { referenceId } from '../../fhir/references.js'
import { resourceInUrl } from '../../fhir/resource-url.js'
import { jsonString } from '../../fhir/text.js'
import { createHmac } from '../keyed-hash/hmac.js'
import type { Parameters } from '../parameters.js'
import { hashSearch, hashUrl, isSearchElement, isUrlElement, type UrlHashing } from './hash-url.js'
import { isReferenceElement, type LeafMethod, RECORD } from './leaf.js'
import { type LeafPlaceFacts, method, requiredKey, type WalkStep } from './method.js'

/** Replaces the value with its keyed hash, a string whatever its type; in a reference, only the id (law 7.1, 7.2). */
export const cryptoHash = method({
  name: 'cryptoHash',
  summary: 'replaces the value with its HMAC-SHA256; in a reference, only the id',
  settings: {},
  records: ['CRYPTOHASH'],
  reach: 'values',
  writesText: true,
  hashesReferences: true,
  keysOf: () => ['cryptoHashKey'],
  compile: (_, { hashText, parameters, resourceTypes }) =>
    compileCryptoHash(
      hashText ?? createHashText(requiredKey(parameters, 'cryptoHashKey')),
      resourceTypes,
      parameters,
    ),
  walk: walkStep,
  resultOf: () => 'hashed',
})

function walkStep(leaf: LeafPlaceFacts, { urls }: Parameters): WalkStep {
  if (leaf.kind !== 'string') return 'method'
  if (isReferenceElement(leaf)) return 'hash-reference'
  if (urls !== 'references' || !isUrlElement(leaf.type, leaf.name, leaf.parentType)) return 'hash'
  return isSearchElement(leaf.name, leaf.parentType) ? 'method' : 'hash-reference'
}

/** Returns the HMAC-SHA256 of a text in lower-case hex; '' stays ''. */
export type HashText = (text: string) => string

export function createHashText(key: string): HashText {
  const hmac = createHmac(key)
  return (text) => (text === '' ? '' : hmac.hex(text))
}

/** Compiles the method. `hashText` comes from `createHashText`, possibly with a cache in front of it. */
function compileCryptoHash(
  hashText: HashText,
  resourceTypes: ReadonlySet<string>,
  { absoluteReferences = 'keep', urls = 'whole' }: Pick<Parameters, 'absoluteReferences' | 'urls'> = {},
): LeafMethod {
  if (urls === 'references')
    return hashUrls({ hashText, resourceTypes, isRelative: absoluteReferences === 'relative' })
  const hashed = absoluteReferences === 'relative' ? hashReferenceRelative : hashReference
  return (leaf) => {
    if (!leaf.isReferenceValue) return { record: RECORD.CRYPTOHASH, json: `"${hashText(leaf.text)}"` }
    const text = hashed(leaf.text, hashText, resourceTypes)
    // Only a base can need an escape, for a backslash, which the original's forms allow.
    return { record: RECORD.CRYPTOHASH, json: leaf.text.includes('\\') ? jsonString(text) : `"${text}"` }
  }
}

const hashUrls =
  (hashing: UrlHashing): LeafMethod =>
  (leaf) => {
    const { text, name, parentType } = leaf
    const isUrl = leaf.isReferenceValue || isUrlElement(leaf.type, name, parentType)
    if (!isUrl) return { record: RECORD.CRYPTOHASH, json: `"${hashing.hashText(text)}"` }
    const hashed = isSearchElement(name, parentType) ? hashSearch(text, hashing) : hashUrl(text, hashing)
    return { record: RECORD.CRYPTOHASH, json: jsonString(hashed) }
  }

/**
 * Hashes like `hashReference`, but drops the server's address and the version, which may be identifying too, and
 * accepts every URL that names a resource, not only the original's forms.
 */
export function hashReferenceRelative(
  text: string,
  hashText: HashText,
  resourceTypes: ReadonlySet<string>,
): string {
  const named = resourceInUrl(text, resourceTypes)
  if (named !== undefined) return `${named.type}/${hashText(named.id)}`
  const id = referenceId(text, resourceTypes)
  if (id === undefined) return hashText(text)
  return text.slice(id.relativeStart, id.start) + hashText(text.slice(id.start, id.end))
}

/** Hashes the id of a reference, or the whole text if it has none of the known forms. */
export function hashReference(text: string, hashText: HashText, resourceTypes: ReadonlySet<string>): string {
  const id = referenceId(text, resourceTypes)
  if (id === undefined) return hashText(text)
  return text.slice(0, id.start) + hashText(text.slice(id.start, id.end)) + text.slice(id.end)
}
