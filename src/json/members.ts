import { JsonError, skipSpace, skipString, skipValue } from './scanner.js'

/**
 * The members of the object `source[at, …)`, one after the other, without an object for each. Checks all that it passes
 * over, so an object whose last member was passed is valid JSON. Throws JsonError.
 */
export class Members {
  /** The key's token, with its quotes. */
  keyStart = 0
  keyEnd = 0
  /** Where the value begins. */
  valueStart = 0
  /** After the last member: where the object ends. */
  end = 0
  #next = 0
  #isFirst = true

  readonly #source: Uint8Array
  readonly #limit: number
  /** Of the object's own members. */
  readonly #depth: number

  /** `at` is that of the opening brace; `depth` containers are open around it. */
  constructor(source: Uint8Array, at: number, limit: number, depth = 0) {
    this.#source = source
    this.#limit = limit
    this.#depth = depth + 1
    this.#next = at + 1
  }

  /** Moves to the next key; false at the closing brace. The value before must have been passed. */
  advance(): boolean {
    const source = this.#source
    const limit = this.#limit
    let at = skipSpace(source, this.#next, limit)
    if (at < limit && source[at] === CLOSE) {
      this.end = at + 1
      return false
    }
    if (!this.#isFirst) {
      if (at >= limit || source[at] !== COMMA) throw invalid(at, 'an object without end')
      at = skipSpace(source, at + 1, limit)
    }
    this.#isFirst = false
    if (at >= limit || source[at] !== QUOTE) throw invalid(at, 'a property name is missing')
    this.keyStart = at
    this.keyEnd = skipString(source, at, limit)
    at = skipSpace(source, this.keyEnd, limit)
    if (at >= limit || source[at] !== COLON) throw invalid(at, 'a colon is missing')
    this.valueStart = skipSpace(source, at + 1, limit)
    return true
  }

  /** Passes over the value and returns where it ends. */
  pass(): number {
    this.#next = skipValue(this.#source, this.valueStart, this.#limit, this.#depth)
    return this.#next
  }

  /** For a caller that read the value itself. */
  passTo(end: number): void {
    this.#next = end
  }
}

const QUOTE = 0x22
const COLON = 0x3a
const COMMA = 0x2c
const CLOSE = 0x7d

const invalid = (offset: number, message: string): JsonError => new JsonError('INVALID_JSON', offset, message)
