import { Readable } from 'node:stream'
import { createGzip } from 'node:zlib'
import { openItem } from '../pipeline/unpack.js'
import type { Source, SourceItem, SourceReader } from '../storage/store.js'
import { parseRange, prefersGzip } from './byte-range.js'
import type { HttpAnswer, HttpRequest } from './http-message.js'
import { Refusal } from './refusal.js'

/** A file as it lies in a store. */
export interface StoredFile {
  readonly source: Source
  readonly item: SourceItem
  readonly isGzip: boolean
  /** Decompressed. */
  readonly bytes: number
}

const PIECE_BYTES = 256 * 1024
const NDJSON = 'application/fhir+ndjson'

/**
 * A file, or a part of it, as it is or compressed, whatever the client prefers. What is stored compressed goes out
 * as it lies there. Parts are parts of the file as it is, so they are never compressed. Throws Refusal 410 for a file
 * that changed since the export.
 */
export async function downloadAnswer(
  file: StoredFile,
  request: HttpRequest,
  { onBytes, onEnd }: { readonly onBytes: (bytes: number) => void; readonly onEnd: () => void },
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
    return { status: 416, headers: { ...common, 'content-range': `bytes */${bytes}` } }
  }
  if (request.method === 'HEAD') {
    onEnd()
    return { status: 200, headers: { ...common, etag, 'content-length': String(bytes) } }
  }
  const stream = (from: Opened, length: number): Readable => streamOf(from, length, { onBytes, onEnd })
  if (range === 'whole' && prefersGzip(request.header('accept-encoding'))) {
    const headers = { ...common, etag: packedTag, 'content-encoding': 'gzip' }
    const start = await opened(() => file.source.open(file.item, 0), isGzip ? file.item.bytes : bytes)
    if (isGzip)
      return {
        status: 200,
        headers: { ...headers, 'content-length': String(file.item.bytes) },
        body: stream(start, file.item.bytes),
      }
    return { status: 200, headers, body: packed(stream(start, bytes)) }
  }
  const { from, to } = range === 'whole' ? { from: 0, to: bytes } : range
  const start = await opened(
    () => (isGzip ? openItem(file.source, file.item, from) : file.source.open(file.item, from)),
    to - from,
  )
  const headers = { ...common, etag, 'content-length': String(to - from) }
  const body = stream(start, to - from)
  if (range === 'whole') return { status: 200, headers, body }
  return { status: 206, headers: { ...headers, 'content-range': `bytes ${from}-${to - 1}/${bytes}` }, body }
}

interface Opened {
  readonly reader: SourceReader
  /** The first bytes: a store may find only then that the file is another one. */
  readonly first: Buffer
}

async function opened(open: () => Promise<SourceReader>, length: number): Promise<Opened> {
  let reader: SourceReader | undefined
  try {
    reader = await open()
    return { reader, first: await nextPiece(reader, Math.min(PIECE_BYTES, length)) }
  } catch {
    await reader?.close()
    throw new Refusal('The data changed since the export; start a new export.', {
      status: 410,
      code: 'conflict',
    })
  }
}

/** Fast rather than small: the link is rarely slower than the processor. */
function packed(raw: Readable): Readable {
  const gzip = createGzip({ level: 1, chunkSize: PIECE_BYTES })
  raw.on('error', (error) => gzip.destroy(error))
  gzip.on('close', () => raw.destroy())
  return raw.pipe(gzip)
}

/** `length` bytes of a reader; cut short, the connection is, so that the client sees it. */
function streamOf(
  { reader, first }: Opened,
  length: number,
  { onBytes, onEnd }: { readonly onBytes: (bytes: number) => void; readonly onEnd: () => void },
): Readable {
  let left = length
  let waiting: Buffer | undefined = first
  const next = async (): Promise<Buffer | null> => {
    if (left === 0) {
      await reader.verify()
      return null
    }
    const piece = waiting ?? (await nextPiece(reader, Math.min(PIECE_BYTES, left)))
    waiting = undefined
    if (piece.length === 0) throw new Error('the file is shorter than it was')
    left -= piece.length
    onBytes(piece.length)
    return piece
  }
  return new Readable({
    highWaterMark: PIECE_BYTES,
    read() {
      next().then(
        (piece) => this.push(piece),
        (error) => this.destroy(error),
      )
    },
    destroy(error, callback) {
      onEnd()
      reader.close().then(
        () => callback(error),
        () => callback(error),
      )
    },
  })
}

async function nextPiece(reader: SourceReader, length: number): Promise<Buffer> {
  const piece = Buffer.allocUnsafeSlow(length)
  return piece.subarray(0, await reader.read(piece))
}
