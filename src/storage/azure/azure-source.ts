import { sluiceError } from '../../errors.js'
import { endingsText, isInHiddenFolder, isItemName, nameFault, notAnItem } from '../names.js'
import {
  LEFT_OUT,
  type LeftOutReason,
  type Listing,
  leftOutEvent,
  type Source,
  type SourceItem,
  type SourceReader,
  type StoreEvent,
} from '../store.js'
import type { BlobAddress } from './blob-address.js'
import type { BlobContainer, BlobEntry } from './blob-container.js'
import { RangeBuffers, RangeReader } from './range-reader.js'

export interface AzureSourceOptions {
  /** Bytes of all prefetched ranges together; default 32 MiB. Less than one range turns prefetching off. */
  readonly readAheadBytes?: number | undefined
  /** Bytes per request of a large blob; default 8 MiB. */
  readonly rangeBytes?: number
}

/** The blobs of a container or a prefix, or a single blob. */
export function azureSource(
  container: BlobContainer,
  { place, container: containerName, path }: Pick<BlobAddress, 'place' | 'container' | 'path'>,
  { readAheadBytes = 32 * 2 ** 20, rangeBytes = 8 * 2 ** 20 }: AzureSourceOptions = {},
): Source {
  const buffers = new RangeBuffers(rangeBytes, Math.floor(readAheadBytes / rangeBytes))
  // Prefix of the items' names; decided by `list`, because a path can be one blob or many.
  let prefix = path === '' ? '' : `${path}/`

  return {
    place,
    isRemote: true,
    get folderName() {
      return prefix.split('/').at(-2) ?? containerName
    },
    localPaths: async () => [],
    async *list(report, listing) {
      if (isItemName(path, listing)) {
        const single = await container.head(path)
        if (single !== undefined && !single.isFolder) {
          if (single.isArchived) throw unreadable(place, LEFT_OUT.archived.text)
          prefix = path.slice(0, path.lastIndexOf('/') + 1)
          yield { name: path.slice(prefix.length), bytes: single.bytes, version: single.etag }
          return
        }
      }
      let isThere = false
      for await (const entry of container.list(prefix)) {
        isThere = true
        const item = itemOf(entry, prefix, { report, listing })
        if (item !== undefined) yield item
      }
      if (!isThere && path !== '') await refuseMissing(listing)
    },
    async head(name) {
      const head = await container.head(prefix + name)
      return head === undefined ? undefined : { name, bytes: head.bytes, version: head.etag }
    },
    async open(item, fromByte, untilByte = item.bytes) {
      const name = prefix + item.name
      const read = new RangeReader({
        fromByte,
        toByte: item.bytes,
        untilByte: Math.min(untilByte, item.bytes),
        open: (from, to, signal) =>
          container.read(name, { etag: item.version, fromByte: from, toByte: to, signal }),
        buffers,
      })
      return readerOf(read, item, () => container.head(name))
    },
  }

  async function refuseMissing(listing?: Listing): Promise<never> {
    const blob = await container.head(path)
    if (blob !== undefined && !blob.isFolder) throw unreadable(place, endingsText(listing))
    throw sluiceError('SOURCE_NOT_FOUND', { at: place, message: 'there is nothing under this address' })
  }
}

/** Makes an item of the blob; undefined, after reporting it, if it is not an item. */
function itemOf(
  { name, bytes, etag, isFolder, isArchived }: BlobEntry,
  prefix: string,
  {
    report,
    listing,
  }: { readonly report: (event: StoreEvent) => void; readonly listing?: Listing | undefined },
): SourceItem | undefined {
  const relative = name.slice(prefix.length)
  if (isFolder) return undefined
  const leftOut = leftOutOf(notAnItem(relative, listing), relative, isArchived)
  if (leftOut === undefined) {
    const unreadable = nameFault(relative) ?? controlFault(relative)
    return { name: relative, bytes, version: etag, ...(unreadable && { unreadable }) }
  }
  report(leftOutEvent(relative, leftOut))
  return undefined
}

function leftOutOf(
  reason: LeftOutReason | undefined,
  relative: string,
  isArchived: boolean,
): LeftOutReason | undefined {
  if (reason !== undefined) return reason
  if (isArchived) return 'archived'
  return isInHiddenFolder(relative) ? 'hidden' : undefined
}

// Such names do not survive the service's XML and headers.
const controlFault = (name: string): string | undefined =>
  /\p{Cc}/u.test(name) ? 'its name has control characters; rename it' : undefined

function readerOf(
  read: RangeReader,
  item: SourceItem,
  head: () => ReturnType<BlobContainer['head']>,
): SourceReader {
  return {
    read: (target) => read.read(target),
    async verify() {
      if ((await head())?.etag === item.version) return
      throw sluiceError('SOURCE_CHANGED', {
        at: item.name,
        message: 'changed while it was read; nothing of it was committed',
      })
    },
    async close() {
      read.close()
    },
  }
}

const unreadable = (at: string, why: string) => sluiceError('SOURCE_UNUSABLE', { at, message: why })
