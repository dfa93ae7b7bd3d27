import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { SourceItem } from '../../storage/store.js'
import type { Packing } from './packing.js'

/** Summary of an item, from its index on disk; one for each version of each item. */
export interface ItemIndex extends Packing {
  readonly item: SourceItem
  /** Decompressed size. */
  readonly bytes: number
  /** Line counts by resource type. The position of a type is its number in the records. */
  readonly types: readonly { readonly name: string; readonly count: number }[]
  readonly blankLines: number
  /** Lines that are not resources; they are not exported. */
  readonly badLines: number
  /** Whether the item begins with a byte-order mark. */
  readonly isMarked: boolean
  /** Latest `meta.lastUpdated` of its lines; absent if no line has one. */
  readonly newestMs?: number
  /** Position of each Group, to read its members. */
  readonly groups: readonly GroupPlace[]
  /** Whether any line contains a URN reference. */
  readonly hasUrns: boolean
  /** Size of the file of records. */
  readonly recordBytes: number
}

export interface GroupPlace {
  readonly id: string
  /** Number of the line in the index. */
  readonly line: number
  readonly offset: number
  readonly length: number
}

const VERSION = 5

export const indexKey = (item: SourceItem): string =>
  createHash('sha256')
    .update(JSON.stringify([VERSION, item.name, item.version]))
    .digest('hex')
    .slice(0, 40)

export const linesPath = (folder: string, item: SourceItem): string => join(folder, `${indexKey(item)}.lines`)
export const headPath = (folder: string, item: SourceItem): string => join(folder, `${indexKey(item)}.json`)

/** Opens the item's index from an earlier run; undefined if it is missing or incomplete. */
export async function readIndex(folder: string, item: SourceItem): Promise<ItemIndex | undefined> {
  try {
    const index = JSON.parse(await readFile(headPath(folder, item), 'utf8')) as ItemIndex
    const { size } = await stat(linesPath(folder, item))
    return size === index.recordBytes ? index : undefined
  } catch {
    return undefined
  }
}

/** Exports put Bundles of deletions into a folder `deleted`. */
export const isDeletionName = (name: string): boolean => /(?:^|\/)deleted\//.test(name)
