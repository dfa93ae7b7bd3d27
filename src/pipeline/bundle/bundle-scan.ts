import { lengthOfMark } from '../chunks/chunks.js'
import { type ItemReader, openItem } from '../chunks/unpack.js'
import type { RunContext } from '../context.js'
import type { ItemWork } from '../item-list.js'
import { DocumentScanner, Malformed, type ScanVisitor } from './document-scanner.js'

const PIECE_BYTES = 256 * 1024

/** Reads the Bundle without its entries, and its end; undefined if even that is too long. */
export async function readShell(run: RunContext, work: ItemWork) {
  const pieces: Uint8Array[] = []
  let bytes = 0
  const { maxLineBytes } = run.limits
  const limit = Math.min(maxLineBytes, run.limits.slabBytes / 2)
  const scan = await ItemScan.open(run, work, {
    onShell(piece) {
      bytes += piece.length
      if (bytes <= limit) pieces.push(new Uint8Array(piece))
    },
    onEntryBytes() {},
    onEntryEnd() {},
  })
  try {
    while (await scan.advance());
  } finally {
    await scan.close()
  }
  const { mark, endOffset, malformed } = scan
  return { shell: malformed ?? (bytes <= limit ? Buffer.concat(pieces) : undefined), mark, endOffset }
}

/** A document on its way from the source through a scanner, piece by piece. */
export class ItemScan {
  /** The length of the byte order mark. */
  readonly mark: number
  /** So far; after the last piece, where the document ends. */
  endOffset: number
  /** Why the document is refused; it is read to its end all the same. */
  malformed: Malformed | undefined
  readonly #run: RunContext
  readonly #reader: ItemReader
  readonly #scanner: DocumentScanner
  readonly #buffer: Buffer
  #unscanned: Buffer

  private constructor(run: RunContext, visitor: ScanVisitor, { reader, buffer, mark, bytes }: ScanStart) {
    this.mark = mark
    this.endOffset = bytes
    this.#run = run
    this.#reader = reader
    this.#scanner = new DocumentScanner(visitor, mark)
    this.#buffer = buffer
    this.#unscanned = buffer.subarray(mark, bytes)
  }

  static async open(run: RunContext, { item }: ItemWork, visitor: ScanVisitor): Promise<ItemScan> {
    const reader = await openItem(run.source, item, 0)
    try {
      const buffer = Buffer.alloc(PIECE_BYTES)
      const bytes = await reader.read(buffer)
      const mark = lengthOfMark(buffer.subarray(0, bytes), item.name)
      return new ItemScan(run, visitor, { reader, buffer, mark, bytes })
    } catch (error) {
      await reader.close()
      throw error
    }
  }

  /** Scans the next piece; false at the end, once the item is known to be the version that was listed. */
  async advance(): Promise<boolean> {
    if (this.endOffset > 0 && this.#unscanned.length === 0) {
      const bytes = await this.#reader.read(this.#buffer)
      this.endOffset += bytes
      this.#unscanned = this.#buffer.subarray(0, bytes)
    }
    if (this.#unscanned.length > 0) {
      this.#run.checkStopped()
      this.malformed ??= scanned(() => this.#scanner.scan(this.#unscanned))
      this.#unscanned = this.#unscanned.subarray(this.#unscanned.length)
      return true
    }
    this.malformed ??= scanned(() => this.#scanner.finish())
    await this.#reader.verify()
    return false
  }

  close(): Promise<void> {
    return this.#reader.close()
  }
}

interface ScanStart {
  readonly reader: ItemReader
  readonly buffer: Buffer
  readonly mark: number
  /** In the buffer. */
  readonly bytes: number
}

function scanned(scan: () => void): Malformed | undefined {
  try {
    scan()
    return undefined
  } catch (error) {
    if (error instanceof Malformed) return error
    throw error
  }
}
