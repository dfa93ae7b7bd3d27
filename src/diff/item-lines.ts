import { openItem } from '../pipeline/chunks/unpack.js'
import { isDocumentName } from '../storage/names.js'
import type { Source, SourceItem } from '../storage/store.js'

/** One line of an item, or a whole document. */
export interface ItemLine {
  /** From 1, blank lines counted. */
  readonly number: number
  /** In bytes from the start of the decompressed item. */
  readonly offset: number
  readonly lengthBytes: number
  /** Valid until the next line is asked for; undefined for a line too long to be held. */
  readonly bytes: Buffer | undefined
}

export const isBlank = ({ bytes }: ItemLine): boolean =>
  bytes?.every((byte) => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)) === true

/** Longer ones are not compared: two trees of them would not fit the memory. */
const MOST_LINE_BYTES = 32 * 2 ** 20

const PIECE_BYTES = 2 ** 20
const LF = 0x0a
const CR = 0x0d
const MARK = Buffer.from([0xef, 0xbb, 0xbf])

/**
 * The lines of items that belong together (one, or the parts of a split output), as the pipeline counts them: LF ends
 * a line, one CR before it goes with it, a byte order mark at the start is no part of it. Throws SOURCE_*.
 */
export class ItemLines {
  #buffer = Buffer.allocUnsafe(PIECE_BYTES)
  #start = 0
  #end = 0
  #offset = 0
  #number = 0
  #isEnded = false

  constructor(
    private readonly reader: ByteReader,
    private readonly options: { readonly isDocument: boolean; readonly mostLineBytes: number },
  ) {}

  static async open(
    source: Source,
    items: readonly SourceItem[],
    mostLineBytes = MOST_LINE_BYTES,
  ): Promise<ItemLines> {
    const isDocument = isDocumentName(items[0].name)
    const lines = new ItemLines(new ByteReader(source, items), { isDocument, mostLineBytes })
    try {
      await lines.#fill()
    } catch (error) {
      await lines.close()
      throw error
    }
    if (lines.#buffer.subarray(0, lines.#end).indexOf(MARK) === 0) lines.#skip(MARK.length)
    return lines
  }

  /** Bytes of the source, as stored, that were read. */
  get sourceBytes(): number {
    return this.reader.sourceBytes
  }

  async next(): Promise<ItemLine | undefined> {
    let searched = 0
    for (;;) {
      const held = this.#end - this.#start
      const newline = this.options.isDocument ? -1 : this.#newlineFrom(this.#start + searched)
      if (newline >= 0) return this.#take(newline - this.#start, 1)
      if (this.#isEnded) return held === 0 ? undefined : this.#take(held, 0)
      if (held > this.options.mostLineBytes) return this.#passLong()
      searched = held
      await this.#fill()
    }
  }

  close(): Promise<void> {
    return this.reader.close()
  }

  #newlineFrom(from: number): number {
    return this.#buffer.subarray(0, this.#end).indexOf(LF, from)
  }

  #take(length: number, endingBytes: number): ItemLine {
    const from = this.#start
    const offset = this.#offset
    this.#skip(length + endingBytes)
    this.#number += 1
    const lengthBytes = length > 0 && this.#buffer[from + length - 1] === CR ? length - 1 : length
    const isLong = lengthBytes > this.options.mostLineBytes
    const bytes = isLong ? undefined : this.#buffer.subarray(from, from + lengthBytes)
    return { number: this.#number, offset, lengthBytes, bytes }
  }

  /** Reads to the end of the line without keeping it. */
  async #passLong(): Promise<ItemLine> {
    const offset = this.#offset
    for (;;) {
      const newline = this.options.isDocument ? -1 : this.#newlineFrom(this.#start)
      this.#skip((newline < 0 ? this.#end : newline + 1) - this.#start)
      if (newline < 0 && !this.#isEnded) {
        await this.#fill()
        continue
      }
      this.#number += 1
      return { number: this.#number, offset, lengthBytes: this.#offset - offset, bytes: undefined }
    }
  }

  #skip(bytes: number): void {
    this.#start += bytes
    this.#offset += bytes
  }

  /** Reads on behind what is held, in a larger buffer where there is no room. */
  async #fill(): Promise<void> {
    const held = this.#end - this.#start
    if (this.#start > 0) this.#buffer.copyWithin(0, this.#start, this.#end)
    this.#start = 0
    this.#end = held
    if (held === this.#buffer.length) {
      const larger = Buffer.allocUnsafe(held * 2)
      this.#buffer.copy(larger, 0, 0, held)
      this.#buffer = larger
    }
    const bytes = await this.reader.read(this.#buffer.subarray(held))
    this.#end += bytes
    this.#isEnded = bytes === 0
  }
}

/** The decompressed bytes of items, one behind the other. */
class ByteReader {
  #at = 0
  #bytesBefore = 0
  #open: Awaited<ReturnType<typeof openItem>> | undefined

  constructor(
    private readonly source: Source,
    private readonly items: readonly SourceItem[],
  ) {}

  get sourceBytes(): number {
    return this.#bytesBefore + (this.#open?.sourceBytes() ?? 0)
  }

  async read(target: Uint8Array): Promise<number> {
    for (; this.#at < this.items.length; this.#at += 1) {
      this.#open ??= await openItem(this.source, this.items[this.#at], 0)
      const bytes = await this.#open.read(target)
      if (bytes > 0) return bytes
      await this.#open.verify()
      await this.close()
    }
    return 0
  }

  async close(): Promise<void> {
    this.#bytesBefore = this.sourceBytes
    const open = this.#open
    this.#open = undefined
    await open?.close()
  }
}
