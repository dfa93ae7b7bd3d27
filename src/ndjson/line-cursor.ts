import { contentEnd, LF } from './line.js'

/** The lines of a range of bytes, one after the other (INVARIANT line). Copies nothing and makes no object for a line. */
export class LineCursor {
  /** The content of the current line is `bytes[start, end)`. */
  start = 0
  end = 0
  /** Where the next line begins; after the last line, where the range ends. */
  next: number
  readonly #bytes: Buffer
  readonly #isDocument: boolean

  /** The range begins with a line. `isDocument`: all of it is the content of one line, whatever newlines it holds. */
  constructor(bytes: Buffer, { start = 0, end = bytes.length, isDocument = false } = {}) {
    this.#bytes = bytes.subarray(0, end)
    this.#isDocument = isDocument
    this.next = start
  }

  /** Moves to the next line; false after the last one. */
  advance(): boolean {
    const bytes = this.#bytes
    this.start = this.next
    if (this.start >= bytes.length) return false
    const newline = this.#isDocument ? -1 : bytes.indexOf(LF, this.start)
    this.next = newline < 0 ? bytes.length : newline + 1
    this.end = this.#isDocument ? this.next : contentEnd(bytes, this.start, this.next)
    return true
  }
}
