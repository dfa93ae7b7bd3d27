import { byteAt } from '../../json/byte.js'

/** Thrown for a document that is not a JSON object with correct commas. Values are not examined. */
export class Malformed extends Error {
  constructor(
    readonly code: 'INVALID_JSON' | 'DUPLICATE_KEY' | 'LINE_TOO_LONG',
    readonly offset: number,
  ) {
    super('the document is malformed')
  }
}

export interface ScanVisitor {
  /** A piece of the document without its entries: `{`, members separated by commas, `}`. */
  onShell(bytes: Uint8Array): void
  onEntryBytes(bytes: Uint8Array): void
  /** Receives the parts; offsets are those of the document. */
  onEntryEnd(start: number, end: number): void
}

type Place =
  | 'root'
  | 'key'
  | 'first-key'
  | 'colon'
  | 'value'
  | 'comma'
  | 'first-entry'
  | 'entry'
  | 'entry-comma'
  | 'end'
type Token = 'key' | 'value' | 'entry'

const QUOTE = 0x22
const OPENERS = new Set([0x7b, 0x5b])
const CLOSERS = new Set([0x7d, 0x5d])
const SPACE = new Set([0x20, 0x0a, 0x0d, 0x09])
const TEXT = {
  comma: Buffer.from(','),
  colon: Buffer.from(':'),
  open: Buffer.from('{'),
  close: Buffer.from('}'),
}

/**
 * Takes a JSON object apart while it arrives in pieces of any size: its members, and the elements of its member
 * `entry`. The values themselves are checked by whoever gets them. Throws Malformed.
 */
export class DocumentScanner {
  #place: Place = 'root'
  #token: Token | undefined
  #tokenStart = 0
  #key: Uint8Array[] = []
  #nesting = 0
  #inString = false
  #escaped = false
  #members = 0
  #entriesSeen = false
  #offset: number

  readonly #visitor: ScanVisitor

  constructor(visitor: ScanVisitor, fromOffset: number) {
    this.#visitor = visitor
    this.#offset = fromOffset
  }

  scan(bytes: Uint8Array): void {
    let from = 0
    for (let at = 0; at < bytes.length; at += 1) {
      const byte = byteAt(bytes, at)
      if (this.#token !== undefined) {
        const end = this.#tokenEnd(byte, at)
        if (end === undefined) continue
        this.#flush(bytes.subarray(from, end))
        this.#endToken(this.#offset + end)
        // A number or word ends before a byte that has a meaning of its own.
        if (end > at) continue
      }
      if (SPACE.has(byte)) continue
      if (this.#structure(byte, this.#offset + at)) from = at
    }
    if (this.#token !== undefined) this.#flush(bytes.subarray(from))
    this.#offset += bytes.length
  }

  /** Call after the last piece. */
  finish(): void {
    if (this.#place !== 'end') throw new Malformed('INVALID_JSON', this.#offset)
  }

  /** Returns the end of the token, if this byte ends it. */
  #tokenEnd(byte: number, at: number): number | undefined {
    if (this.#inString) {
      if (this.#escaped) this.#escaped = false
      else if (byte === 0x5c) this.#escaped = true
      else if (byte === QUOTE) {
        this.#inString = false
        if (this.#nesting === 0) return at + 1
      }
      return undefined
    }
    if (byte === QUOTE) this.#inString = true
    else if (OPENERS.has(byte)) this.#nesting += 1
    else if (CLOSERS.has(byte)) {
      if (this.#nesting === 0) return at
      this.#nesting -= 1
      if (this.#nesting === 0) return at + 1
    } else if (this.#nesting === 0 && (byte === 0x2c || SPACE.has(byte))) return at
    return undefined
  }

  #flush(bytes: Uint8Array): void {
    if (this.#token === 'key') this.#key.push(new Uint8Array(bytes))
    else if (this.#token === 'value') this.#visitor.onShell(bytes)
    else this.#visitor.onEntryBytes(bytes)
  }

  #endToken(end: number): void {
    if (this.#token === 'key') this.#place = 'colon'
    else if (this.#token === 'value') this.#place = 'comma'
    else {
      this.#visitor.onEntryEnd(this.#tokenStart, end)
      this.#place = 'entry-comma'
    }
    this.#token = undefined
  }

  /** Whether a token begins with this byte. */
  #structure(byte: number, offset: number): boolean {
    const place = this.#place
    if (place === 'root' && byte === 0x7b) {
      this.#visitor.onShell(TEXT.open)
      this.#place = 'first-key'
    } else if ((place === 'key' || place === 'first-key') && byte === QUOTE) {
      this.#key = []
      return this.#startToken('key', byte, offset)
    } else if (place === 'colon' && byte === 0x3a) this.#place = 'value'
    else if (place === 'value') return this.#value(byte, offset)
    else if ((place === 'entry' || place === 'first-entry') && byte === 0x7b)
      return this.#startToken('entry', byte, offset)
    else if (place === 'entry-comma' && byte === 0x2c) this.#place = 'entry'
    else if ((place === 'entry-comma' || place === 'first-entry') && byte === 0x5d) this.#place = 'comma'
    else if (place === 'comma' && byte === 0x2c) this.#place = 'key'
    else if ((place === 'comma' || place === 'first-key') && byte === 0x7d) {
      this.#visitor.onShell(TEXT.close)
      this.#place = 'end'
    } else throw new Malformed('INVALID_JSON', offset)
    return false
  }

  #value(byte: number, offset: number): boolean {
    const key = Buffer.concat(this.#key)
    if (byte === 0x5b && isEntry(key, offset)) {
      if (this.#entriesSeen) throw new Malformed('DUPLICATE_KEY', offset)
      this.#entriesSeen = true
      this.#place = 'first-entry'
      return false
    }
    if (this.#members > 0) this.#visitor.onShell(TEXT.comma)
    this.#members += 1
    this.#visitor.onShell(key)
    this.#visitor.onShell(TEXT.colon)
    return this.#startToken('value', byte, offset)
  }

  #startToken(token: Token, byte: number, offset: number): true {
    this.#token = token
    this.#tokenStart = offset
    this.#inString = byte === QUOTE
    this.#nesting = OPENERS.has(byte) ? 1 : 0
    this.#escaped = false
    return true
  }
}

function isEntry(key: Buffer, offset: number): boolean {
  try {
    return JSON.parse(key.toString('utf8')) === 'entry'
  } catch {
    throw new Malformed('INVALID_JSON', offset)
  }
}
