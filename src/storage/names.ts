import { sluiceError } from '../errors.js'

/** Items are what ends so, each also with `.gz`. */
const ITEM = /\.(?:ndjson|jsonl|xndjson|json)(?:\.gz)?$/i

/** Whether a file of this name is an item: not the report of a run, not half-written, not hidden. */
export function isItemName(name: string): boolean {
  const base = name.slice(name.lastIndexOf('/') + 1)
  return !base.startsWith('.') && base !== 'run.json' && ITEM.test(base)
}

/** Whether the item is one JSON document, not lines. */
export const isDocumentName = (name: string): boolean => /\.json(?:\.gz)?$/i.test(name)

/** Throws SOURCE_UNREADABLE for a name that would leave the folder it is put in. */
export function checkName(name: string): void {
  const parts = name.split('/')
  if (!name.includes('\0') && parts.every((part) => part !== '' && part !== '.' && part !== '..')) return
  throw sluiceError('SOURCE_UNREADABLE', 'an item has a name that is no relative path; rename it', {
    blame: 'source',
    retry: 'never',
    at: JSON.stringify(name),
  })
}
