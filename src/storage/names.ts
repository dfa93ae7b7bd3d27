import { sluiceError } from '../errors.js'
import { isInnerName, isOwnName } from '../published/names.js'
import type { LeftOutReason, Listing } from './store.js'

const ARCHIVE = /\.zip$/i

/** Endings of items; each may be followed by `.gz` or `.zst`. */
const ITEM = /\.(?:ndjson|jsonl|xndjson|json)(?:\.gz|\.zst)?$/i

/**
 * Says why a file of this name is not an item: hidden, a report of Sluice, or another ending. Undefined for an item.
 * Archives are items only of those who ask for them.
 */
export function notAnItem(name: string, { archives = false }: Listing = {}): LeftOutReason | undefined {
  const base = name.slice(name.lastIndexOf('/') + 1)
  if (base.startsWith('.')) return 'hidden'
  if (isOwnName(base)) return 'own-name'
  return ITEM.test(base) || (archives && isArchiveName(base)) ? undefined : 'unknown-ending'
}

/** Whether a file of this name is an item: not a report, not half-written, not hidden. */
export const isItemName = (name: string, listing: Listing = {}): boolean =>
  notAnItem(name, listing) === undefined

/** Whether the file is a zip archive by its name. */
export const isArchiveName = (name: string): boolean => ARCHIVE.test(name)

/** Says how the name of an item ends, for an error. */
export const endingsText = ({ archives = false }: Listing = {}): string =>
  `must end in .ndjson, .jsonl, .xndjson or .json, each also with .gz or .zst${archives ? ', or in .zip' : ''}`

/** Whether a folder in the name is hidden; `.` and `..` do not count. */
export const isInHiddenFolder = (name: string): boolean =>
  name.split('/').some((part) => /^\.(?!\.?$)/.test(part))

/** Whether the item is one JSON document rather than lines. */
export const isDocumentName = (name: string): boolean => /\.json(?:\.gz|\.zst)?$/i.test(name)

// Journals and temporary files have longer names than their item.
const MAX_FILE_NAME_BYTES = 200
const MAX_PATH_BYTES = 3000

/** Says why no item may have this name in any store; undefined if one may. */
export function nameFault(name: string): string | undefined {
  if (name.includes('\uFFFD')) return 'its name is not valid UTF-8; rename it'
  return isInnerName(name) ? undefined : 'its name is not a relative path; rename it'
}

/** Says why a file system, with its limit of 255 bytes, cannot hold an item of this name; undefined if it can. */
export function fileNameFault(name: string): string | undefined {
  const longest = Math.max(...name.split('/').map((part) => Buffer.byteLength(part)))
  if (longest > MAX_FILE_NAME_BYTES)
    return `a part of its name is longer than ${MAX_FILE_NAME_BYTES} bytes; rename it`
  if (Buffer.byteLength(name) > MAX_PATH_BYTES)
    return `its name is longer than ${MAX_PATH_BYTES} bytes; rename it`
  return undefined
}

/** Throws SOURCE_UNUSABLE for a name that would lead out of its folder. */
export function checkName(name: string): void {
  if (isInnerName(name)) return
  throw sluiceError('SOURCE_UNUSABLE', {
    at: JSON.stringify(name),
    message: 'its name is not a relative path',
    help: 'rename it',
  })
}
