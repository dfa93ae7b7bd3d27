import type { BigIntStats } from 'node:fs'
import { stat } from 'node:fs/promises'
import { isMissing } from './file-errors.js'
import type { SinkHead } from './store.js'

/** Size, modification time and inode: what pins a file. */
export const versionOf = (stats: BigIntStats): string => `${stats.size}-${stats.mtimeNs}-${stats.ino}`

/** Size and version of a file; undefined if there is none. */
export async function headOf(path: string): Promise<SinkHead | undefined> {
  try {
    const stats = await stat(path, { bigint: true })
    return { bytes: Number(stats.size), version: versionOf(stats) }
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}
