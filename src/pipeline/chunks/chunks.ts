import { sluiceError } from '../../errors.js'
import { contentEnd, lineStartAfter, markLength, wholeLinesEnd } from '../../ndjson/line.js'
import type { LongLine } from '../../ndjson/line-blocks.js'
import type { Slab, Slabs } from './slabs.js'
import type { ItemReader } from './unpack.js'

/** Whole lines, or the position of one line that is too long to hold. Offsets are those of the decompressed item. */
export type Chunk =
  | {
      readonly kind: 'lines'
      readonly slab: Slab
      readonly start: number
      readonly end: number
      readonly offset: number
    }
  | LongLine

/** Source of an item's chunks. */
export interface ChunkSource {
  next(): Promise<Chunk | undefined>
  /** End of the item; known after the last chunk. */
  readonly endOffset: number
}

export interface ChunkOptions {
  readonly item: string
  readonly chunkBytes: number
  readonly maxLineBytes: number
  /** Start of the first line: 0, or the end of an earlier run's last chunk. */
  readonly fromOffset: number
  /** Lines that begin there or later are not read; a multiple of `chunkBytes`. */
  readonly untilOffset?: number
}

const QUANTUM_BYTES = 64 * 1024
const NOTHING = new Uint8Array(0)

/**
 * Cuts an item into chunks: chunk k holds the lines that begin in [k·C, (k+1)·C), however the bytes arrive and wherever
 * reading began. A line that fits no slab is a chunk of its own. A byte-order mark at the start of the item is not part
 * of its first line. Throws SOURCE_NOT_UTF8 for UTF-16, and what reading throws.
 */
export class Chunks implements ChunkSource {
  /** Offset of the next line. */
  #offset: number
  /** Number of bytes from `#offset` that were already read. */
  #ahead: Uint8Array = NOTHING
  #ended = false

  readonly #reader: ItemReader
  readonly #slabs: Slabs
  readonly #options: ChunkOptions

  constructor(reader: ItemReader, slabs: Slabs, options: ChunkOptions) {
    this.#reader = reader
    this.#slabs = slabs
    this.#options = options
    this.#offset = options.fromOffset
  }

  /** End of the item; known after the last chunk. */
  get endOffset(): number {
    return this.#offset
  }

  /** Returns the next chunk, or undefined at the end. The caller must release its slab. */
  async next(): Promise<Chunk | undefined> {
    if (this.#atEnd || this.#offset >= (this.#options.untilOffset ?? Number.POSITIVE_INFINITY))
      return undefined
    const slab = await this.#slabs.take()
    try {
      const chunk = await this.#fill(slab)
      if (chunk?.kind !== 'lines' || chunk.slab !== slab) this.#slabs.give(slab)
      return chunk
    } catch (error) {
      this.#slabs.give(slab)
      throw error
    }
  }

  /** Whether nothing is left to read and nothing read ahead is left to use. */
  get #atEnd(): boolean {
    return this.#ended && this.#ahead.length === 0
  }

  async #fill(slab: Slab): Promise<Chunk | undefined> {
    const { bytes } = slab
    let filled = this.#takeAhead(bytes)
    let start = 0
    const gridBytes = this.#options.chunkBytes - (this.#offset % this.#options.chunkBytes)
    if (this.#offset === 0) {
      filled = await this.#readTo(bytes, filled, Math.max(3, gridBytes))
      start = lengthOfMark(bytes.subarray(0, filled), this.#options.item)
    }
    // Some bytes more, because the last line ends beyond the grid: two reads would take twice the time of one.
    filled = await this.#readTo(bytes, filled, Math.max(filled, gridBytes + QUANTUM_BYTES))
    // The chunk ends with the line that contains the grid's last byte.
    for (let from = Math.max(start, gridBytes - 1); ; ) {
      const end = lineStartAfter(bytes, from, filled)
      if (end > 0) return this.#lines(slab, start, end, filled)
      if (this.#atEnd)
        return filled > start ? this.#lines(slab, start, filled, filled) : this.#nothing(filled)
      if (filled === bytes.length) return this.#split(slab, start)
      from = Math.max(from, filled)
      filled = await this.#readTo(bytes, filled, Math.min(bytes.length, filled + QUANTUM_BYTES))
    }
  }

  #lines(slab: Slab, start: number, end: number, filled: number): Chunk {
    this.#putBack(slab.bytes.subarray(end, filled))
    const offset = this.#offset + start
    this.#offset += end
    return { kind: 'lines', slab, start, end, offset }
  }

  #nothing(filled: number): undefined {
    this.#offset += filled
    return undefined
  }

  /** Handles a full slab whose last line continues: first the lines before it, then that line alone. */
  async #split(slab: Slab, start: number): Promise<Chunk> {
    const { bytes } = slab
    const whole = wholeLinesEnd(bytes, start, bytes.length)
    if (whole > start) return this.#lines(slab, start, whole, bytes.length)
    const offset = this.#offset + start
    // At least the bytes already read, so that only the limit decides.
    const long = await this.#slabs.takeLong(
      Math.max(this.#options.maxLineBytes + 2, bytes.length + QUANTUM_BYTES),
    )
    try {
      long.bytes.set(bytes.subarray(start))
      let filled = bytes.length - start
      for (;;) {
        const from = filled
        filled = await this.#readTo(long.bytes, filled, Math.min(long.bytes.length, filled + QUANTUM_BYTES))
        const next = lineStartAfter(long.bytes, from, filled)
        const end = next > 0 ? next : filled
        if (next > 0 || this.#atEnd) {
          this.#putBack(long.bytes.subarray(end, filled))
          this.#offset = offset + end
          return { kind: 'lines', slab: long, start: 0, end, offset }
        }
        if (filled === long.bytes.length) {
          const chunk = await this.#skipLine(long.bytes, offset, filled)
          this.#slabs.give(long)
          return chunk
        }
      }
    } catch (error) {
      this.#slabs.give(long)
      throw error
    }
  }

  /** Reads on until the line ends, keeping nothing but its last byte, which may be the CR of its ending. */
  async #skipLine(scratch: Buffer, offset: number, seenBytes: number): Promise<Chunk> {
    const piece = scratch.subarray(0, Math.min(scratch.length, 16 * QUANTUM_BYTES))
    piece[0] = scratch[seenBytes - 1] ?? 0
    for (let passedBytes = seenBytes - 1; ; ) {
      const filled = await this.#readTo(piece, 1, piece.length)
      const next = lineStartAfter(piece, 0, filled)
      if (next > 0 || this.#atEnd) {
        const end = next > 0 ? next : filled
        this.#putBack(piece.subarray(end, filled))
        this.#offset = offset + passedBytes + end
        const lengthBytes = passedBytes + contentEnd(piece, 0, end)
        return { kind: 'too-long', offset, lengthBytes, endOffset: this.#offset }
      }
      passedBytes += filled - 1
      piece[0] = piece[filled - 1] ?? 0
    }
  }

  /** Keeps a copy, because the slab is reused. */
  #putBack(bytes: Uint8Array): void {
    this.#ahead = this.#ahead.length === 0 ? new Uint8Array(bytes) : Buffer.concat([bytes, this.#ahead])
  }

  #takeAhead(target: Uint8Array): number {
    const taken = this.#ahead.subarray(0, target.length)
    target.set(taken)
    this.#ahead = this.#ahead.subarray(taken.length)
    return taken.length
  }

  /** Reads until `target[0, wanted)` is full or the item ends. */
  async #readTo(target: Uint8Array, filled: number, wanted: number): Promise<number> {
    const until = Math.min(wanted, target.length)
    if (filled >= until) return filled
    const ahead = this.#takeAhead(target.subarray(filled, until))
    const at = filled + ahead
    if (at === until || this.#ended) return at
    const bytes = await this.#reader.read(target.subarray(at, until))
    if (at + bytes < until) this.#ended = true
    return at + bytes
  }
}

/** Returns 3 for a UTF-8 byte-order mark, 0 for none. Throws SOURCE_NOT_UTF8 for UTF-16, marked or not. */
export function lengthOfMark(bytes: Uint8Array, item: string): number {
  const length = markLength(bytes)
  if (length > 0) return length
  const [a, b] = bytes
  const marked = (a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff)
  const unmarked = bytes.length >= 2 && ((a === 0x7b && b === 0) || (a === 0 && b === 0x7b))
  if (!marked && !unmarked) return 0
  throw sluiceError('SOURCE_NOT_UTF8', { at: item, message: 'is UTF-16', help: 'convert it to UTF-8' })
}
