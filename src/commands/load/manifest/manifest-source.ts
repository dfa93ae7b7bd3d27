import { createHash } from 'node:crypto'
import type { StoreAccess } from '../../../storage/access.js'
import { openSource } from '../../../storage/open.js'
import type { Source, SourceItem } from '../../../storage/store.js'
import { isOnServer, listedTwice, readListing } from './listed-files.js'
import { filesBeside } from './local-files.js'
import type { ManifestFile } from './manifest-file.js'
import { type ServerFilesOptions, serverFiles } from './server-files.js'

export interface ManifestOptions extends ServerFilesOptions {
  readonly access: StoreAccess
}

/** The files that a manifest lists. */
export interface ManifestSource extends Source {
  /** Ends the connections. */
  close(): void
}

/**
 * The files of a manifest as a source: what it lists as deleted comes last, files of errors do not come. Throws
 * SOURCE_INCOMPLETE, SOURCE_UNUSABLE, EXPORT_INVALID, USAGE.
 */
export async function manifestSource(file: ManifestFile, options: ManifestOptions): Promise<ManifestSource> {
  const listing = readListing(file)
  const folder = await openSource(file.folder, options.access)
  const beside = await filesBeside(
    listing.files.filter((each) => !isOnServer(each)),
    { file, folder },
  )
  const onServer = listing.files.filter(isOnServer)
  const remote =
    onServer.length === 0 ? undefined : await serverFiles(file, onServer, { ...options, jobId: idOf(file) })
  const openOf = new Map<string, Source>(beside.map(({ item }) => [item.name, folder]))

  const items = async (): Promise<SourceItem[]> => {
    const all = [...beside]
    if (remote !== undefined)
      for await (const item of remote.source.list(() => {})) {
        if (openOf.get(item.name) === folder) throw listedTwice(file, item.name)
        openOf.set(item.name, remote.source)
        all.push({ item, isDeleted: remote.isDeleted(item.name) })
      }
    return all
      .sort((a, b) => Number(a.isDeleted) - Number(b.isDeleted) || (a.item.name < b.item.name ? -1 : 1))
      .map(({ item }) => item)
  }
  return {
    place: file.place,
    folderName: folder.folderName,
    ...(onServer.length > 0 && { isRemote: true }),
    localPaths: () => folder.localPaths(),
    async *list(report) {
      if (listing.errorCount > 0)
        report({
          event: 'source.skipped',
          item: file.name,
          reason: `lists ${listing.errorCount} ${listing.errorCount === 1 ? 'file' : 'files'} of errors and warnings from the export; they are not loaded`,
        })
      yield* await items()
    },
    head: async (name) => (await items()).find((item) => item.name === name),
    async open(item, fromByte) {
      const source = openOf.get(item.name)
      if (source === undefined) throw new Error('an item that was not listed')
      return source.open(item, fromByte)
    },
    close: () => remote?.close(),
  }
}

/** Another export has other files under the same names. */
const idOf = ({ place, body }: ManifestFile): string =>
  createHash('sha256')
    .update(JSON.stringify([place, body.transactionTime ?? null, body.request ?? null]))
    .digest('hex')
