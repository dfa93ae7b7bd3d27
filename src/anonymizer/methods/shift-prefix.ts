import type { DateShiftScope } from '../parameters.js'

/**
 * Whose name is the prefix that decides how far a date moves: the patient's, the file's or folder's (`item`), or the
 * id of the line's own resource (`root`).
 */
export type PrefixSource = 'patient' | 'item' | 'root'

/** `itemPrefix` is the name of the line's file or folder, '' where the scope is not `file` or `folder`. */
export function prefixSource(scope: DateShiftScope, itemPrefix: string): PrefixSource {
  if (scope === 'patient') return 'patient'
  return scope === 'resource' || itemPrefix === '' ? 'root' : 'item'
}
