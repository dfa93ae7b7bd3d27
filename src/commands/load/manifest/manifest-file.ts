import { parseJson } from '../../../json/parse.js'
import { isManifest, type ManifestBody } from '../../../load/manifest.js'
import { openItem } from '../../../pipeline/chunks/unpack.js'
import type { StoreAccess } from '../../../storage/access.js'
import { isDocumentName } from '../../../storage/names.js'
import { isLocal, openSource } from '../../../storage/open.js'
import type { Source, SourceItem } from '../../../storage/store.js'

/** A Bulk Data manifest that is the source of a load. */
export interface ManifestFile {
  /** Its path or address, without credentials. */
  readonly place: string
  /** Its name in its folder. */
  readonly name: string
  /** Address of the folder that it lies in. */
  readonly folder: string
  readonly body: ManifestBody
}

const PIECE_BYTES = 64 * 2 ** 10
const MAX_BYTES = 64 * 2 ** 20

/** The manifest at an address; undefined if it names anything else. Throws USAGE and SOURCE_*. */
export async function manifestAt(address: string, access: StoreAccess): Promise<ManifestFile | undefined> {
  const { folder, name } = partsOf(address)
  if (!isDocumentName(name)) return undefined
  const source = await openSource(address, access)
  for await (const item of source.list(() => {})) {
    if (item.name !== name || item.unreadable !== undefined) return undefined
    const body = parseJson(await textOf(source, item))
    return isManifest(body) ? { place: source.place, name, folder, body } : undefined
  }
  return undefined
}

/** Splits the last part off; what follows a `?` stays with the folder, whose credentials it holds. */
function partsOf(address: string): Pick<ManifestFile, 'folder' | 'name'> {
  const queryAt = isLocal(address) ? -1 : address.indexOf('?')
  const path = queryAt < 0 ? address : address.slice(0, queryAt)
  const nameAt = path.lastIndexOf('/') + 1
  const outer = path.slice(0, nameAt)
  const folder = outer === '/' ? outer : outer.slice(0, -1) || '.'
  const name = path.slice(nameAt)
  if (isLocal(address)) return { folder, name }
  return { folder: folder + (queryAt < 0 ? '' : address.slice(queryAt)), name: decoded(name) }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** The text of an item; empty if it is no manifest, which a resource says in its first bytes. */
async function textOf(source: Source, item: SourceItem): Promise<string> {
  const reader = await openItem(source, item, 0)
  const pieces: Buffer[] = []
  let bytes = 0
  try {
    for (;;) {
      const piece = Buffer.alloc(PIECE_BYTES)
      const length = await reader.read(piece)
      if (length === 0) return Buffer.concat(pieces).toString()
      bytes += length
      if (bytes > MAX_BYTES || (bytes === length && piece.includes('"resourceType"'))) return ''
      pieces.push(piece.subarray(0, length))
    }
  } finally {
    await reader.close()
  }
}
