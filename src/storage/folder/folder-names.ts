import type { Stats } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { sluiceError } from '../../errors.js'
import { isItemName, notAnItem } from '../names.js'
import { type LeftOutReason, type Listing, leftOutEvent, type StoreEvent } from '../store.js'
import { isMissing, sourceError } from './file-errors.js'

/**
 * Lists the items in a folder, sorted within each folder; other files are reported. Throws SOURCE_UNREADABLE,
 * SOURCE_UNUSABLE.
 */
export async function* namesIn(
  folder: string,
  prefix: string,
  options: {
    readonly recursive: boolean
    readonly report: (event: StoreEvent) => void
    readonly listing?: Listing | undefined
  },
): AsyncIterable<string> {
  const entries = await readdir(join(folder, prefix), { withFileTypes: true }).catch((error: unknown) => {
    throw isMissing(error) && hasLostBytes(prefix)
      ? notUtf8(prefix)
      : sourceError(error, join(folder, prefix))
  })
  entries.sort((a, b) => (a.name < b.name ? -1 : 1))
  for (const entry of entries) {
    const name = prefix + entry.name
    if (entry.isDirectory() && !entry.name.startsWith('.')) {
      if (options.recursive) yield* namesIn(folder, `${name}/`, options)
      continue
    }
    // Only links to files are followed: a folder could be one of its own parents.
    const target = entry.isSymbolicLink() ? await stat(join(folder, name)).catch(() => undefined) : entry
    // The target of such a link cannot be examined, so it fails as an item does instead of being skipped.
    if (target === undefined && hasLostBytes(name) && isItemName(name, options.listing)) {
      yield name
      continue
    }
    const leftOut = leftOutOf(notAnItem(name, options.listing), entry.isSymbolicLink(), target)
    if (leftOut === undefined) yield name
    else options.report(leftOutEvent(name, leftOut))
  }
}

/** Node decodes bytes that are not UTF-8 as U+FFFD, and then finds no file of that name. */
const hasLostBytes = (name: string): boolean => name.includes('\uFFFD')

const notUtf8 = (at: string) =>
  sluiceError('SOURCE_UNUSABLE', {
    at,
    message: 'the name of a folder is not valid UTF-8',
    help: 'rename it',
  })

/** Says why a file is not an item; undefined for an item. */
function leftOutOf(
  reason: LeftOutReason | undefined,
  isLink: boolean,
  target: Pick<Stats, 'isFile' | 'isDirectory'> | undefined,
): LeftOutReason | undefined {
  if (reason === 'hidden') return reason
  if (target?.isFile() !== true)
    return isLink && target?.isDirectory() === true ? 'link-to-folder' : 'not-a-file'
  return reason
}
