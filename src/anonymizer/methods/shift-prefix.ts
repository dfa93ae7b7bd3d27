import type { DateShiftScope } from '../parameters.js'

/**
 * Whose name is the prefix that decides how far a date moves: the patient's, the file's or folder's (`item`), or the
 * id of the line's own resource (`root`).
 */
export type PrefixSource = 'patient' | 'item' | 'root'

/** `itemPrefix` is what `itemPrefixOf` gave for the line. */
export function prefixSource(scope: DateShiftScope, itemPrefix: string): PrefixSource {
  if (scope === 'patient') return 'patient'
  return scope === 'resource' || itemPrefix === '' ? 'root' : 'item'
}

/** The prefix that all lines of an item share; '' where the scope is not an item's. */
export function itemPrefixOf(
  scope: DateShiftScope,
  { item, folderName }: { readonly item: string; readonly folderName: string },
): string {
  if (scope === 'folder') return folderName
  return scope === 'file' ? item.slice(item.lastIndexOf('/') + 1) : ''
}
