import { isKey, JsonError, skipSpace, skipString, skipValue, stringText } from '../../json/scanner.js'
import { type BundleEntry, readEntry } from './bundle-entry.js'
import { type Fault, jsonFault, TWICE, tooLong } from './faults.js'
import { EDGE_BYTES, Recovery } from './recovery.js'
import { ValueEnd } from './value-end.js'
import type { Window } from './window.js'

/** A part of a Bundle. Positions are those of the window's bytes, until the next part is asked for. */
export type BundlePart =
  | { readonly kind: 'entry'; readonly entry: BundleEntry }
  /** An entry that cannot be read, or what is left of the item behind damage. */
  | { readonly kind: 'broken'; readonly offset: number; readonly lengthBytes: number; readonly fault: Fault }
  | { readonly kind: 'end' }
  /** Call `more`. */
  | { readonly kind: 'more' }

const MORE: BundlePart = { kind: 'more' }
const END: BundlePart = { kind: 'end' }

interface Passing {
  readonly end: ValueEnd
  readonly start: number
  readonly isEntry: boolean
}

interface Damage {
  readonly search: Recovery
  readonly start: number
  readonly fault: Fault
}

const BREAKS_OFF = 'the Bundle breaks off'

/**
 * Takes a Bundle apart while it is read: its entries one by one, with no more memory than the longest that is allowed.
 * Damage inside an entry costs that entry only. A JSON object that is no Bundle passes as well; `resourceType` and
 * `type` say after the end what it was.
 */
export class BundleCursor {
  resourceType: string | undefined
  type: string | undefined
  /** Whether everything was valid JSON to the end. */
  isWhole = true
  /** Whether it broke off, so that where it ends is not known. */
  isLost = false
  readonly #window: Window
  readonly #maxEntryBytes: number
  #place: 'open' | 'members' | 'entries' | 'done' = 'open'
  /** Of the comma between two members or entries. */
  #comma: 'none' | 'needed' | 'passed' = 'none'
  #hasEntries = false
  #passing: Passing | undefined
  #lost: { readonly offset: number; readonly fault: Fault } | undefined
  #recovery: Damage | undefined

  /** The window is at the opening brace. */
  constructor(window: Window, maxEntryBytes: number) {
    this.#window = window
    this.#maxEntryBytes = maxEntryBytes
  }

  /** The next part within what was read. */
  next(): BundlePart {
    if (this.#lost !== undefined) return this.#passRest(this.#lost)
    if (this.#recovery !== undefined) return this.#recover(this.#recovery)
    if (this.#passing !== undefined) return this.#pass(this.#passing)
    if (this.#place === 'open') {
      if (this.#window.at >= this.#window.end) return MORE
      this.#window.at += 1
      this.#place = 'members'
    }
    return this.#place === 'done' ? END : this.#read()
  }

  more(): Promise<void> {
    return this.#window.fill()
  }

  #read(): BundlePart {
    const window = this.#window
    try {
      for (;;) {
        const at = this.#nextValue()
        if (at === undefined) return this.#place === 'done' ? END : MORE
        if (this.#place === 'entries') return this.#entry(at)
        if (!this.#member(at)) return this.#moreOf(at)
        if (this.#passing !== undefined) return this.#pass(this.#passing)
      }
    } catch (error) {
      if (!(error instanceof JsonError)) throw error
      if (!window.isEnded && error.offset + EDGE_BYTES > window.end) return this.#moreOf(window.at)
      return this.#place === 'entries'
        ? this.#damaged(error)
        : this.#lose(window.offset + error.offset, jsonFault(error))
    }
  }

  /** Where the next member or entry begins; undefined at the end of the object, or where more must be read. */
  #nextValue(): number | undefined {
    const window = this.#window
    for (;;) {
      const { bytes, end } = window
      window.at = skipSpace(bytes, window.at, end)
      if (window.at >= end) {
        if (window.isEnded) throw new JsonError('INVALID_JSON', end, BREAKS_OFF)
        return undefined
      }
      const byte = bytes[window.at]
      const isEntries = this.#place === 'entries'
      if (this.#comma !== 'passed' && byte === (isEntries ? CLOSE_ARRAY : CLOSE)) {
        window.at += 1
        this.#comma = 'needed'
        this.#place = isEntries ? 'members' : 'done'
        if (!isEntries) return undefined
      } else if (this.#comma !== 'needed') return window.at
      else if (byte === COMMA) {
        window.at += 1
        this.#comma = 'passed'
      } else throw new JsonError('INVALID_JSON', window.at, 'a comma is missing')
    }
  }

  /** More is needed for what begins at `at`, if it may be so long. */
  #moreOf(at: number): BundlePart {
    const window = this.#window
    if (window.end - at <= this.#maxEntryBytes) return MORE
    if (this.#place !== 'entries') return this.#lose(window.offset + at, tooLong(this.#maxEntryBytes))
    this.#passing = { end: new ValueEnd(), start: window.offset + at, isEntry: true }
    return this.#pass(this.#passing)
  }

  #entry(at: number): BundlePart {
    const window = this.#window
    const entry = readEntry(window.bytes, at, window.end)
    // A number may go on in what was not read yet.
    if (entry.end === window.end && !window.isEnded) return MORE
    window.at = entry.end
    this.#comma = 'needed'
    const lengthBytes = entry.end - at
    return lengthBytes > this.#maxEntryBytes
      ? this.#broken(window.offset + at, lengthBytes, tooLong(this.#maxEntryBytes))
      : { kind: 'entry', entry }
  }

  /** Passes a member; false where more must be read first. */
  #member(at: number): boolean {
    const window = this.#window
    const { bytes, end } = window
    if (bytes[at] !== QUOTE) throw new JsonError('INVALID_JSON', at, 'a property name is missing')
    const keyEnd = skipString(bytes, at, end)
    const colon = skipSpace(bytes, keyEnd, end)
    if (colon < end && bytes[colon] !== COLON)
      throw new JsonError('INVALID_JSON', colon, 'a colon is missing')
    const value = skipSpace(bytes, colon + 1, end)
    if (value >= end) {
      if (window.isEnded) throw new JsonError('INVALID_JSON', end, 'the text ends too early')
      return false
    }
    if (bytes[value] === OPEN_ARRAY && isKey(bytes, at, keyEnd, 'entry')) {
      if (this.#hasEntries) throw new JsonError('INVALID_JSON', at, TWICE.message)
      this.#hasEntries = true
      this.#place = 'entries'
      this.#comma = 'none'
      window.at = value + 1
      return true
    }
    const valueEnd = this.#memberValue(value)
    if (valueEnd === undefined) return this.#passing !== undefined
    if (bytes[value] === QUOTE) {
      if (isKey(bytes, at, keyEnd, 'resourceType')) this.resourceType ??= stringText(bytes, value, valueEnd)
      else if (isKey(bytes, at, keyEnd, 'type')) this.type ??= stringText(bytes, value, valueEnd)
    }
    window.at = valueEnd
    this.#comma = 'needed'
    return true
  }

  #memberValue(value: number): number | undefined {
    const { bytes, end, isEnded } = this.#window
    try {
      const valueEnd = skipValue(bytes, value, end, 1)
      return valueEnd === end && !isEnded ? undefined : valueEnd
    } catch (error) {
      if (!(error instanceof JsonError) || isEnded || error.offset + EDGE_BYTES <= end) throw error
      if (end - value <= this.#maxEntryBytes) return undefined
      this.#passing = { end: new ValueEnd(), start: this.#window.offset + value, isEntry: false }
      this.#window.at = value
      return undefined
    }
  }

  /** Passes over a long value without holding it. */
  #pass(passing: Passing): BundlePart {
    const window = this.#window
    const end = passing.end.find(window.bytes, window.at, window.end)
    window.at = end ?? window.end
    if (end === undefined && !window.isEnded) return MORE
    this.#passing = undefined
    this.#comma = 'needed'
    return passing.isEntry
      ? this.#broken(passing.start, window.place - passing.start, tooLong(this.#maxEntryBytes))
      : this.#read()
  }

  #damaged(error: JsonError): BundlePart {
    const window = this.#window
    const search = new Recovery(this.#maxEntryBytes)
    this.#recovery = { search, start: window.place, fault: jsonFault(error) }
    return this.#recover(this.#recovery)
  }

  #recover({ search, start, fault }: Damage): BundlePart {
    const window = this.#window
    const found = search.search(window.bytes, window.at, window.end, window.isEnded)
    if (found.kind === 'more') {
      window.at += found.passed
      return MORE
    }
    this.#recovery = undefined
    if (found.kind === 'lost') return this.#lose(start, fault)
    window.at = found.at
    this.#comma = found.kind === 'entry' ? 'passed' : 'needed'
    return this.#broken(start, window.place - start, fault)
  }

  /** Nothing after this can be understood. */
  #lose(offset: number, fault: Fault): BundlePart {
    this.isLost = true
    this.#place = 'done'
    this.#lost = { offset, fault }
    return this.#passRest(this.#lost)
  }

  #passRest({ offset, fault }: { readonly offset: number; readonly fault: Fault }): BundlePart {
    const window = this.#window
    window.at = window.end
    if (!window.isEnded) return MORE
    this.#lost = undefined
    return this.#broken(offset, window.place - offset, fault)
  }

  #broken(offset: number, lengthBytes: number, fault: Fault): BundlePart {
    this.isWhole = false
    return { kind: 'broken', offset, lengthBytes, fault }
  }
}

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const CLOSE = 0x7d
