import { contentEnd, lineStartAfter, markLength, mayBecomeMark, wholeLinesEnd } from './line.js'
import { LineCursor } from './line-cursor.js'

/** Fills `target` or the beginning of it and returns how many bytes it put there; 0 only at the end. */
export type Read = (target: Uint8Array) => Promise<number>

/** Whole lines, as they are in the stream. Only the last line of the stream may lack its LF. */
export interface LineBlock {
  readonly kind: 'lines'
  /** Valid until the next block is asked for. */
  readonly bytes: Buffer
  /** Where the block begins in the stream. */
  readonly offset: number
}

/** The place of a line that is longer than the limit; its bytes are not held. */
export interface LongLine {
  readonly kind: 'too-long'
  readonly offset: number
  readonly lengthBytes: number
  /** Offset of the next line. */
  readonly endOffset: number
}

export interface LineOptions {
  /** A longer line becomes a LongLine. By default lines are held whatever their length. */
  readonly maxLineBytes?: number
  /** The whole stream is one line. */
  readonly isDocument?: boolean
}

const PIECE_BYTES = 2 ** 20

/** Cuts a stream of bytes into blocks of whole lines (INVARIANT line). Throws what reading throws. */
export class LineBlocks {
  readonly #read: Read
  readonly #maxLineBytes: number
  readonly #isDocument: boolean
  /** What was read but not given out is `#buffer[#start, #end)`. */
  #buffer: Buffer = Buffer.allocUnsafe(PIECE_BYTES)
  #start = 0
  #end = 0
  /** Of `#start` in the stream. */
  #offset = 0
  #isOpen = false
  #isEnded = false
  #isMarked = false

  constructor(read: Read, { maxLineBytes = Number.POSITIVE_INFINITY, isDocument = false }: LineOptions = {}) {
    this.#read = read
    this.#maxLineBytes = maxLineBytes
    this.#isDocument = isDocument
  }

  /** Whether the stream begins with a byte order mark. Known with the first block. */
  get isMarked(): boolean {
    return this.#isMarked
  }

  /** After the last block: where the stream ends. */
  get endOffset(): number {
    return this.#offset
  }

  /** Returns the next block, or undefined at the end. */
  async next(): Promise<LineBlock | LongLine | undefined> {
    if (!this.#isOpen) await this.#passMark()
    for (let searched = 0; ; ) {
      const until = this.#wholeEnd(this.#start + searched)
      if (until > this.#start) return this.#take(until)
      if (this.#isEnded) return undefined
      searched = this.#end - this.#start
      // One of these bytes may be the CR of the ending.
      if (searched > this.#maxLineBytes + 1) return this.#pass()
      await this.#fill()
    }
  }

  async #passMark(): Promise<void> {
    this.#isOpen = true
    do await this.#fill()
    while (!this.#isEnded && mayBecomeMark(this.#held))
    const length = markLength(this.#held)
    this.#isMarked = length > 0
    this.#skip(length)
  }

  get #held(): Buffer {
    return this.#buffer.subarray(this.#start, this.#end)
  }

  /** Where the whole lines end of which no LF lies before `from`; `#start` where there are none. */
  #wholeEnd(from: number): number {
    if (this.#isEnded) return this.#end
    const end = this.#isDocument ? from : wholeLinesEnd(this.#buffer, from, this.#end)
    return end > from ? end : this.#start
  }

  /** The lines before `until`, or as many as come before one that is too long, or that one. */
  #take(until: number): LineBlock | LongLine {
    const offset = this.#offset
    const bytes = this.#buffer.subarray(this.#start, until)
    const long = bytes.length > this.#maxLineBytes ? this.#longLine(bytes) : undefined
    if (long === undefined || long.start > 0) {
      const block = long === undefined ? bytes : bytes.subarray(0, long.start)
      this.#skip(block.length)
      return { kind: 'lines', bytes: block, offset }
    }
    this.#skip(long.next)
    return { kind: 'too-long', offset, lengthBytes: long.end, endOffset: this.#offset }
  }

  #longLine(bytes: Buffer): LineCursor | undefined {
    const line = new LineCursor(bytes, { isDocument: this.#isDocument })
    while (line.advance()) if (line.end - line.start > this.#maxLineBytes) return line
    return undefined
  }

  /** Reads to the end of a line without keeping it. */
  async #pass(): Promise<LongLine> {
    const offset = this.#offset
    for (;;) {
      const next = this.#isDocument ? 0 : lineStartAfter(this.#buffer, this.#start, this.#end)
      if (next > 0 || this.#isEnded) {
        const end = next > 0 ? next : this.#end
        const lineEnd = this.#isDocument ? end : contentEnd(this.#buffer, this.#start, end)
        const lengthBytes = this.#offset - offset + lineEnd - this.#start
        this.#skip(end - this.#start)
        return { kind: 'too-long', offset, lengthBytes, endOffset: this.#offset }
      }
      // The last byte stays: it may be the CR of the ending.
      this.#skip(this.#end - this.#start - 1)
      await this.#fill()
    }
  }

  #skip(bytes: number): void {
    this.#start += bytes
    this.#offset += bytes
  }

  /** Reads on after what is held, in a larger buffer where there is no room. */
  async #fill(): Promise<void> {
    const held = this.#end - this.#start
    if (this.#start > 0) this.#buffer.copyWithin(0, this.#start, this.#end)
    this.#start = 0
    this.#end = held
    if (held === this.#buffer.length)
      this.#buffer = Buffer.concat([this.#buffer, Buffer.allocUnsafe(this.#buffer.length)])
    const bytes = await this.#read(this.#buffer.subarray(held, held + PIECE_BYTES))
    this.#end += bytes
    this.#isEnded = bytes === 0
  }
}
