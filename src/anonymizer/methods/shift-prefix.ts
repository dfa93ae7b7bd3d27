import type { DateShiftScope } from '../parameters.js'

/**
 * The source of the prefix that decides how far a date moves: the patient's id, the name of the file or folder
 * (`item`), or the id of the line's own resource (`root`).
 */
export type PrefixSource = 'patient' | 'item' | 'root'

/** Returns the source of the prefix. `itemPrefix` is the name of the line's file or folder; '' for other scopes. */
export function prefixSource(scope: DateShiftScope, itemPrefix: string): PrefixSource {
  if (scope === 'patient') return 'patient'
  return scope === 'resource' || itemPrefix === '' ? 'root' : 'item'
}
