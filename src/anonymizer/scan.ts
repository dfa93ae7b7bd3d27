import { MAX_DEPTH, stringText } from '../fhir/json.js'
import { trimText } from '../fhir/text.js'

/**
 * The transducer's look at JSON tokens. Each function takes the position where a token begins and returns the one
 * behind it, 0 for no such token. They may read past the line: what stands there either ends the token or leads to a
 * position that the caller sees to be too far.
 */

/** A table over byte values. Reading past the source gives undefined, which equals no entry. */
function byteTable(holds: (byte: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => (holds(byte) ? 1 : 0))
}

const isLetter = (c: number): boolean => (c >= 0x41 && c <= 0x5a) || (c >= 0x61 && c <= 0x7a)
const isDigit = (c: number): boolean => c >= 0x30 && c <= 0x39

/** Ends a run of ordinary string bytes: quote, backslash, control characters. */
const STOPS = byteTable((c) => c === 0x22 || c === 0x5c || c < 0x20)
/** May begin a blank string: quote, space, backslash, and the lead bytes of the other white space. */
const MAYBE_SPACE = byteTable((c) => [0x22, 0x20, 0x5c, 0xc2, 0xe1, 0xe2, 0xe3].includes(c))
export const PLAIN_ASCII = byteTable((c) => c >= 0x20 && c < 0x7f && c !== 0x22 && c !== 0x5c)
export const LETTER = byteTable(isLetter)
export const HEX = byteTable((c) => isDigit(c) || (c >= 0x41 && c <= 0x46) || (c >= 0x61 && c <= 0x66))
/** An id's characters (FHIR `id`). */
export const ID = byteTable((c) => isLetter(c) || isDigit(c) || c === 0x2d || c === 0x2e)
/** What may follow a backslash, but for `u`. */
const ESCAPED = byteTable((c) => [0x22, 0x5c, 0x2f, 0x62, 0x66, 0x6e, 0x72, 0x74].includes(c))

/** Behind the key at `p` with its quote and colon; 0 where another one stands there. */
export function keyEnd(source: Uint8Array, p: number, key: Uint8Array): number {
  const length = key.length
  for (let k = 0; k < length; k++) if (source[p + k] !== key[k]) return 0
  return p + length
}

/** A string that is not blank. */
export function scanString(source: Buffer, p: number, end: number): number {
  if (MAYBE_SPACE[source[p + 1]] !== 0 && isBlank(source, p, end)) return 0
  return anyString(source, p)
}

function anyString(source: Uint8Array, p: number): number {
  let q = p + 1
  let c = source[q]
  for (;;) {
    while (STOPS[c] === 0) c = source[++q]
    if (c === 0x22) return q + 1
    if (c !== 0x5c) return 0
    q = escapeEnd(source, q)
    if (q === 0) return 0
    c = source[++q]
  }
}

/** `q` is a backslash; returns the position of the escape's last byte. */
function escapeEnd(source: Uint8Array, q: number): number {
  if (ESCAPED[source[q + 1]] === 1) return q + 1
  if (source[q + 1] !== 0x75) return 0
  for (let k = 2; k < 6; k++) if (HEX[source[q + k]] !== 1) return 0
  return q + 5
}

/** Whether the string at `p` is empty, blank or none. */
function isBlank(source: Buffer, p: number, end: number): boolean {
  const stop = anyString(source, p)
  return stop === 0 || stop > end || trimText(stringText(source, p, stop)) === ''
}

export function scanNumber(source: Uint8Array, p: number): number {
  let c = source[p]
  if (c === 0x2d) c = source[++p]
  if (c === 0x30) c = source[++p]
  else {
    if (!(c >= 0x31 && c <= 0x39)) return 0
    while (c >= 0x30 && c <= 0x39) c = source[++p]
  }
  if (c === 0x2e) {
    c = source[++p]
    if (!(c >= 0x30 && c <= 0x39)) return 0
    while (c >= 0x30 && c <= 0x39) c = source[++p]
  }
  if (c === 0x65 || c === 0x45) {
    c = source[++p]
    if (c === 0x2b || c === 0x2d) c = source[++p]
    if (!(c >= 0x30 && c <= 0x39)) return 0
    while (c >= 0x30 && c <= 0x39) c = source[++p]
  }
  return p
}

export function scanBoolean(source: Uint8Array, p: number): number {
  if (source[p] === 0x74)
    return source[p + 1] === 0x72 && source[p + 2] === 0x75 && source[p + 3] === 0x65 ? p + 4 : 0
  if (source[p] !== 0x66 || source[p + 1] !== 0x61 || source[p + 2] !== 0x6c) return 0
  return source[p + 3] === 0x73 && source[p + 4] === 0x65 ? p + 5 : 0
}

/** Skips values by their JSON syntax alone, white space between tokens included. */
export class Skipper {
  /** Whether the last skipped value held anything but nulls and blank strings. */
  sawValue = false
  private end = 0

  /** `depth` counts the containers with the one that may begin at `p`. */
  skip(source: Buffer, p: number, end: number, depth: number): number {
    this.sawValue = false
    this.end = end
    return this.value(source, p, depth)
  }

  private value(source: Buffer, p: number, depth: number): number {
    const c = source[p]
    if (c === 0x22) {
      if (MAYBE_SPACE[source[p + 1]] === 0) this.sawValue = true
      else if (!this.sawValue) this.sawValue = !isBlank(source, p, this.end)
      return anyString(source, p)
    }
    if (c === 0x7b || c === 0x5b) return this.container(source, p, depth)
    if (c === 0x6e)
      return source[p + 1] === 0x75 && source[p + 2] === 0x6c && source[p + 3] === 0x6c ? p + 4 : 0
    this.sawValue = true
    return c === 0x74 || c === 0x66 ? scanBoolean(source, p) : scanNumber(source, p)
  }

  private container(source: Buffer, p: number, depth: number): number {
    if (depth > MAX_DEPTH) return 0
    const isObject = source[p] === 0x7b
    const close = source[p] + 2
    p = spaceEnd(source, p + 1)
    if (source[p] === close) return p + 1
    for (;;) {
      if (isObject) {
        if (source[p] !== 0x22) return 0
        p = anyString(source, p)
        if (p === 0) return 0
        p = spaceEnd(source, p)
        if (source[p] !== 0x3a) return 0
        p = spaceEnd(source, p + 1)
      }
      p = this.value(source, p, depth + 1)
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
  for (let c = source[p]; c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09; c = source[++p]);
  return p
}
