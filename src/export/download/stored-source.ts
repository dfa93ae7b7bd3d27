import { createHash } from 'node:crypto'
import { sluiceError } from '../../errors.js'
import type { Source, SourceItem } from '../../storage/store.js'
import type { ExportFile } from '../job/manifest.js'

/** Opens the store that holds a file, given the address of its folder. */
export type OpenStore = (address: string) => Promise<Source>

export interface StoredSourceOptions {
  readonly place: string
  readonly files: readonly ExportFile[]
  readonly jobId: string
  readonly isStrict: boolean
  readonly openStore: OpenStore
}

/**
 * Files that the server wrote into a store (Azure's `_container`). They are read from there, with the store's
 * credentials and pinning. Throws SOURCE_CHANGED for a file that the store does not have.
 */
export function storedSource({ place, files, jobId, isStrict, openStore }: StoredSourceOptions): Source {
  const stores = new Map<string, Promise<Source>>()
  const found = new Map<string, { readonly store: Source; readonly item: SourceItem }>()

  const storeOf = (folder: string): Promise<Source> => {
    const store = stores.get(folder) ?? openStore(folder)
    stores.set(folder, store)
    return store
  }
  const look = async ({ name, url }: ExportFile): Promise<SourceItem> => {
    const slash = url.pathname.lastIndexOf('/')
    const store = await storeOf(url.origin + url.pathname.slice(0, slash) + url.search)
    const item = await store.head(decodeURIComponent(url.pathname.slice(slash + 1)))
    if (item === undefined)
      throw sluiceError('SOURCE_CHANGED', { at: name, message: 'is in the manifest, but not in the store' })
    found.set(name, { store, item })
    return item
  }
  const itemOf = async (file: ExportFile): Promise<SourceItem> => {
    const { bytes, version } = await look(file)
    return {
      name: file.name,
      bytes,
      version: createHash('sha256')
        .update(JSON.stringify([jobId, version]))
        .digest('hex')
        .slice(0, 32),
      promised: isStrict ? { lineCount: file.count, resourceType: file.resourceType } : undefined,
    }
  }

  return {
    place,
    folderName: new URL(place).pathname.split('/').at(-2) ?? '',
    isRemote: true,
    localPaths: async () => [],
    async *list() {
      for (const file of files.toSorted((a, b) => (a.name < b.name ? -1 : 1))) yield await itemOf(file)
    },
    async head(name) {
      const file = files.find((candidate) => candidate.name === name)
      return file && itemOf(file)
    },
    async open({ name }, fromByte) {
      const known = found.get(name)
      if (known === undefined) throw new Error('an item that was not listed')
      return known.store.open(known.item, fromByte)
    },
  }
}
