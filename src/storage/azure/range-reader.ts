import { setMaxListeners } from 'node:events'
import { maybePacked } from '../../compression/unpacker.js'
import type { BlobRead } from './blob-container.js'

/** Buffers for ranges that are fetched ahead of their readers, shared by all items of a source. */
export class RangeBuffers {
  readonly #free: Buffer[] = []
  #left: number

  constructor(
    readonly rangeBytes: number,
    count: number,
  ) {
    this.#left = count
  }

  /** Takes a buffer; undefined if all are in use. The reader then reads on demand. */
  take(): Buffer | undefined {
    const buffer = this.#free.pop()
    if (buffer !== undefined) return buffer
    if (this.#left === 0) return undefined
    this.#left -= 1
    return Buffer.allocUnsafeSlow(this.rangeBytes)
  }

  give(buffer: Buffer): void {
    this.#free.push(buffer)
  }
}

export interface RangeReaderOptions {
  readonly fromByte: number
  /** Offset after the last byte. */
  readonly toByte: number
  /** Nothing from there on is fetched ahead. */
  readonly untilByte: number
  /** Starts a pinned read of these bytes; the signal ends it. */
  readonly open: (fromByte: number, toByte: number, signal: AbortSignal) => BlobRead
  readonly buffers: RangeBuffers
}

/** A range in progress: into a buffer, or read on demand. */
interface Range {
  readonly fromByte: number
  readonly toByte: number
  readonly read: BlobRead
  readonly ahead?: { readonly buffer: Buffer; readonly filled: Promise<void> }
}

/**
 * The bytes of a large blob, in order, with the next ranges fetched side by side while buffers are free. What begins
 * as a compressed file is read by one request at a time.
 */
export class RangeReader implements BlobRead {
  readonly #options: RangeReaderOptions
  readonly #ranges: Range[] = []
  readonly #closing = new AbortController()
  readonly #head: number[] = []
  #at: number
  /** Offset after the last range in progress. */
  #end: number
  #fetchesAhead: boolean

  constructor(options: RangeReaderOptions) {
    this.#options = options
    this.#at = this.#end = options.fromByte
    this.#fetchesAhead = options.fromByte > 0
    setMaxListeners(0, this.#closing.signal)
  }

  async read(target: Uint8Array): Promise<number> {
    let filled = 0
    while (filled < target.length && this.#at < this.#options.toByte) {
      const range = this.#current()
      this.#fetchAhead()
      const length = Math.min(target.length - filled, range.toByte - this.#at)
      const part = target.subarray(filled, filled + length)
      await this.#readPart(range, part)
      if (this.#at < 2 && !this.#fetchesAhead) this.#judge(part)
      filled += length
      this.#at += length
      if (this.#at === range.toByte) this.#leave()
    }
    return filled
  }

  close(): void {
    this.#closing.abort()
    while (this.#ranges.length > 0) this.#leave()
  }

  async #readPart({ ahead, read, fromByte }: Range, part: Uint8Array): Promise<void> {
    if (ahead === undefined) {
      await read.read(part)
      return
    }
    await ahead.filled
    part.set(ahead.buffer.subarray(this.#at - fromByte, this.#at - fromByte + part.length))
  }

  /** The first two bytes may arrive one at a time. */
  #judge(part: Uint8Array): void {
    this.#head.push(...part.subarray(0, 2 - this.#head.length))
    const [first, second] = this.#head
    this.#fetchesAhead = second !== undefined && !maybePacked(first, second)
  }

  /** Returns the range at the reader's position, read on demand if it was not prefetched. */
  #current(): Range {
    const [current] = this.#ranges
    if (current !== undefined) return current
    const { fromByte, toByte, untilByte, open, buffers } = this.#options
    const isOneRange = this.#fetchesAhead || this.#at === fromByte
    const bound = this.#at < untilByte ? untilByte : toByte
    this.#end = isOneRange ? Math.min(bound, this.#at + buffers.rangeBytes) : toByte
    const read = open(this.#at, this.#end, this.#closing.signal)
    const range = { fromByte: this.#at, toByte: this.#end, read }
    this.#ranges.push(range)
    return range
  }

  #fetchAhead(): void {
    const { untilByte, open, buffers } = this.#options
    while (this.#fetchesAhead && this.#end < untilByte) {
      const buffer = buffers.take()
      if (buffer === undefined) return
      const fromByte = this.#end
      this.#end = Math.min(untilByte, fromByte + buffers.rangeBytes)
      const read = open(fromByte, this.#end, this.#closing.signal)
      const filled = read.read(buffer.subarray(0, this.#end - fromByte)).then(() => {})
      // The reader sees a failure when it gets there.
      filled.catch(() => {})
      this.#ranges.push({ fromByte, toByte: this.#end, read, ahead: { buffer, filled } })
    }
  }

  /** Returns a buffer once nothing writes to it. */
  #leave(): void {
    const range = this.#ranges.shift()
    range?.read.close()
    const ahead = range?.ahead
    if (ahead === undefined) return
    const give = (): void => this.#options.buffers.give(ahead.buffer)
    ahead.filled.then(give, give)
  }
}
