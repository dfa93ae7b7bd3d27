import type { BigIntStats } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { SinkHead } from '../store.js'
import { isMissing } from './file-errors.js'

/** Version of an output: size, modification time and inode, none of which changes with the rename to its final name. */
export const versionOf = (stats: BigIntStats): string => `${stats.size}-${stats.mtimeNs}-${stats.ino}`

/**
 * The version of a file that is read: also its change time (ctime), which no program can set. It shows other content
 * with the same size and modification time. chmod and a new hard link change it, too, and cost a second reading.
 */
export const pinOf = (stats: BigIntStats): string => `${versionOf(stats)}-${stats.ctimeNs}`

/** Returns size and version of an output; undefined if it does not exist. */
export const headOf = (path: string): Promise<SinkHead | undefined> => headBy(path, versionOf)

/** The version of a file that several hosts read: mounts of one file may differ in inode and change time. */
export const sharedVersionOf = (stats: BigIntStats): string => `${stats.size}-${stats.mtimeNs}`

/** Whether the file still has the version it was listed with, in either form. */
export const isPinned = (stats: BigIntStats, version: string): boolean =>
  version === pinOf(stats) || version === sharedVersionOf(stats)

/** Returns size and version of a file; undefined if it does not exist. */
export async function headBy(
  path: string,
  version: (stats: BigIntStats) => string,
): Promise<SinkHead | undefined> {
  try {
    const stats = await stat(path, { bigint: true })
    return { bytes: Number(stats.size), version: version(stats) }
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}
