import { isKey, JsonError, skipSpace, skipString } from '../../json/scanner.js'
import { type BundleEntry, readEntry } from './bundle-entry.js'

/** Errors this close to the end of what was read may be due to what was not read yet. */
export const EDGE_BYTES = 16

/** What `Recovery` found out. */
export type Recovered =
  /** The damage ends at this position; a comma or the end of the array follows. */
  | { readonly kind: 'end'; readonly at: number }
  /** An entry begins at this position, though the damaged one did not end. */
  | { readonly kind: 'entry'; readonly at: number }
  /** Read more. `passed`: bytes of the window that need not be held any more. */
  | { readonly kind: 'more'; readonly passed: number }
  | { readonly kind: 'lost' }

const FIRST_KEYS = ['fullUrl', 'resource', 'request']
const CONTAINERS = [Buffer.from('Bundle'), Buffer.from('Parameters')]

/**
 * Finds where a damaged entry ends. Where its braces and quotes match, they say so. Where they do not, the next
 * `{"fullUrl":` that begins a valid entry ends it; inside a string these bytes cannot stand. A resource that may itself
 * hold such objects (a Bundle, Parameters) must match, because its parts are not entries.
 */
export class Recovery {
  /** Of the next byte to look at, from the start of the entry or of what is still held of it. */
  #at = 0
  readonly #open: number[] = []
  #isInString = false
  #isEscaped = false
  #matches = true
  #mayHoldEntries = false
  readonly #maxBytes: number

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** `bytes[start, end)` is what is held of the entry. */
  search(bytes: Buffer, start: number, end: number, isEnded: boolean): Recovered {
    for (let at = start + this.#at; at < end; at += 1) {
      const found = this.#look(bytes, start, at, end, isEnded)
      if (found === 'more') return this.#more(at - start, this.#passable(bytes, start, at))
      if (found !== undefined) return found
    }
    if (isEnded) return { kind: 'lost' }
    if (end - start > this.#maxBytes) this.#matches = false
    // A word may lie across the border.
    return this.#more(end - start, this.#passable(bytes, start, Math.max(start, end - EDGE_BYTES)))
  }

  /** How many bytes need not be held any more: those before `at`, once the entry's own braces do not count. */
  #passable(bytes: Buffer, start: number, at: number): number {
    if (this.#matches) return 0
    this.#mayHoldEntries ||= holdsContainer(bytes, start, at)
    return at - start
  }

  #more(at: number, passed: number): Recovered {
    this.#at = at - passed
    return { kind: 'more', passed }
  }

  #look(
    bytes: Buffer,
    start: number,
    at: number,
    end: number,
    isEnded: boolean,
  ): Recovered | 'more' | undefined {
    const byte = bytes[at]
    if (byte === OPEN) {
      const verdict = beginsEntry(bytes, at, end, isEnded, this.#maxBytes)
      if (verdict === 'more') return 'more'
      if (verdict && !this.#mayHoldEntries && !holdsContainer(bytes, start, at)) return { kind: 'entry', at }
    }
    if (!this.#matches) return undefined
    if (this.#isInString) this.#passInString(byte)
    else if (byte === QUOTE) this.#isInString = true
    else if (byte === OPEN || byte === OPEN_ARRAY) this.#open.push(byte + 2)
    else if (byte === CLOSE || byte === CLOSE_ARRAY) {
      if (this.#open.pop() !== byte) this.#matches = false
      else if (this.#open.length === 0) {
        const next = skipSpace(bytes, at + 1, end)
        if (next >= end && !isEnded) {
          this.#open.push(byte)
          return 'more'
        }
        if (next >= end || bytes[next] === COMMA || bytes[next] === CLOSE_ARRAY)
          return { kind: 'end', at: at + 1 }
        this.#matches = false
      }
    }
    return undefined
  }

  #passInString(byte: number | undefined): void {
    if (this.#isEscaped) this.#isEscaped = false
    else if (byte === BACKSLASH) this.#isEscaped = true
    else if (byte === QUOTE) this.#isInString = false
  }
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const OPEN = 0x7b
const CLOSE = 0x7d
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d

const holdsContainer = (bytes: Buffer, start: number, end: number): boolean => {
  const held = bytes.subarray(start, end)
  return CONTAINERS.some((word) => held.includes(word))
}

function beginsEntry(
  bytes: Buffer,
  at: number,
  end: number,
  isEnded: boolean,
  maxBytes: number,
): boolean | 'more' {
  const key = skipSpace(bytes, at + 1, end)
  if (key + EDGE_BYTES > end && !isEnded) return 'more'
  if (key >= end || bytes[key] !== QUOTE) return false
  try {
    const keyEnd = skipString(bytes, key, end)
    if (!FIRST_KEYS.some((name) => isKey(bytes, key, keyEnd, name))) return false
    const entry = readEntry(bytes, at, end)
    const next = skipSpace(bytes, entry.end, end)
    if (next >= end) return isEnded ? isUsable(entry) : 'more'
    return isUsable(entry) && (bytes[next] === COMMA || bytes[next] === CLOSE_ARRAY)
  } catch (error) {
    if (!(error instanceof JsonError)) throw error
    const mayGoOn = !isEnded && error.offset + EDGE_BYTES > end && end - at <= maxBytes
    return mayGoOn ? 'more' : false
  }
}

/** Other objects with these keys have no resource in them. */
const isUsable = ({ head, request }: BundleEntry): boolean =>
  head === undefined ? request !== undefined : head.type !== ''
