import { sluiceError } from '../../errors.js'
import { openItem } from '../../pipeline/chunks/unpack.js'
import { isArchiveName } from '../../storage/names.js'
import type { Source, SourceItem, StoreEvent } from '../../storage/store.js'
import { archiveItems } from '../archive/archive.js'
import type { LoadItem, UnitsOptions } from '../unit.js'
import { itemUnits } from './item-units.js'
import { type EntryLimits, type SettledLimits, settleLimits } from './limits.js'
import { checkSignal } from './unit-run.js'

/**
 * The items of a source in its order: NDJSON and JSON, as they are or compressed, and those in zip archives. An archive
 * that cannot be read is an item that fails when it is read. Throws SOURCE_NOT_FOUND, SOURCE_UNREADABLE,
 * SOURCE_UNUSABLE.
 */
export async function* loadItems(source: Source, limits: EntryLimits = {}): AsyncGenerator<LoadItem, void> {
  const settled = settleLimits(limits)
  const onEvent = limits.onEvent ?? (() => {})
  for await (const item of source.list(onEvent, { archives: true })) {
    if (item.unreadable !== undefined)
      yield failing(item, sluiceError('SOURCE_UNUSABLE', { at: item.name, message: item.unreadable }))
    else if (isArchiveName(item.name)) yield* itemsInArchive(source, item, { ...limits, settled, onEvent })
    else yield loadItem(item, { limits: settled, onEvent }, async () => source)
  }
}

async function* itemsInArchive(
  source: Source,
  archive: SourceItem,
  options: Parameters<typeof archiveItems>[2] & { readonly settled: SettledLimits },
): AsyncGenerator<LoadItem, void> {
  try {
    for await (const { item, verified } of archiveItems(source, archive, options))
      yield loadItem(item, { ...options, limits: options.settled }, ({ signal }) =>
        verified(() => checkSignal(signal)),
      )
  } catch (error) {
    yield failing(archive, error)
  }
}

interface ItemOptions {
  readonly limits: SettledLimits
  readonly onEvent: (event: StoreEvent) => void
}

const MANIFEST =
  'is the manifest of an export, not a resource; to load the files that it lists, give the manifest itself as the source'

/** `sourceOf` is called for each reading. */
function loadItem(
  item: SourceItem,
  { limits, onEvent }: ItemOptions,
  sourceOf: (options: UnitsOptions) => Promise<Source>,
): LoadItem {
  const { name, version, bytes, promised } = item
  const onManifest = () => onEvent({ event: 'source.skipped', item: name, reason: MANIFEST })
  return {
    name,
    version,
    bytes,
    async *units(options) {
      const source = await sourceOf(options)
      const open = (fromByte: number) => openItem(source, item, fromByte)
      yield* itemUnits({ name, open, promised, onManifest }, limits, options)
    },
  }
}

const failing = ({ name, version, bytes }: SourceItem, error: unknown): LoadItem => ({
  name,
  version,
  bytes,
  // biome-ignore lint/correctness/useYield: it fails before it has a unit.
  async *units() {
    throw error instanceof Error ? error : new Error('the item cannot be read', { cause: error })
  },
})
