import { sluiceError } from '../../errors.js'
import { openItem } from '../../pipeline/chunks/unpack.js'
import type { Source, SourceItem } from '../../storage/store.js'
import type { LoadItem } from '../unit.js'
import { itemUnits } from './item-units.js'
import { type EntryLimits, type SettledLimits, settleLimits } from './limits.js'

/**
 * The items of a source, sorted by name: NDJSON and JSON, as they are or compressed. Throws SOURCE_NOT_FOUND,
 * SOURCE_UNREADABLE, SOURCE_UNUSABLE.
 */
export async function* loadItems(source: Source, limits: EntryLimits = {}): AsyncGenerator<LoadItem, void> {
  const settled = settleLimits(limits)
  for await (const item of source.list(limits.onEvent ?? (() => {}))) yield loadItem(source, item, settled)
}

function loadItem(source: Source, item: SourceItem, limits: SettledLimits): LoadItem {
  const { name, version, bytes } = item
  const open = async (fromByte: number) => {
    if (item.unreadable !== undefined)
      throw sluiceError('SOURCE_UNUSABLE', { at: name, message: item.unreadable })
    return openItem(source, item, fromByte)
  }
  return { name, version, bytes, units: (options) => itemUnits({ name, open }, limits, options) }
}
