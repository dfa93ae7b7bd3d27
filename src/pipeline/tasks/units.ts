import { namedFormat } from '../../compression/compression.js'
import { isDocumentName } from '../../storage/names.js'
import { partName } from '../../storage/split.js'
import { hashOf, type ItemWork, type ListedItem } from '../item-list.js'
import type { Unit } from './plan-file.js'

/** Source bytes of a range. Fixed, and never dependent on the number of tasks, as it decides the parts of an output. */
export const DEFAULT_RANGE_BYTES = 2 ** 30

// A unit costs a claim, so small items are taken together.
const MAX_PACK_BYTES = 64 * 2 ** 20
const PACK_ITEMS = 256

/** Whether lines of the item can be found without reading what is before them. */
const isDivisible = ({ item: { name, unreadable } }: ListedItem): boolean =>
  unreadable === undefined && !isDocumentName(name) && namedFormat(name) === undefined

/** How many ranges an item has; 1 if it is not divided. */
export const rangeCount = (listed: ListedItem, rangeBytes: number): number =>
  isDivisible(listed) ? Math.max(1, Math.ceil(listed.item.bytes / rangeBytes)) : 1

/** Cuts the work of a run into units, the largest first: then the last ones to end are short. */
export function unitsOf(work: readonly ItemWork[], rangeBytes: number): readonly Unit[] {
  const units: Unit[] = []
  const fullBytes = Math.min(MAX_PACK_BYTES, rangeBytes)
  let pack: ItemWork[] = []
  let packBytes = 0
  const close = (): void => {
    if (pack.length > 0) units.push(unitOf(pack, packBytes))
    pack = []
    packBytes = 0
  }
  for (const each of work) {
    const { bytes } = each.item
    const ranges = rangeCount(each, rangeBytes)
    if (ranges > 1) units.push(...rangesOf(each, ranges, rangeBytes))
    else if (bytes >= fullBytes) units.push(unitOf([each], bytes))
    else {
      if (packBytes + bytes > fullBytes || pack.length === PACK_ITEMS) close()
      pack.push(each)
      packBytes += bytes
    }
  }
  close()
  return units.toSorted((a, b) => b.bytes - a.bytes || (a.id < b.id ? -1 : 1))
}

const unitOf = (work: readonly ItemWork[], bytes: number): Unit => ({ id: idOf(work), bytes, work })

function rangesOf(whole: ItemWork, count: number, rangeBytes: number): readonly Unit[] {
  const { before: _, ...rest } = whole
  return Array.from({ length: count }, (_, at) => {
    const from = at * rangeBytes
    const part = { of: whole.output, number: at + 1 }
    const output = partName(whole.output, part.number)
    const work = [{ ...rest, output, range: { from, until: from + rangeBytes } }]
    return { id: idOf(work), bytes: Math.min(rangeBytes, whole.item.bytes - from), work, part }
  })
}

const idOf = (work: readonly ItemWork[]): string =>
  hashOf(...work.map(({ output, fingerprint, range }) => [output, fingerprint, range ?? null])).slice(0, 32)
