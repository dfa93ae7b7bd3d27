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

/** Whether a folder in the name is hidden; `.` and `..` are not, they are no name. */
export const isInHiddenFolder = (name: string): boolean =>
  name.split('/').some((part) => /^\.(?!\.?$)/.test(part))

/** Whether the item is one JSON document, not lines. */
export const isDocumentName = (name: string): boolean => /\.json(?:\.gz)?$/i.test(name)

// Names of journals and temporary files are longer than that of their item.
const MAX_FILE_NAME_BYTES = 200
const MAX_PATH_BYTES = 3000

/** Why no item may have this name, whatever holds it; undefined where one may. */
export function nameFault(name: string): string | undefined {
  if (name.includes('\uFFFD')) return 'its name is not valid UTF-8; rename it'
  return isInnerName(name) ? undefined : 'its name is not a relative path; rename it'
}

/** Why a file system, which allows 255 bytes, can hold no item of this name; undefined where it can. */
export function fileNameFault(name: string): string | undefined {
  const longest = Math.max(...name.split('/').map((part) => Buffer.byteLength(part)))
  if (longest > MAX_FILE_NAME_BYTES)
    return `a part of its name is longer than ${MAX_FILE_NAME_BYTES} bytes; rename it`
  if (Buffer.byteLength(name) > MAX_PATH_BYTES)
    return `its name is longer than ${MAX_PATH_BYTES} bytes; rename it`
  return undefined
}

/** Throws SOURCE_UNUSABLE for a name that would leave the folder it is put in. */
export function checkName(name: string): void {
  if (isInnerName(name)) return
  throw sluiceError('SOURCE_UNUSABLE', {
    at: JSON.stringify(name),
    message: 'its name is not a relative path',
    help: 'rename it',
  })
}
