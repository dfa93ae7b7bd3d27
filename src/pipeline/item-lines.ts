import { lineStream, type StreamLine } from '../ndjson/line-stream.js'
import { isDocumentName } from '../storage/names.js'
import type { Source, SourceItem } from '../storage/store.js'
import { openItem } from './chunks/unpack.js'

/** One line of an item, or a whole document. Its bytes are undefined where it is too long to be held. */
export interface ItemLine extends StreamLine {
  /** From 1, blank lines counted. */
  readonly number: number
}

/** Longer ones are not compared: two trees of them would not fit the memory. */
const MAX_LINE_BYTES = 32 * 2 ** 20

/**
 * The lines of items that belong together (one, or the parts of a split output), numbered as the pipeline counts them.
 * Throws SOURCE_*.
 */
export class ItemLines {
  readonly #reader: ByteReader
  readonly #lines: AsyncGenerator<StreamLine>
  #number = 0

  constructor(source: Source, items: readonly SourceItem[], maxLineBytes = MAX_LINE_BYTES) {
    this.#reader = new ByteReader(source, items)
    const isDocument = items[0] !== undefined && isDocumentName(items[0].name)
    this.#lines = lineStream((target) => this.#reader.read(target), { maxLineBytes, isDocument })
  }

  /** Bytes of the source, as stored, that were read. */
  get sourceBytes(): number {
    return this.#reader.sourceBytes
  }

  async next(): Promise<ItemLine | undefined> {
    const next = await this.#lines.next()
    if (next.done === true) return undefined
    this.#number += 1
    return { ...next.value, number: this.#number }
  }

  close(): Promise<void> {
    return this.#reader.close()
  }
}

/** The decompressed bytes of items, one after the other. */
class ByteReader {
  #at = 0
  #bytesBefore = 0
  #open: Awaited<ReturnType<typeof openItem>> | undefined

  readonly #source: Source
  readonly #items: readonly SourceItem[]

  constructor(source: Source, items: readonly SourceItem[]) {
    this.#source = source
    this.#items = items
  }

  get sourceBytes(): number {
    return this.#bytesBefore + (this.#open?.sourceBytes() ?? 0)
  }

  async read(target: Uint8Array): Promise<number> {
    for (; ; this.#at += 1) {
      const item = this.#items[this.#at]
      if (item === undefined) return 0
      this.#open ??= await openItem(this.#source, item, 0)
      const bytes = await this.#open.read(target)
      if (bytes > 0) return bytes
      await this.#open.verify()
      await this.close()
    }
  }

  async close(): Promise<void> {
    this.#bytesBefore = this.sourceBytes
    const open = this.#open
    this.#open = undefined
    await open?.close()
  }
}
