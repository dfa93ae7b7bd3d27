import { referenceId } from '../../fhir/references.js'
import { createHmac } from './hmac.js'
import { type LeafMethod, RECORD } from './leaf.js'
import { jsonString } from './text.js'

/** HMAC-SHA256 of a text in lower-case hex; '' stays ''. */
export type HashText = (text: string) => string

export function createHashText(key: string): HashText {
  const hmac = createHmac(key)
  return (text) => (text === '' ? '' : hmac.hex(text))
}

/**
 * Replaces the value by its keyed hash, a string whatever its type; of a reference only the id (3.4). `hashText` is
 * `createHashText`'s or a cache in front of it.
 */
export function compileCryptoHash(hashText: HashText, resourceTypes: ReadonlySet<string>): LeafMethod {
  return (leaf) => ({
    record: RECORD.CRYPTOHASH,
    json: leaf.isReferenceValue
      ? jsonString(hashReference(leaf.text, hashText, resourceTypes))
      : `"${hashText(leaf.text)}"`,
  })
}

/** A reference with its id hashed, or hashed whole where it has none of the known forms. */
export function hashReference(text: string, hashText: HashText, resourceTypes: ReadonlySet<string>): string {
  const id = referenceId(text, resourceTypes)
  if (id === undefined) return hashText(text)
  return text.slice(0, id.start) + hashText(text.slice(id.start, id.end)) + text.slice(id.end)
}
