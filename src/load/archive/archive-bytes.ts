import { sluiceError } from '../../errors.js'
import type { Source, SourceItem, SourceReader } from '../../storage/store.js'

const BLOCK_BYTES = 2 ** 20
const KEPT_BLOCKS = 4
/** The directory of an archive is read at once; this is room for two million files. */
const MAX_READ_BYTES = 256 * 2 ** 20

/**
 * Any part of an item: blocks of it, of which the last few are kept. Its small neighbours are then read with a file, and
 * a file is read in order by one reader. Throws SOURCE_CHANGED, SOURCE_UNREADABLE.
 */
export class ArchiveBytes {
  readonly #source: Source
  readonly #item: SourceItem
  readonly #blocks = new Map<number, Promise<Uint8Array>>()
  #reader: { readonly reader: SourceReader; at: number } | undefined
  #last: Promise<unknown> = Promise.resolve()

  constructor(source: Source, item: SourceItem) {
    this.#source = source
    this.#item = item
  }

  get length(): number {
    return this.#item.bytes
  }

  /** Fewer bytes only at the end. */
  async read(offset: number, length: number): Promise<Uint8Array> {
    const end = Math.min(this.length, offset + length)
    if (length > MAX_READ_BYTES)
      throw sluiceError('SOURCE_UNUSABLE', {
        at: this.#item.name,
        message: 'has a directory that is too long',
      })
    const bytes = new Uint8Array(Math.max(0, end - offset))
    for (let at = offset; at < end; ) {
      const start = at - (at % BLOCK_BYTES)
      const block = await this.#block(start)
      const part = block.subarray(at - start, end - start)
      // The item is shorter than it was listed, which its reader reports.
      if (part.length === 0) return bytes.subarray(0, at - offset)
      bytes.set(part, at - offset)
      at += part.length
    }
    return bytes
  }

  /** Gives back what is open; it can still be read. */
  async close(): Promise<void> {
    await this.#inTurn(async () => {
      const open = this.#reader
      this.#reader = undefined
      await open?.reader.close()
    })
  }

  /** Throws SOURCE_CHANGED if the archive is not what was read any more. */
  async verify(): Promise<void> {
    await this.#inTurn(async () => {
      const reader = this.#reader?.reader ?? (await this.#source.open(this.#item, 0))
      try {
        await reader.verify()
      } finally {
        if (this.#reader === undefined) await reader.close()
      }
    })
  }

  #block(start: number): Promise<Uint8Array> {
    const kept = this.#blocks.get(start)
    this.#blocks.delete(start)
    const block = kept ?? this.#inTurn(() => this.#readBlock(start))
    this.#blocks.set(start, block)
    block.catch(() => this.#blocks.delete(start))
    const [oldest] = this.#blocks.keys()
    if (this.#blocks.size > KEPT_BLOCKS && oldest !== undefined) this.#blocks.delete(oldest)
    return block
  }

  async #readBlock(start: number): Promise<Uint8Array> {
    if (this.#reader?.at !== start) {
      const before = this.#reader
      this.#reader = undefined
      await before?.reader.close()
      this.#reader = { reader: await this.#source.open(this.#item, start), at: start }
    }
    const open = this.#reader
    const block = Buffer.allocUnsafe(Math.min(BLOCK_BYTES, this.length - start))
    const length = await open.reader.read(block)
    open.at += length
    return block.subarray(0, length)
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work, work)
    this.#last = done.catch(() => {})
    return done
  }
}
