import { blobOutput } from '../storage/azure/blob-output.js'
import { folderOutput } from '../storage/folder/folder-output.js'
import { openContainer, prefixOf, type StoreAccess, settle } from '../storage/open.js'
import type { OutputFiles } from '../storage/output-files.js'

/** A folder, a container or what lies below a path in it. Throws USAGE, CONFIG_INVALID. */
export async function openOutput(address: string, access: StoreAccess): Promise<OutputFiles> {
  const parsed = settle(address, access)
  if (parsed.kind === 'folder') return folderOutput(parsed.path)
  return blobOutput(await openContainer(parsed, access, 'source'), prefixOf(parsed), parsed.place)
}
