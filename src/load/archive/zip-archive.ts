import { configure, type Entry, Reader, ZipReader } from '@zip.js/zip.js'
import { SluiceError, sluiceError } from '../../errors.js'
import type { ArchiveBytes } from './archive-bytes.js'

/** A file in an archive, as the archive's directory has it. */
export interface ArchiveFile {
  /** With `/`. */
  readonly name: string
  readonly packedBytes: number
  readonly unpackedBytes: number
  readonly isEncrypted: boolean
  /** Where it begins in the archive. */
  readonly offset: number
  /**
   * Writes what is in it, and closes the target. Rejects once it is known not to be what the archive promises: altered,
   * longer, shorter.
   */
  unpack(target: WritableStream<Uint8Array>, signal: AbortSignal): Promise<void>
}

configure({ useWebWorkers: false })

/** The files of a zip archive, in the order of its directory. Throws SOURCE_*. */
export async function* zipFiles(bytes: ArchiveBytes, at: string): AsyncGenerator<ArchiveFile, void> {
  const zip = new ZipReader(new BytesReader(bytes), { checkCrc32: true })
  try {
    for await (const entry of zip.getEntriesGenerator()) if (!entry.directory) yield fileOf(entry)
  } catch (error) {
    throw zipError(error, at)
  }
}

function fileOf(entry: Extract<Entry, { directory: false }>): ArchiveFile {
  return {
    name: entry.filename,
    packedBytes: entry.compressedSize,
    unpackedBytes: entry.uncompressedSize,
    isEncrypted: entry.encrypted,
    offset: entry.offset,
    async unpack(target, signal) {
      await entry.getData(target, { signal })
    },
  }
}

/** The error for an archive that cannot be read. What the library says names no contents. */
export function zipError(error: unknown, at: string): Error {
  if (error instanceof SluiceError) return error
  const { message } = error as Error
  const isUnsafe = message === 'Unsafe filename'
  return sluiceError(isUnsafe ? 'SOURCE_UNUSABLE' : 'SOURCE_CORRUPT', {
    at,
    message: isUnsafe
      ? 'is a zip archive with a file whose path leads outside the archive'
      : `cannot be read as a zip archive: ${message}`,
    cause: error,
  })
}

class BytesReader extends Reader<ArchiveBytes> {
  readonly #bytes: ArchiveBytes

  constructor(bytes: ArchiveBytes) {
    super(bytes)
    this.#bytes = bytes
    this.size = bytes.length
  }

  override readUint8Array(index: number, length: number): Promise<Uint8Array> {
    return this.#bytes.read(index, length)
  }
}
