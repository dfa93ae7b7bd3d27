import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { openItem } from '../../pipeline/chunks/unpack.js'
import { createOwn } from '../../storage/folder/own-file.js'
import type { Source, SourceItem, SourceReader } from '../../storage/store.js'

/** A range of an item's decompressed bytes. */
export interface ByteRun {
  readonly offset: number
  readonly length: number
}

const RUN_BYTES = 16
const FLUSH_BYTES = 64 * 1024

/** Byte runs of an item in a file, in their order; neighbours become one unless `keepsLines`. */
export class RunWriter {
  #buffer = Buffer.allocUnsafe(FLUSH_BYTES)
  #length = 0
  #open: { offset: number; length: number } | undefined
  readonly #hash = createHash('sha256')

  readonly #file: FileHandle
  readonly #keepsLines: boolean

  private constructor(file: FileHandle, keepsLines: boolean) {
    this.#file = file
    this.#keepsLines = keepsLines
  }

  static async create(path: string, { keepsLines = false } = {}): Promise<RunWriter> {
    return new RunWriter(await createOwn(path, 0o600), keepsLines)
  }

  /** Number of bytes waiting for `flush`. */
  get pendingBytes(): number {
    return this.#length
  }

  add({ offset, length }: ByteRun): void {
    if (!this.#keepsLines && this.#open !== undefined && this.#open.offset + this.#open.length === offset) {
      this.#open.length += length
      return
    }
    this.#settle()
    this.#open = { offset, length }
  }

  async flush(): Promise<void> {
    const written = this.#buffer.subarray(0, this.#length)
    if (written.length > 0) await this.#file.write(written)
    this.#hash.update(written)
    this.#length = 0
  }

  /** Finishes the file and returns a hash of the runs. */
  async close(): Promise<string> {
    try {
      this.#settle()
      await this.flush()
      await this.#file.datasync()
    } finally {
      await this.#file.close()
    }
    return this.#hash.digest('hex')
  }

  /** Closes the file, leaving it unfinished. */
  abort(): Promise<void> {
    return this.#file.close()
  }

  #settle(): void {
    if (this.#open === undefined) return
    if (this.#length + RUN_BYTES > this.#buffer.length)
      this.#buffer = Buffer.concat([this.#buffer, Buffer.allocUnsafe(this.#buffer.length)])
    this.#buffer.writeDoubleLE(this.#open.offset, this.#length)
    this.#buffer.writeDoubleLE(this.#open.length, this.#length + 8)
    this.#length += RUN_BYTES
    this.#open = undefined
  }
}

/** Reads the runs from a file written by a RunWriter. */
export async function* runsOf(path: string): AsyncGenerator<ByteRun> {
  const file = await open(path, 'r')
  try {
    const buffer = Buffer.allocUnsafe(FLUSH_BYTES)
    for (let at = 0; ; at += buffer.length) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, at)
      for (let run = 0; run + RUN_BYTES <= bytesRead; run += RUN_BYTES)
        yield { offset: buffer.readDoubleLE(run), length: buffer.readDoubleLE(run + 8) }
      if (bytesRead < buffer.length) return
    }
  } finally {
    await file.close()
  }
}

// A larger gap is skipped rather than read; a compressed item must be read through.
const JUMP_BYTES = 1024 * 1024
// Runs are often single lines, so they are cut from blocks.
const BLOCK_BYTES = 256 * 1024

/** Reads the bytes of all runs in order, starting at their byte `fromByte`, as one pinned read. */
export class RunReader implements SourceReader {
  #reader: SourceReader | undefined
  readonly #block = Buffer.allocUnsafe(BLOCK_BYTES)
  /** Range of the item in the block; the reader is positioned at its end. */
  #blockStart = 0
  #blockEnd = 0
  #run: { offset: number; length: number } | undefined
  #skip: number

  readonly #source: Source
  readonly #item: SourceItem
  readonly #isPacked: boolean
  readonly #runs: AsyncIterator<ByteRun>

  constructor(
    source: Source,
    item: SourceItem,
    isPacked: boolean,
    runs: AsyncIterator<ByteRun>,
    fromByte = 0,
  ) {
    this.#source = source
    this.#item = item
    this.#isPacked = isPacked
    this.#runs = runs
    this.#skip = fromByte
  }

  async read(target: Uint8Array): Promise<number> {
    let filled = 0
    while (filled < target.length) {
      const run = await this.#current()
      if (run === undefined) break
      if (run.offset < this.#blockStart || run.offset >= this.#blockEnd) {
        if (await this.#load(run.offset)) continue
        break
      }
      const end = Math.min(this.#blockEnd, run.offset + Math.min(run.length, target.length - filled))
      target.set(this.#block.subarray(run.offset - this.#blockStart, end - this.#blockStart), filled)
      const bytes = end - run.offset
      filled += bytes
      run.offset += bytes
      run.length -= bytes
    }
    return filled
  }

  async verify(): Promise<void> {
    await this.#reader?.verify()
  }

  async close(): Promise<void> {
    await this.#runs.return?.(undefined)
    await this.#reader?.close()
  }

  /** The run that contains the next byte. */
  async #current(): Promise<{ offset: number; length: number } | undefined> {
    while (this.#run === undefined || this.#run.length === 0) {
      const next = await this.#runs.next()
      if (next.done === true) return undefined
      const skipped = Math.min(this.#skip, next.value.length)
      this.#skip -= skipped
      this.#run = { offset: next.value.offset + skipped, length: next.value.length - skipped }
    }
    return this.#run
  }

  /** Reads the block with this byte. Returns false if the item ends before it. */
  async #load(offset: number): Promise<boolean> {
    if (this.#reader === undefined || (!this.#isPacked && offset - this.#blockEnd > JUMP_BYTES)) {
      await this.#reader?.close()
      this.#reader = undefined
      this.#reader = this.#isPacked
        ? await openItem(this.#source, this.#item, 0)
        : await this.#source.open(this.#item, offset)
      this.#blockEnd = this.#isPacked ? 0 : offset
    }
    do {
      const bytes = await this.#reader.read(this.#block)
      this.#blockStart = this.#blockEnd
      this.#blockEnd += bytes
      if (bytes === 0) {
        await this.#reader.verify()
        return false
      }
    } while (offset >= this.#blockEnd)
    return true
  }
}
