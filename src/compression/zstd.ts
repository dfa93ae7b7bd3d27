import type { Transform } from 'node:stream'
import * as zlib from 'node:zlib'
import { type SluiceError, sluiceError } from '../errors.js'

/** What newer versions of Node have of zstd (RFC 8878). */
export interface Zstd {
  zstdCompressSync(bytes: Uint8Array, options: ZstdOptions): Buffer
  createZstdDecompress(options: ZstdOptions & { readonly chunkSize: number }): Transform
}

interface ZstdOptions {
  readonly params: Readonly<Record<number, number>>
}

// A file may ask for this much memory to be decompressed: 32 MiB.
const MAX_WINDOW_LOG = 25

// Numbers of the format's own library, which `zlib.constants` has where Node has zstd.
const CHECKSUM_FLAG = 201
const LEVEL = 100
const WINDOW_LOG_MAX = 100

/** The zstd of this version of Node; undefined before 22.15. */
export function zstdOfNode(): Zstd | undefined {
  const { zstdCompressSync, createZstdDecompress } = zlib as Partial<Zstd>
  return zstdCompressSync === undefined || createZstdDecompress === undefined
    ? undefined
    : { zstdCompressSync, createZstdDecompress }
}

const NEEDED = `this is Node ${process.versions.node}, which has no zstd`
const NEWER = 'run it with Node 22.15 or later (in the 23.x line, 23.8 or later)'

/** Throws USAGE where outputs cannot be compressed with zstd. */
export function checkZstd(): void {
  if (zstdOfNode() === undefined)
    throw sluiceError('USAGE', { message: NEEDED, help: `${NEWER}, or use gzip` })
}

/** One frame with a checksum of its contents. Equal input and library give equal bytes. */
export const zstdFrame = (bytes: Uint8Array, level: number): Uint8Array => {
  const zstd = zstdOfNode()
  if (zstd === undefined) throw sluiceError('USAGE', { message: NEEDED, help: NEWER })
  return zstd.zstdCompressSync(bytes, { params: { [LEVEL]: level, [CHECKSUM_FLAG]: 1 } })
}

/** Decompresses frames that follow each other. Throws SOURCE_UNUSABLE where Node has no zstd. */
export function zstdDecompressor(at: string, chunkSize: number): Transform {
  const zstd = zstdOfNode()
  if (zstd === undefined)
    throw sluiceError('SOURCE_UNUSABLE', {
      at,
      message: `is compressed with zstd, and ${NEEDED}`,
      help: `${NEWER}, or decompress it first`,
    })
  return zstd.createZstdDecompress({ chunkSize, params: { [WINDOW_LOG_MAX]: MAX_WINDOW_LOG } })
}

/** The error for a file that asks for too much memory; undefined for any other failure. */
export const windowError = (at: string, failure: unknown): SluiceError | undefined =>
  (failure as { code?: unknown } | undefined)?.code === 'ZSTD_error_frameParameter_windowTooLarge'
    ? sluiceError('SOURCE_UNUSABLE', {
        at,
        message: `needs more than ${2 ** (MAX_WINDOW_LOG - 20)} MiB of memory to decompress`,
        help: 'compress it again without --long and --ultra',
      })
    : undefined
