import { sluiceError } from '../../errors.js'
import { readPieces } from '../../ndjson/line-stream.js'
import type { SourceReader } from '../../storage/store.js'
import type { ArchiveBytes } from './archive-bytes.js'
import { type ArchiveFile, zipError } from './zip-archive.js'

/** Reads a file of an archive from an offset of what is in it. `at` names it in errors. Throws SOURCE_*. */
export async function openFile(
  file: ArchiveFile,
  bytes: ArchiveBytes,
  { at, fromByte }: { readonly at: string; readonly fromByte: number },
): Promise<SourceReader> {
  const stopping = new AbortController()
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  let failure: { readonly error: Error } | undefined
  let fail = (_: Error): void => {}
  const unpacked = file.unpack(writable, stopping.signal).catch((error: unknown) => {
    failure = { error: zipError(error, at) }
    fail(failure.error)
    throw failure.error
  })
  unpacked.catch(() => {})
  const pieces = readable.getReader()
  // The pieces may end for no reason of their own, or never: what became of the unpacking decides. Not by a race, because
  // the promise that stays open would keep every piece.
  const readPiece = () =>
    new Promise<Awaited<ReturnType<typeof pieces.read>>>((resolve, reject) => {
      fail = reject
      if (failure !== undefined) reject(failure.error)
      pieces.read().then(resolve, () => {})
    })
  let left = file.unpackedBytes
  const next = async (): Promise<IteratorResult<Uint8Array>> => {
    const { done, value } = await readPiece()
    if (!done) {
      left -= value.length
      if (left < 0) throw zipError(new Error('a file is longer than the directory says'), at)
      return { done, value }
    }
    await unpacked
    if (left > 0) throw zipError(new Error('a file is shorter than the directory says'), at)
    return { done: true, value: undefined }
  }
  const read = readPieces({ next })
  const reader: SourceReader = {
    async read(target) {
      let filled = 0
      while (filled < target.length) {
        const length = await read(target.subarray(filled))
        if (length === 0) break
        filled += length
      }
      return filled
    },
    verify: () => bytes.verify(),
    async close() {
      stopping.abort()
      await pieces.cancel().catch(() => {})
      await unpacked.catch(() => {})
    },
  }
  await skip(reader, fromByte)
  return reader
}

async function skip(reader: SourceReader, bytes: number): Promise<void> {
  const piece = Buffer.allocUnsafe(Math.min(bytes, 2 ** 20))
  for (let left = bytes; left > 0; ) {
    const length = await reader.read(piece.subarray(0, Math.min(left, piece.length)))
    if (length === 0) return
    left -= length
  }
}

/** How much a file of an archive may hold. */
export interface UnpackLimits {
  /** Default 256 GiB. */
  readonly maxUnpackedBytes?: number
  /** Times as much as its packed size, once it holds more than 100 MiB. Default 200. */
  readonly maxRatio?: number
}

const RATIO_FROM_BYTES = 100 * 2 ** 20

/** Throws SOURCE_UNUSABLE for a file that is not to be unpacked. */
export function checkFile(
  { isEncrypted, packedBytes, unpackedBytes }: ArchiveFile,
  at: string,
  { maxUnpackedBytes = 2 ** 38, maxRatio = 200 }: UnpackLimits,
): void {
  if (isEncrypted)
    throw sluiceError('SOURCE_UNUSABLE', {
      at,
      message: 'is encrypted',
      help: 'provide an unencrypted archive',
    })
  const isDense = unpackedBytes > RATIO_FROM_BYTES && unpackedBytes > packedBytes * maxRatio
  if (unpackedBytes <= maxUnpackedBytes && !isDense) return
  throw sluiceError('SOURCE_UNUSABLE', {
    at,
    message: isDense
      ? `holds more than ${maxRatio} times what it takes in the archive, as a zip bomb does`
      : `holds more than ${maxUnpackedBytes} bytes`,
    help: 'unpack it and load the file',
  })
}
