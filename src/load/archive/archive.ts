import { sluiceError } from '../../errors.js'
import { isArchiveName, isInHiddenFolder, notAnItem } from '../../storage/names.js'
import {
  leftOutEvent,
  type Source,
  type SourceItem,
  type SourceReader,
  type StoreEvent,
} from '../../storage/store.js'
import { ArchiveBytes } from './archive-bytes.js'
import { checkFile, openFile, type UnpackLimits } from './unpacked-file.js'
import { type ArchiveFile, zipFiles } from './zip-archive.js'

/** A file of an archive as an item of its own. */
export interface ArchiveItem {
  readonly item: SourceItem
  /**
   * Reads it once to its end, so that nothing of an altered file is used, and returns what it can be read from then.
   * `check` is called now and then. Throws SOURCE_*, and what `check` throws.
   */
  verified(check: () => void): Promise<Source>
}

export interface ArchiveOptions extends UnpackLimits {
  readonly onEvent: (event: StoreEvent) => void
}

/**
 * The items in a zip archive, as `x.zip/folder/name`, in the order of its directory. Other files are reported. Throws
 * SOURCE_CORRUPT, SOURCE_UNUSABLE for an archive that no file of is safe to use.
 */
export async function* archiveItems(
  source: Source,
  archive: SourceItem,
  options: ArchiveOptions,
): AsyncGenerator<ArchiveItem, void> {
  const bytes = new ArchiveBytes(source, archive)
  try {
    await checkPlaces(bytes, archive.name)
    const seen = new Map<string, number>()
    let index = 0
    for await (const file of zipFiles(bytes, archive.name)) {
      const count = (seen.get(file.name) ?? 0) + 1
      seen.set(file.name, count)
      index += 1
      const name = `${archive.name}/${file.name}${count > 1 ? ` (${count})` : ''}`
      const skipped = skippedEvent(file.name, name)
      if (skipped !== undefined) {
        options.onEvent(skipped)
        continue
      }
      const item = { name, bytes: file.packedBytes, version: `${archive.version}-${index}` }
      yield archiveItem(source, bytes, { file, item, limits: options })
    }
  } finally {
    await bytes.close()
  }
}

/** A file up to this size is held when it was verified. */
const HELD_BYTES = 4 * 2 ** 20

function archiveItem(
  source: Source,
  bytes: ArchiveBytes,
  {
    file,
    item,
    limits,
  }: { readonly file: ArchiveFile; readonly item: SourceItem; readonly limits: UnpackLimits },
): ArchiveItem {
  const open = (fromByte: number): Promise<SourceReader> => openFile(file, bytes, { at: item.name, fromByte })
  return {
    item,
    async verified(check) {
      checkFile(file, item.name, limits)
      const isHeld = file.unpackedBytes <= HELD_BYTES
      const piece = Buffer.allocUnsafe(isHeld ? file.unpackedBytes : 2 ** 20)
      const reader = await open(0)
      try {
        // The end of the file is known only once a read finds nothing.
        for (let length = -1; length !== 0; check())
          length = await reader.read(length < 0 || !isHeld ? piece : NOTHING)
      } finally {
        await reader.close()
        await bytes.close()
      }
      return {
        ...source,
        open: async (_, fromByte) => (isHeld ? heldReader(piece, fromByte) : open(fromByte)),
      }
    },
  }
}

const NOTHING = new Uint8Array(1)

function heldReader(bytes: Buffer, fromByte: number): SourceReader {
  let at = fromByte
  return {
    async read(target) {
      const part = bytes.subarray(at, at + target.length)
      target.set(part)
      at += part.length
      return part.length
    },
    verify: async () => {},
    close: async () => {},
  }
}

function skippedEvent(inner: string, name: string): StoreEvent | undefined {
  if (isArchiveName(inner))
    return { event: 'source.skipped', item: name, reason: 'is a zip archive inside another' }
  const reason = notAnItem(inner) ?? (isInHiddenFolder(inner) ? 'hidden' : undefined)
  return reason === undefined ? undefined : leftOutEvent(name, reason)
}

const LOCAL_HEADER_BYTES = 30

/** Throws SOURCE_CORRUPT where files share bytes of the archive, as those of zip bombs do. */
async function checkPlaces(bytes: ArchiveBytes, at: string): Promise<void> {
  const places: (readonly [start: number, end: number])[] = []
  for await (const { offset, packedBytes } of zipFiles(bytes, at))
    places.push([offset, offset + LOCAL_HEADER_BYTES + packedBytes])
  places.sort(([a], [b]) => a - b)
  const overlaps = places.some(([, end], index) => end > (places[index + 1]?.[0] ?? bytes.length))
  if (overlaps) throw sluiceError('SOURCE_CORRUPT', { at, message: 'is a zip archive whose files overlap' })
}
