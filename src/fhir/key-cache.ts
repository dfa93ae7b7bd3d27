import { byteAt } from '../json/byte.js'
import { stringText } from '../json/scanner.js'

/** A property name, plain and with its quotes as written. */
export interface Key {
  readonly text: string
  readonly quoted: string
}

const PLACES = 1024
const LONGEST = 64

/**
 * A cache of property names as strings, found by their bytes. The same few hundred names recur, and a newly made
 * string would be hashed anew at every look-up. Each hash value has one slot.
 */
export class KeyCache {
  readonly #places = new Array<Key | undefined>(PLACES).fill(undefined)

  /** Returns the name in the string token `source[start, end)`. */
  at(source: Buffer, start: number, end: number): Key {
    const length = end - start
    const ends = byteAt(source, start + 1) * 31 + byteAt(source, end - 2)
    const hash = ends * 31 + byteAt(source, start + (length >> 1)) + length * 7
    const known = this.#places[hash % PLACES]
    if (known !== undefined && isAt(known.quoted, source, start, end)) return known
    const text = stringText(source, start, end)
    // An escape or a non-ASCII character has more bytes than UTF-16 units, so it is not cached.
    if (text.length !== length - 2) return { text, quoted: source.toString('utf8', start, end) }
    const key = { text: shared(text), quoted: `"${text}"` }
    if (length <= LONGEST) this.#places[hash % PLACES] = key
    return key
  }
}

/** Returns the string that V8 interns for property names, so that equal names are one object and compare quickly. */
const shared = (text: string): string => Object.keys({ [text]: 0 })[0] ?? text

function isAt(quoted: string, source: Buffer, start: number, end: number): boolean {
  if (quoted.length !== end - start) return false
  for (let k = 1; k < quoted.length; k++) if (quoted.charCodeAt(k) !== source[start + k]) return false
  return true
}
