import { byteAt } from './byte.js'
import { HEX, isDigit } from './byte-classes.js'

/**
 * Scans JSON as bytes (RFC 8259): accepts exactly what `JSON.parse` accepts, without building values. Every function
 * works on `source[at, end)` and never reads outside it. Those that meet text that is not JSON throw JsonError.
 */

/**
 * Thrown for a line that is not JSON or is nested too deeply. `offset` is the position in the source, in bytes. The
 * code that starts reading the line catches it.
 */
export class JsonError extends Error {
  constructor(
    readonly code: 'INVALID_JSON' | 'TOO_DEEP',
    readonly offset: number,
    message: string,
  ) {
    super(message)
    this.name = 'JsonError'
  }
}

/** Maximum nesting depth of objects and arrays; FHIR itself needs only a few dozen. */
export const MAX_DEPTH = 256

const QUOTE = 0x22
const BACKSLASH = 0x5c

const invalid = (offset: number, message: string): JsonError => new JsonError('INVALID_JSON', offset, message)

/** Returns the position of the first byte at or after `at` that is not white space. */
export function skipSpace(source: Uint8Array, at: number, end: number): number {
  while (at < end) {
    const c = source[at]
    if (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09) break
    at++
  }
  return at
}

/** Returns the position after the closing quote of the string whose opening quote is at `at`. */
export function skipString(source: Uint8Array, at: number, end: number): number {
  for (let p = at + 1; p < end; p++) {
    const c = byteAt(source, p)
    if (c === QUOTE) return p + 1
    if (c === BACKSLASH) p = escapeEnd(source, p, end)
    else if (c < 0x20) throw invalid(p, 'a control character in a string')
  }
  throw invalid(end, 'a string without end')
}

/** Returns the position of the last byte of the escape whose backslash is at `at`. */
function escapeEnd(source: Uint8Array, at: number, end: number): number {
  if (at + 1 >= end) throw invalid(at, 'a string without end')
  switch (source[at + 1]) {
    case 0x22:
    case 0x5c:
    case 0x2f:
    case 0x62:
    case 0x66:
    case 0x6e:
    case 0x72:
    case 0x74:
      return at + 1
    case 0x75:
      for (let p = at + 2; p < at + 6; p++)
        if (p >= end || HEX[byteAt(source, p)] !== 1) throw invalid(at, 'a bad escape')
      return at + 5
    default:
      throw invalid(at, 'a bad escape')
  }
}

/** Returns the position after the number that begins at `at`. */
export function skipNumber(source: Uint8Array, at: number, end: number): number {
  let p = at
  if (source[p] === 0x2d) p++
  if (p >= end || !isDigit(byteAt(source, p))) throw invalid(p, 'a bad number')
  if (source[p] === 0x30) p++
  else p = digits(source, p, end)
  if (p < end && source[p] === 0x2e) p = digits(source, p + 1, end)
  if (p < end && (byteAt(source, p) | 0x20) === 0x65) {
    p++
    if (p < end && (source[p] === 0x2b || source[p] === 0x2d)) p++
    p = digits(source, p, end)
  }
  return p
}

function digits(source: Uint8Array, at: number, end: number): number {
  let p = at
  while (p < end && isDigit(byteAt(source, p))) p++
  if (p === at) throw invalid(at, 'a bad number')
  return p
}

/** Returns the position after `true`, `false` or `null`. */
export function skipWord(source: Uint8Array, at: number, end: number): number {
  const word = source[at] === 0x74 ? 'true' : source[at] === 0x66 ? 'false' : 'null'
  if (at + word.length > end) throw invalid(at, 'not a value')
  for (let k = 0; k < word.length; k++)
    if (source[at + k] !== word.charCodeAt(k)) throw invalid(at, 'not a value')
  return at + word.length
}

/** Returns the position after the value that begins at `at`; `depth` containers are open around it. */
export function skipValue(source: Uint8Array, at: number, end: number, depth: number): number {
  if (at >= end) throw invalid(end, 'the text ends too early')
  const c = byteAt(source, at)
  if (c === QUOTE) return skipString(source, at, end)
  if (c === 0x7b) return skipObject(source, at, end, depth + 1)
  if (c === 0x5b) return skipArray(source, at, end, depth + 1)
  if (c === 0x2d || isDigit(c)) return skipNumber(source, at, end)
  return skipWord(source, at, end)
}

function skipObject(source: Uint8Array, at: number, end: number, depth: number): number {
  checkDepth(depth, at)
  let p = skipSpace(source, at + 1, end)
  if (source[p] === 0x7d && p < end) return p + 1
  for (;;) {
    if (p >= end || source[p] !== QUOTE) throw invalid(p, 'a property name is missing')
    p = skipSpace(source, skipString(source, p, end), end)
    if (p >= end || source[p] !== 0x3a) throw invalid(p, 'a colon is missing')
    p = skipSpace(source, skipValue(source, skipSpace(source, p + 1, end), end, depth), end)
    if (p < end && source[p] === 0x7d) return p + 1
    if (p >= end || source[p] !== 0x2c) throw invalid(p, 'an object without end')
    p = skipSpace(source, p + 1, end)
  }
}

function skipArray(source: Uint8Array, at: number, end: number, depth: number): number {
  checkDepth(depth, at)
  let p = skipSpace(source, at + 1, end)
  if (source[p] === 0x5d && p < end) return p + 1
  for (;;) {
    p = skipSpace(source, skipValue(source, p, end, depth), end)
    if (p < end && source[p] === 0x5d) return p + 1
    if (p >= end || source[p] !== 0x2c) throw invalid(p, 'an array without end')
    p = skipSpace(source, p + 1, end)
  }
}

export function checkDepth(depth: number, offset: number): void {
  if (depth > MAX_DEPTH) throw new JsonError('TOO_DEEP', offset, `nested more than ${MAX_DEPTH} deep`)
}

/** Returns the unescaped text of the string token `source[start, end)`, which includes its quotes. */
export function stringText(source: Buffer, start: number, end: number): string {
  for (let p = start + 1; p < end - 1; p++) {
    const c = byteAt(source, p)
    if (c === BACKSLASH) return JSON.parse(source.toString('utf8', start, end)) as string
    if (c >= 0x80) return sawNonAscii(source, start, end)
  }
  return (source as LatinBuffer).latin1Slice(start + 1, end - 1)
}

/** Node's buffers have this method, but its types lack it. Three times as fast as `toString` on short ASCII. */
export interface LatinBuffer extends Buffer {
  latin1Slice(start: number, end: number): string
}

function sawNonAscii(source: Buffer, start: number, end: number): string {
  const text = source.toString('utf8', start, end)
  return text.includes('\\') ? (JSON.parse(text) as string) : text.slice(1, -1)
}

/** Byte range of a member's value. */
export interface ValueRange {
  readonly start: number
  readonly end: number
}

/** Finds the value of the first member `key` of the object at `at`; reads no further than that value. */
export function findMember(source: Buffer, at: number, end: number, key: string): ValueRange | undefined {
  return findFirstMember(source, at, end, [key])
}

/**
 * Finds the value of the first of `keys` that the object at `at` has, in the order of `keys`. Stops early only when
 * it meets the first key.
 */
export function findFirstMember(
  source: Buffer,
  at: number,
  end: number,
  keys: readonly string[],
): ValueRange | undefined {
  let best = keys.length
  let found: ValueRange | undefined
  let p = skipSpace(source, at + 1, end)
  if (source[p] === 0x7d && p < end) return undefined
  for (;;) {
    if (p >= end || source[p] !== QUOTE) throw invalid(p, 'a property name is missing')
    const keyStart = p
    const keyEnd = skipString(source, p, end)
    p = skipSpace(source, keyEnd, end)
    if (p >= end || source[p] !== 0x3a) throw invalid(p, 'a colon is missing')
    const start = skipSpace(source, p + 1, end)
    const valueEnd = skipValue(source, start, end, 0)
    for (let k = 0; k < best; k++) {
      const key = keys[k]
      if (key === undefined || !isKey(source, keyStart, keyEnd, key)) continue
      best = k
      found = { start, end: valueEnd }
    }
    if (best === 0) return found
    p = skipSpace(source, valueEnd, end)
    if (p >= end || source[p] !== 0x2c) return found
    p = skipSpace(source, p + 1, end)
  }
}

/** Whether the string token is the key. Compares bytes; a token with an escape is unescaped first. */
export function isKey(source: Buffer, start: number, end: number, key: string): boolean {
  const sameLength = end - start === key.length + 2
  for (let k = 0; k < key.length; k++) {
    const c = source[start + 1 + k]
    if (c === BACKSLASH) return stringText(source, start, end) === key
    if (c !== key.charCodeAt(k)) return false
  }
  return sameLength
}

/** Returns the text of the string member `key` of the object at `at`; undefined if it is missing or not a string. */
export function findStringMember(
  source: Buffer,
  at: number,
  end: number,
  key: string,
): { readonly text: string; readonly start: number } | undefined {
  const value = findMember(source, at, end, key)
  if (value === undefined || source[value.start] !== QUOTE) return undefined
  return { text: stringText(source, value.start, value.end), start: value.start }
}
