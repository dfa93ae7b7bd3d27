import { Readable } from 'node:stream'
import type { CompressionFormat } from '../../compression/compression.js'
import { formatOf, HEAD_BYTES, openUnpacker } from '../../compression/unpacker.js'
import { windowError } from '../../compression/zstd.js'
import { sluiceError } from '../../errors.js'
import type { Read } from '../../ndjson/line-blocks.js'
import { readPieces } from '../../ndjson/line-stream.js'
import type { Source, SourceItem, SourceReader } from '../../storage/store.js'

/** An item's decompressed bytes, in order. */
export interface ItemReader {
  /** How its source is compressed; undefined for not at all. */
  readonly format: CompressionFormat | undefined
  /** Source bytes read so far; compressed ones of a compressed item. */
  sourceBytes(): number
  /** Fills `target`; reads less only at the end. Throws SOURCE_CORRUPT, SOURCE_CHANGED, SOURCE_UNREADABLE. */
  read(target: Uint8Array): Promise<number>
  verify(): Promise<void>
  close(): Promise<void>
}

const PIECE_BYTES = 256 * 1024
// The decompressor works on the thread pool of Node, ahead of the reader by a piece. Large pieces cost less to hand over.
const UNPACKED_PIECE_BYTES = 2 ** 20

export interface ItemOpening {
  /** Called before each read; what it throws also ends a long skip. */
  readonly check?: () => void
  /** Nothing from there on is fetched before it is asked for. */
  readonly untilByte?: number | undefined
}

/** Opens an item at an offset of its decompressed bytes. Its first bytes decide how it is compressed. */
export async function openItem(
  source: Source,
  item: SourceItem,
  fromByte: number,
  { check = () => {}, untilByte }: ItemOpening = {},
): Promise<ItemReader> {
  const open = async (fromByte: number) => checked(await source.open(item, fromByte, untilByte), check)
  const reader = await open(0)
  const head = Buffer.alloc(HEAD_BYTES)
  try {
    const headBytes = await reader.read(head)
    const format = formatOf(head.subarray(0, headBytes))
    if (format !== undefined) {
      const unpacked = unpackedReader(reader, head.subarray(0, headBytes), { item, format })
      await skip(unpacked, fromByte)
      return unpacked
    }
    if (fromByte === 0) return plain(reader, head.subarray(0, headBytes))
  } catch (error) {
    await reader.close()
    throw error
  }
  await reader.close()
  return plain(await open(fromByte), head.subarray(0, 0), fromByte)
}

const checked = (reader: SourceReader, check: () => void): SourceReader => ({
  async read(target) {
    check()
    return reader.read(target)
  },
  verify: () => reader.verify(),
  close: () => reader.close(),
})

/** Opens a stream as an item, which has no version. */
export async function openStream(input: Readable, item: SourceItem): Promise<ItemReader> {
  const pieces: AsyncIterator<Uint8Array | string> = input[Symbol.asyncIterator]()
  const reader: SourceReader = {
    read: filling(readPieces(pieces)),
    verify: async () => {},
    close: async () => {},
  }
  const head = Buffer.alloc(HEAD_BYTES)
  const headBytes = await reader.read(head)
  const format = formatOf(head.subarray(0, headBytes))
  return format === undefined
    ? plain(reader, head.subarray(0, headBytes))
    : unpackedReader(reader, head.subarray(0, headBytes), { item, format })
}

/** Reads until the target is full or the end is there. */
const filling =
  (read: Read): Read =>
  async (target) => {
    for (let filled = 0; ; ) {
      const bytes = filled < target.length ? await read(target.subarray(filled)) : 0
      if (bytes === 0) return filled
      filled += bytes
    }
  }

function plain(reader: SourceReader, head: Uint8Array, fromByte = 0): ItemReader {
  let rest = head
  let taken = fromByte + head.length
  return {
    format: undefined,
    sourceBytes: () => taken,
    async read(target) {
      const first = rest.subarray(0, target.length)
      target.set(first)
      rest = rest.subarray(first.length)
      const more = await reader.read(target.subarray(first.length))
      taken += more
      return first.length + more
    },
    verify: () => reader.verify(),
    close: () => reader.close(),
  }
}

interface Packed {
  readonly item: SourceItem
  readonly format: CompressionFormat
}

/** Throws SOURCE_UNUSABLE where this version of Node cannot decompress the format. */
function unpackedReader(reader: SourceReader, head: Uint8Array, { item, format }: Packed): ItemReader {
  const unpacker = openUnpacker(format, item.name, UNPACKED_PIECE_BYTES)
  let taken = head.length
  let unreadable: { readonly reason: unknown } | undefined
  async function* packed(): AsyncIterable<Uint8Array> {
    unpacker.see(head)
    yield head
    for (;;) {
      const piece = Buffer.allocUnsafe(PIECE_BYTES)
      const bytes = await reader.read(piece).catch((reason: unknown) => {
        unreadable = { reason }
        throw reason
      })
      taken += bytes
      if (bytes === 0) break
      unpacker.see(piece.subarray(0, bytes))
      yield piece.subarray(0, bytes)
    }
    if (!unpacker.mayEnd()) throw new Error('the last frame is not whole')
  }
  const input = Readable.from(packed(), { objectMode: false })
  const { stream } = unpacker
  input.on('error', (error) => stream.destroy(error))
  // The stream may fail before anyone reads it; the first reader gets the error.
  stream.on('error', () => {})
  const pieces: AsyncIterator<Uint8Array> = input.pipe(stream)[Symbol.asyncIterator]()
  // An iterator that failed reports its end afterwards, which must not be taken for the end of the item.
  let failed: Promise<never> | undefined
  const fail = (error: unknown): Promise<never> => {
    failed =
      unreadable === undefined ? corrupt(error, reader, { item, format }) : Promise.reject(unreadable.reason)
    return failed
  }
  const read = filling(readPieces({ next: () => failed ?? pieces.next().catch(fail) }))
  return {
    format,
    sourceBytes: () => taken,
    read,
    verify: () => reader.verify(),
    async close() {
      input.destroy()
      stream.destroy()
      await reader.close()
    },
  }
}

/** An overwritten file looks corrupt too; reporting the change is more helpful. */
async function corrupt(error: unknown, reader: SourceReader, { item, format }: Packed): Promise<never> {
  await reader.verify()
  const tooWide = windowError(item.name, error)
  if (tooWide !== undefined) throw tooWide
  throw sluiceError('SOURCE_CORRUPT', {
    at: item.name,
    message: `is not a complete ${format} file; nothing of it was committed`,
    cause: error,
  })
}

async function skip(reader: ItemReader, bytes: number): Promise<void> {
  const piece = Buffer.allocUnsafe(Math.min(bytes, PIECE_BYTES))
  for (let left = bytes; left > 0; ) {
    const skipped = await reader.read(piece.subarray(0, Math.min(left, piece.length)))
    if (skipped === 0) return
    left -= skipped
  }
}
