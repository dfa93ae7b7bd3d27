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
  const stream = (reader: SourceReader, length: number): Readable =>
    streamOf(reader, length, { onBytes, onEnd })
  if (range === 'whole' && prefersGzip(request.header('accept-encoding'))) {
    const headers = { ...common, etag: packedTag, 'content-encoding': 'gzip' }
    const reader = await opened(() => file.source.open(file.item, 0))
    if (isGzip)
      return {
        status: 200,
        headers: { ...headers, 'content-length': String(file.item.bytes) },
        body: stream(reader, file.item.bytes),
      }
    return { status: 200, headers, body: packed(stream(reader, bytes)) }
  }
  const { from, to } = range === 'whole' ? { from: 0, to: bytes } : range
  const reader = await opened(() =>
    isGzip ? openItem(file.source, file.item, from) : file.source.open(file.item, from),
  )
  const headers = { ...common, etag, 'content-length': String(to - from) }
  const body = stream(reader, to - from)
  if (range === 'whole') return { status: 200, headers, body }
  return { status: 206, headers: { ...headers, 'content-range': `bytes ${from}-${to - 1}/${bytes}` }, body }
}

async function opened(open: () => Promise<SourceReader>): Promise<SourceReader> {
  try {
    return await open()
  } catch {
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
  reader: SourceReader,
  length: number,
  { onBytes, onEnd }: { readonly onBytes: (bytes: number) => void; readonly onEnd: () => void },
): Readable {
  let left = length
  const next = async (): Promise<Buffer | null> => {
    if (left === 0) {
      await reader.verify()
      return null
    }
    const piece = Buffer.allocUnsafeSlow(Math.min(PIECE_BYTES, left))
    const bytes = await reader.read(piece)
    if (bytes === 0) throw new Error('the file is shorter than it was')
    left -= bytes
    onBytes(bytes)
    return piece.subarray(0, bytes)
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
