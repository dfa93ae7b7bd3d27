import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { sourceError } from './file-errors.js'
import { isItemName } from './names.js'
import type { StoreEvent } from './store.js'

/** Names of the items in a folder, sorted within each folder. Throws SOURCE_UNREADABLE. */
export async function* namesIn(
  folder: string,
  prefix: string,
  options: { readonly recursive: boolean; readonly report: (event: StoreEvent) => void },
): AsyncIterable<string> {
  const entries = await readdir(join(folder, prefix), { withFileTypes: true }).catch((error: unknown) => {
    throw sourceError(error, join(folder, prefix))
  })
  entries.sort((a, b) => (a.name < b.name ? -1 : 1))
  for (const entry of entries) {
    const name = prefix + entry.name
    if (entry.name.startsWith('.')) continue
    if (entry.isDirectory()) {
      if (options.recursive) yield* namesIn(folder, `${name}/`, options)
    } else if (isItemName(name)) {
      // A link is followed to a file only: a folder could be one of its own parents.
      const target = entry.isSymbolicLink() ? await stat(join(folder, name)).catch(() => undefined) : entry
      if (target?.isFile()) yield name
      else options.report({ event: 'source.skipped', item: name, reason: 'no regular file' })
    }
  }
}
