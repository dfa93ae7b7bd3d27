import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import type { BlobBytes, BlobWrite } from './blob-container.js'

/** Removes the quotes that ETags have in headers but not in lists. */
export const unquoted = (etag: string | undefined): string => etag?.replace(/^"|"$/g, '') ?? ''
export const quoted = (etag: string): string => `"${etag}"`

/** Converts ids to bytes, so that those of other programs survive. */
export const toBlockId = (id: string): string => Buffer.from(id, 'latin1').toString('base64')
export const fromBlockId = (name: string): string => Buffer.from(name, 'base64').toString('latin1')

/** Conditions and headers as the SDK takes them. */
export function writeOptions({
  metadata,
  contentType,
  contentEncoding,
  ifMatch,
  ifNoneMatch,
  leaseId,
}: BlobWrite) {
  const etag = ifMatch === undefined ? undefined : quoted(ifMatch)
  return {
    ...(metadata === undefined ? {} : { metadata: { ...metadata } }),
    blobHTTPHeaders: given({ blobContentType: contentType, blobContentEncoding: contentEncoding }),
    conditions: given({ ifMatch: etag, ifNoneMatch, leaseId }),
  }
}

type Given<T> = { -readonly [Key in keyof T]?: Exclude<T[Key], undefined> }

/** Keeps only options that have a value: the SDK's types do not accept undefined. */
export const given = <T extends object>(options: T): Given<T> =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Given<T>

/** Streams the pieces without joining them, anew for each attempt. */
export function bodyFor(bytes: BlobBytes, knownMd5?: Uint8Array) {
  const pieces = bytes instanceof Uint8Array ? [bytes] : bytes
  const byteCount = pieces.reduce((sum, piece) => sum + piece.length, 0)
  const md5 = knownMd5 ?? md5Of(pieces)
  const views = pieces.map((piece) => Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength))
  const [only] = views
  const body =
    only !== undefined && views.length === 1 ? only : () => Readable.from(views, { objectMode: false })
  return { body, byteCount, md5 }
}

function md5Of(pieces: readonly Uint8Array[]): Uint8Array {
  const md5 = createHash('md5')
  for (const piece of pieces) md5.update(piece)
  return md5.digest()
}
