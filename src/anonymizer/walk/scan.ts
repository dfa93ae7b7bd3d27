import { trimText } from '../../fhir/text.js'
import { byteTable, DIGIT, ESCAPED, HEX, LETTER, SPACE } from '../../json/byte-classes.js'
import { MAX_DEPTH, stringText } from '../../json/scanner.js'

/**
 * Scans JSON tokens for the transducer. Each function takes the position where a token begins and returns the one
 * after it, or 0 if there is no such token. They may read past the line: the bytes there either end the token or lead
 * to a position that the caller recognizes as too far.
 *
 * INVARIANT loop-reads: the loops of the walk and of its hashing read bytes and table entries `as number`. Either the
 * bounds of the loop keep the index in range, or the position may be past the buffer. In that case the value is
 * undefined, which no comparison accepts and no table has an entry for. A check for each byte would cost time
 * (`bench/engine.ts`).
 */

/** Bytes that end a run of ordinary string bytes: quote, backslash, control characters. */
const STOPS = byteTable((c) => c === 0x22 || c === 0x5c || c < 0x20)
/**
 * Bytes after the opening quote that a blank string may have: quote, space, backslash, and the lead bytes of other
 * white space.
 */
const MAYBE_SPACE = byteTable((c) => [0x22, 0x20, 0x5c, 0xc2, 0xe1, 0xe2, 0xe3].includes(c))
export const PLAIN_ASCII = byteTable((c) => c >= 0x20 && c < 0x7f && c !== 0x22 && c !== 0x5c)
/** Characters of an id (FHIR `id`). */
export const ID = byteTable((c) => LETTER[c] === 1 || DIGIT[c] === 1 || c === 0x2d || c === 0x2e)
/**
 * A key, from its quote to its colon, in little-endian words of four bytes. The last word overlaps the one before it.
 */
export interface KeyWords {
  /** Length in bytes, at least 4. */
  readonly length: number
  /** The words at 0, `secondAt`, `thirdAt` and at the end cover keys of up to 16 bytes. */
  readonly first: number
  readonly secondAt: number
  readonly second: number
  readonly thirdAt: number
  readonly third: number
  readonly last: number
  /** All whole words from the start. */
  readonly words: Int32Array
}

/** Makes the words of a key, given with its quotes and its colon. */
export function keyWords(key: string): KeyWords {
  const bytes = Buffer.from(key)
  const { length } = bytes
  const wordAt = (at: number): number => bytes.readInt32LE(at)
  const last = length - 4
  return {
    length,
    first: wordAt(0),
    secondAt: Math.min(4, last),
    second: wordAt(Math.min(4, last)),
    thirdAt: Math.min(8, last),
    third: wordAt(Math.min(8, last)),
    last: wordAt(last),
    words: Int32Array.from({ length: length >> 2 }, (_, k) => wordAt(k * 4)),
  }
}

/**
 * Returns the position after the key at `p`; 0 if there is a different one. Words are compared without a branch for
 * each.
 */
export function keyEnd(view: DataView, p: number, key: KeyWords): number {
  const end = p + key.length
  if (end > view.byteLength) return 0
  const differs =
    (view.getInt32(p, true) ^ key.first) |
    (view.getInt32(p + key.secondAt, true) ^ key.second) |
    (view.getInt32(p + key.thirdAt, true) ^ key.third) |
    (view.getInt32(end - 4, true) ^ key.last)
  if (differs !== 0) return 0
  if (key.length > 16) {
    const { words } = key
    for (let k = 3; k < words.length; k++) if (view.getInt32(p + k * 4, true) !== words[k]) return 0
  }
  return end
}

/** Scans a string that is not blank. */
export function scanString(source: Buffer, view: DataView, p: number, end: number): number {
  if (MAYBE_SPACE[source[p + 1] as number] !== 0 && isBlank(source, view, p, end)) return 0
  return anyString(source, view, p)
}

function anyString(source: Uint8Array, view: DataView, p: number): number {
  let q = p + 1
  for (;;) {
    q = ordinaryEnd(source, view, q)
    const c = source[q]
    if (c === 0x22) return q + 1
    if (c !== 0x5c) return 0
    q = escapeEnd(source, q)
    if (q === 0) return 0
    q++
  }
}

/** Returns the position of the first byte at or after `q` that is in `STOPS`, testing four bytes at once. */
function ordinaryEnd(source: Uint8Array, view: DataView, q: number): number {
  const last = view.byteLength - 4
  for (; q <= last; q += 4) {
    const word = view.getInt32(q, true)
    const quotes = word ^ QUOTES
    const slashes = word ^ BACKSLASHES
    // The highest bit of a byte is set if the byte was less than the subtrahend. Only bytes above such a byte can be
    // wrong.
    const stops =
      (((quotes - ONES) & ~quotes) | ((slashes - ONES) & ~slashes) | ((word - SPACES) & ~word)) & HIGH_BITS
    if (stops !== 0) return q + ((31 - Math.clz32(stops & -stops)) >> 3)
  }
  while (STOPS[source[q] as number] === 0) q++
  return q
}

const QUOTES = 0x22222222
const BACKSLASHES = 0x5c5c5c5c
const SPACES = 0x20202020
const ONES = 0x01010101
const HIGH_BITS = 0x80808080 | 0

/** Returns the position of the last byte of the escape whose backslash is at `q`; 0 if it is invalid. */
function escapeEnd(source: Uint8Array, q: number): number {
  if (ESCAPED[source[q + 1] as number] === 1) return q + 1
  if (source[q + 1] !== 0x75) return 0
  for (let k = 2; k < 6; k++) if (HEX[source[q + k] as number] !== 1) return 0
  return q + 5
}

/** Whether the string at `p` is empty, blank or not a string. */
function isBlank(source: Buffer, view: DataView, p: number, end: number): boolean {
  const stop = anyString(source, view, p)
  return stop === 0 || stop > end || trimText(stringText(source, p, stop)) === ''
}

export function scanNumber(source: Uint8Array, p: number): number {
  let c = source[p] as number
  if (c === 0x2d) c = source[++p] as number
  if (c === 0x30) c = source[++p] as number
  else {
    if (!(c >= 0x31 && c <= 0x39)) return 0
    while (c >= 0x30 && c <= 0x39) c = source[++p] as number
  }
  if (c === 0x2e) {
    c = source[++p] as number
    if (!(c >= 0x30 && c <= 0x39)) return 0
    while (c >= 0x30 && c <= 0x39) c = source[++p] as number
  }
  if (c === 0x65 || c === 0x45) {
    c = source[++p] as number
    if (c === 0x2b || c === 0x2d) c = source[++p] as number
    if (!(c >= 0x30 && c <= 0x39)) return 0
    while (c >= 0x30 && c <= 0x39) c = source[++p] as number
  }
  return p
}

export function scanBoolean(source: Uint8Array, p: number): number {
  if (source[p] === 0x74)
    return source[p + 1] === 0x72 && source[p + 2] === 0x75 && source[p + 3] === 0x65 ? p + 4 : 0
  if (source[p] !== 0x66 || source[p + 1] !== 0x61 || source[p + 2] !== 0x6c) return 0
  return source[p + 3] === 0x73 && source[p + 4] === 0x65 ? p + 5 : 0
}

const NO_VIEW = new DataView(new ArrayBuffer(0))

/** Skips values by their JSON syntax alone, including white space between tokens. */
export class Skipper {
  /** Whether the last skipped value contained anything but nulls and blank strings. */
  sawValue = false
  #end = 0
  #view: DataView = NO_VIEW

  /**
   * Skips the value at `p` and returns the position after it, or 0 if it is invalid. `depth` counts the open
   * containers, including one that begins at `p`.
   */
  skip(source: Buffer, view: DataView, p: number, end: number, depth: number): number {
    this.sawValue = false
    this.#view = view
    this.#end = end
    return this.#value(source, p, depth)
  }

  #value(source: Buffer, p: number, depth: number): number {
    const c = source[p]
    if (c === 0x22) {
      if (MAYBE_SPACE[source[p + 1] as number] === 0) this.sawValue = true
      else if (!this.sawValue) this.sawValue = !isBlank(source, this.#view, p, this.#end)
      return anyString(source, this.#view, p)
    }
    if (c === 0x7b || c === 0x5b) return this.#container(source, p, depth)
    if (c === 0x6e)
      return source[p + 1] === 0x75 && source[p + 2] === 0x6c && source[p + 3] === 0x6c ? p + 4 : 0
    this.sawValue = true
    return c === 0x74 || c === 0x66 ? scanBoolean(source, p) : scanNumber(source, p)
  }

  #container(source: Buffer, p: number, depth: number): number {
    if (depth > MAX_DEPTH) return 0
    const isObject = source[p] === 0x7b
    const close = (source[p] as number) + 2
    p = spaceEnd(source, p + 1)
    if (source[p] === close) return p + 1
    for (;;) {
      if (isObject) {
        if (source[p] !== 0x22) return 0
        p = anyString(source, this.#view, p)
        if (p === 0) return 0
        p = spaceEnd(source, p)
        if (source[p] !== 0x3a) return 0
        p = spaceEnd(source, p + 1)
      }
      p = this.#value(source, p, depth + 1)
      if (p === 0) return 0
      p = spaceEnd(source, p)
      const next = source[p]
      if (next === close) return p + 1
      if (next !== 0x2c) return 0
      p = spaceEnd(source, p + 1)
    }
  }
}

function spaceEnd(source: Uint8Array, p: number): number {
  while (SPACE[source[p] as number] === 1) p++
  return p
}
