import { sluiceError } from '../errors.js'
import { isInnerName, isOwnName } from '../published/names.js'
import type { LeftOutReason } from './store.js'

/** Items are what ends so, each also with `.gz`. */
const ITEM = /\.(?:ndjson|jsonl|xndjson|json)(?:\.gz)?$/i

/** Why a file of this name is no item: it is hidden, a report of Sluice, or has another ending. Undefined for one. */
export function notAnItem(name: string): LeftOutReason | undefined {
  const base = name.slice(name.lastIndexOf('/') + 1)
  if (base.startsWith('.')) return 'hidden'
  if (isOwnName(base)) return 'own-name'
  return ITEM.test(base) ? undefined : 'unknown-ending'
}

/** Whether a file of this name is an item: not the report of a run, not half-written, not hidden. */
export const isItemName = (name: string): boolean => notAnItem(name) === undefined

/** Whether the item is one JSON document, not lines. */
export const isDocumentName = (name: string): boolean => /\.json(?:\.gz)?$/i.test(name)

/** Throws SOURCE_UNREADABLE for a name that would leave the folder it is put in. */
export function checkName(name: string): void {
  if (isInnerName(name)) return
  throw sluiceError('SOURCE_UNREADABLE', 'an item has a name that is no relative path; rename it', {
    blame: 'source',
    retry: 'never',
    at: JSON.stringify(name),
  })
}
