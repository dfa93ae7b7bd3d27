import { pipeline, Readable } from 'node:stream'
import { createGzip } from 'node:zlib'
import { isSluiceError } from '../../errors.js'
import { openItem } from '../../pipeline/chunks/unpack.js'
import { isMissing } from '../../storage/folder/file-errors.js'
import type { Source, SourceItem, SourceReader } from '../../storage/store.js'
import { isPacked, type Packing } from '../catalog/packing.js'
import { parseRange, prefersGzip } from '../http/byte-range.js'
import { type HttpAnswer, type HttpRequest, outcomeAnswer } from '../http/http-message.js'
import { Refusal } from '../refusal.js'
import type { ServerEvent } from '../server-event.js'
import { describeUnknown } from '../unknown-error.js'

/** A file in a store. */
export interface StoredFile extends Packing {
  readonly source: Source
  readonly item: SourceItem
  /** Decompressed size. */
  readonly bytes: number
}

const PACKED_PIECE_BYTES = 128 * 1024
// Large pieces take half the processor time of small ones (bench/serve.ts); a download holds about two.
const PIECE_BYTES = 512 * 1024
const RETRY_SECONDS = 10
const NDJSON = 'application/fhir+ndjson'

/** Figures of a download, for events. */
export interface DownloadWatch {
  readonly onBytes: (bytes: number) => void
  readonly onEnd: () => void
  readonly onEvent: (event: ServerEvent) => void
}

/**
 * Answers with a file or a part of it, plain or compressed, as the client prefers. A file that is stored as gzip is
 * sent without decompressing it. Ranges refer to the plain file, so parts are never compressed. Throws Refusal 410 if
 * the file has changed since the export or is gone, and 503 if it cannot be opened now.
 */
export async function downloadAnswer(
  file: StoredFile,
  request: HttpRequest,
  { onBytes, onEnd, onEvent }: DownloadWatch,
): Promise<HttpAnswer> {
  const { bytes, isGzip } = file
  const etag = `"${Buffer.from(file.item.version).toString('base64url')}"`
  const packedTag = `${etag.slice(0, -1)}-gzip"`
  const common = {
    'content-type': NDJSON,
    'accept-ranges': 'bytes',
    vary: 'Accept-Encoding',
    'cache-control': 'no-store',
  }
  const noneMatch = request.header('if-none-match')
  if (noneMatch !== undefined && [etag, packedTag].some((tag) => noneMatch.includes(tag))) {
    onEnd()
    return { status: 304, headers: { ...common, etag } }
  }
  const ifRange = request.header('if-range')
  const range = parseRange(
    ifRange === undefined || ifRange === etag ? request.header('range') : undefined,
    bytes,
  )
  if (range === 'unsatisfiable') {
    onEnd()
    return outcomeAnswer(
      416,
      { severity: 'error', code: 'value', text: 'The Range begins after the end of the file.' },
      { 'accept-ranges': 'bytes', 'content-range': `bytes */${bytes}` },
    )
  }
  if (request.method === 'HEAD') {
    onEnd()
    return { status: 200, headers: { ...common, etag, 'content-length': String(bytes) } }
  }
  const pieces = (from: Opened, length: number) => piecesOf(from, length, { onBytes, onEnd })
  if (range === 'whole' && prefersGzip(request.header('accept-encoding'))) {
    const headers = { ...common, etag: packedTag, 'content-encoding': 'gzip' }
    const start = await opened(
      () => (isGzip ? file.source.open(file.item, 0) : openPlain(file, 0)),
      isGzip ? file.item.bytes : bytes,
      onEvent,
    )
    if (isGzip)
      return {
        status: 200,
        headers: { ...headers, 'content-length': String(file.item.bytes) },
        body: pieces(start, file.item.bytes),
      }
    return { status: 200, headers, body: packed(pieces(start, bytes), () => abandon(start, onEnd)) }
  }
  const { from, to } = range === 'whole' ? { from: 0, to: bytes } : range
  const start = await opened(() => openPlain(file, from), to - from, onEvent)
  const headers = { ...common, etag, 'content-length': String(to - from) }
  const body = pieces(start, to - from)
  if (range === 'whole') return { status: 200, headers, body }
  return { status: 206, headers: { ...headers, 'content-range': `bytes ${from}-${to - 1}/${bytes}` }, body }
}

/** The file's decompressed bytes from here. */
const openPlain = (file: StoredFile, fromByte: number): Promise<SourceReader> =>
  isPacked(file) ? openItem(file.source, file.item, fromByte) : file.source.open(file.item, fromByte)

interface Opened {
  readonly reader: SourceReader
  /** Reads the first bytes: some stores notice only then that the file has changed. */
  readonly first: Buffer
}

async function opened(
  open: () => Promise<SourceReader>,
  length: number,
  onEvent: DownloadWatch['onEvent'],
): Promise<Opened> {
  let reader: SourceReader | undefined
  try {
    reader = await open()
    return { reader, first: await nextPiece(reader, Buffer.allocUnsafeSlow(Math.min(PIECE_BYTES, length))) }
  } catch (error) {
    await reader?.close().catch(() => undefined)
    if (isGone(error))
      throw new Refusal('The data changed since the export; start a new export.', {
        status: 410,
        code: 'conflict',
      })
    onEvent({ event: 'file.unreadable', level: 'warn', ...describeUnknown(error) })
    throw new Refusal('The file cannot be read now; ask again.', {
      status: 503,
      code: 'transient',
      retryAfterSeconds: RETRY_SECONDS,
    })
  }
}

/** Whether the exported version is gone for good. */
const isGone = (error: unknown): boolean =>
  isSluiceError(error) ? ['SOURCE_CHANGED', 'SOURCE_NOT_FOUND'].includes(error.code) : isMissing(error)

/** Compresses fast rather than well: the network is rarely slower than the processor. */
function packed(pieces: AsyncIterable<Buffer>, onClose: () => void): Readable {
  const gzip = createGzip({ level: 1, chunkSize: PACKED_PIECE_BYTES })
  // A stream requests pieces ahead, so they are copied.
  const copies = Readable.from(copiesOf(pieces), { objectMode: false })
  // This also runs if no piece was ever requested.
  pipeline(copies, gzip, onClose)
  return gzip
}

function abandon({ reader }: Opened, onEnd: () => void): void {
  onEnd()
  reader.close().catch(() => undefined)
}

async function* copiesOf(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const piece of pieces) yield Buffer.from(piece)
}

/** Yields `length` bytes of a reader, using two buffers: one is filled while the other is sent. */
async function* piecesOf(
  { reader, first }: Opened,
  length: number,
  { onBytes, onEnd }: Pick<DownloadWatch, 'onBytes' | 'onEnd'>,
): AsyncGenerator<Buffer> {
  try {
    let left = length
    let free: Buffer = Buffer.allocUnsafeSlow(Math.min(PIECE_BYTES, Math.max(0, length - first.length)))
    for (let piece = first; left > 0; ) {
      if (piece.length === 0) throw new Error('the file is shorter than it was')
      left -= piece.length
      const next = nextPiece(reader, free.subarray(0, Math.min(free.length, left)))
      // The read may fail while the piece is sent; the await below reports it.
      next.catch(() => undefined)
      onBytes(piece.length)
      yield piece
      free = buffersOf(piece)
      piece = await next
    }
    await reader.verify()
  } finally {
    onEnd()
    await reader.close()
  }
}

/** Returns the whole buffer that a piece is a view of. */
const buffersOf = (piece: Buffer): Buffer =>
  Buffer.from(piece.buffer as ArrayBuffer, 0, Math.min(piece.buffer.byteLength, PIECE_BYTES))

const nextPiece = async (reader: SourceReader, target: Buffer): Promise<Buffer> =>
  target.subarray(0, target.length === 0 ? 0 : await reader.read(target))
