import { stringText } from '../json/scanner.js'

/** A property name, and the same with its quotes as written. */
export interface Key {
  readonly text: string
  readonly quoted: string
}

const PLACES = 1024
const LONGEST = 64

/**
 * Property names as strings by their bytes: the same few hundred come again and again, and a string made anew is hashed
 * anew at every look-up. One place for each hash value.
 */
export class KeyCache {
  readonly #places = new Array<Key | undefined>(PLACES).fill(undefined)

  /** The name that the string token `source[start, end)` is. */
  at(source: Buffer, start: number, end: number): Key {
    const length = end - start
    const hash = (source[start + 1] * 31 + source[end - 2]) * 31 + source[start + (length >> 1)] + length * 7
    const known = this.#places[hash % PLACES]
    if (known !== undefined && isAt(known.quoted, source, start, end)) return known
    const text = stringText(source, start, end)
    // Any escape and any character beyond ASCII takes more bytes than it gives text.
    if (text.length !== length - 2) return { text, quoted: source.toString('utf8', start, end) }
    const key = { text: shared(text), quoted: `"${text}"` }
    if (length <= LONGEST) this.#places[hash % PLACES] = key
    return key
  }
}

/** The same text as the string that V8 has once for all property names: equal ones are one, and soon told apart. */
const shared = (text: string): string => Object.keys({ [text]: 0 })[0]

function isAt(quoted: string, source: Buffer, start: number, end: number): boolean {
  if (quoted.length !== end - start) return false
  for (let k = 1; k < quoted.length; k++) if (quoted.charCodeAt(k) !== source[start + k]) return false
  return true
}
