import { BACKSLASH, QUOTE } from '../../json/byte-classes.js'
import { skipSpace, skipString, stringText } from '../../json/scanner.js'
import { idOfEntry, isId } from '../identity.js'
import { parseAddress } from '../prepare/request-address.js'
import { withReferences } from '../references.js'
import type { BundleEntry } from './bundle-entry.js'
import type { EntryName, EntryNames } from './entry-names.js'

/**
 * What references to an entry become when it leaves its Bundle; undefined where nothing is known of it, because the
 * server will choose its id, or it has no `fullUrl`.
 */
export function nameOf(
  { head, fullUrl, request }: BundleEntry,
  method: 'put' | 'post',
): EntryName | undefined {
  if (fullUrl === undefined || head === undefined) return undefined
  const { type, id } = head
  const condition = request?.ifNoneExist?.replace(/^\?/, '')
  if (request?.method === 'PUT') {
    const address = parseAddress(request.url)
    return address?.kind === 'type' ? undefined : address
  }
  if (request !== undefined && request.method !== 'POST') return undefined
  if (condition !== undefined && condition !== '') return { type, query: condition }
  if (method === 'post') return undefined
  const known = idOfEntry({ id, fullUrl })
  return known !== undefined && isId(known) ? { type, id: known } : undefined
}

/** The resource with references that are valid outside of its Bundle. */
export function withoutBundle(resource: Buffer, names: EntryNames): Buffer {
  if (names.size === 0) return resource
  const replace = (text: string): string | undefined => names.replacement(text)
  return withPlainReferences(resource, replace) ?? withReferences(resource, { which: 'addresses', replace })
}

const ESCAPE = Buffer.from([BACKSLASH, 0x75])
const URN = Buffer.from('urn:')
const REFERENCE = Buffer.from('"reference"')
/** Keys of URNs that are no references. Nearly every resource has some. */
const PASSED = ['"system"', '"value"', '"code"'].map((key) => Buffer.from(key))
const COLON = 0x3a
const OPEN_ARRAY = 0x5b

/**
 * Does what `withReferences` does, many times as fast, where nothing but `reference` holds an address of an entry.
 * Undefined where something else might. A search for bytes: a quote inside a string has a backslash before it, so
 * `"reference"` without one is a key or a whole string.
 */
export function withPlainReferences(
  resource: Buffer,
  replace: (text: string) => string | undefined,
): Buffer | undefined {
  if (resource.includes(ESCAPE) || !urnsArePlain(resource)) return undefined
  const changes = new Changes(resource)
  for (let at = resource.indexOf(REFERENCE); at >= 0; at = resource.indexOf(REFERENCE, at + 1)) {
    if (resource[at - 1] === BACKSLASH) continue
    const colon = skipSpace(resource, at + REFERENCE.length, resource.length)
    if (resource[colon] !== COLON) continue
    const start = skipSpace(resource, colon + 1, resource.length)
    if (resource[start] === OPEN_ARRAY) return undefined
    if (resource[start] !== QUOTE) continue
    const end = skipString(resource, start, resource.length)
    const text = stringText(resource, start, end)
    const instead = replace(text)
    if (instead === undefined || instead === text) continue
    changes.add(start, end, JSON.stringify(instead))
  }
  return changes.apply()
}

/** Replacements in a buffer, in order, applied with one allocation. */
class Changes {
  readonly #source: Buffer
  readonly #places: number[] = []
  readonly #texts: string[] = []
  #grownBytes = 0

  constructor(source: Buffer) {
    this.#source = source
  }

  add(start: number, end: number, text: string): void {
    this.#places.push(start, end)
    this.#texts.push(text)
    this.#grownBytes += Buffer.byteLength(text) - (end - start)
  }

  /** The source itself where nothing changes. */
  apply(): Buffer {
    const source = this.#source
    if (this.#texts.length === 0) return source
    const out = Buffer.allocUnsafe(source.length + this.#grownBytes)
    let from = 0
    let at = 0
    for (const [index, text] of this.#texts.entries()) {
      const start = this.#places[2 * index] ?? 0
      at += source.copy(out, at, from, start)
      at += out.write(text, at)
      from = this.#places[2 * index + 1] ?? 0
    }
    source.copy(out, at, from)
    return out
  }
}

/** Whether each URN is the value of `reference`, or of a property that is never rewritten. */
function urnsArePlain(resource: Buffer): boolean {
  for (let at = resource.indexOf(URN); at >= 0; at = resource.indexOf(URN, at + 1)) {
    const end = keyEndBefore(resource, at - 1)
    if (end === undefined) return false
    const isPassed = endsWith(resource, end, REFERENCE) || PASSED.some((key) => endsWith(resource, end, key))
    if (!isPassed) return false
  }
  return true
}

/** Where the key of the string that begins at `start` ends; undefined if that is not the quote of a member's value. */
function keyEndBefore(resource: Buffer, start: number): number | undefined {
  if (resource[start] !== QUOTE) return undefined
  const colon = spaceStart(resource, start)
  if (resource[colon - 1] !== COLON) return undefined
  const end = spaceStart(resource, colon - 1)
  return resource[end - 1] === QUOTE ? end : undefined
}

function spaceStart(bytes: Buffer, end: number): number {
  let at = end
  while (at > 0 && (bytes[at - 1] ?? 0) <= 0x20) at -= 1
  return at
}

const endsWith = (bytes: Buffer, end: number, token: Buffer): boolean => {
  const start = end - token.length
  return (
    start > 0 && bytes[start - 1] !== BACKSLASH && bytes.compare(token, 0, token.length, start, end) === 0
  )
}
