import type { Arrival } from '../../storage/inbox.js'
import type { Source, SourceItem } from '../../storage/store.js'

/** The items of a source by name. Throws SOURCE_*. */
export async function itemsOf(source: Source): Promise<ReadonlyMap<string, SourceItem>> {
  const items = new Map<string, SourceItem>()
  for await (const item of source.list(() => {}, { archives: true })) items.set(item.name, item)
  return items
}

/** A part of a source: the files that arrived, in their order. */
export function arrivedSource(
  source: Source,
  items: ReadonlyMap<string, SourceItem>,
  arrivals: readonly Arrival[],
): Source {
  return {
    ...source,
    get folderName() {
      return source.folderName
    },
    isPartial: true,
    async *list() {
      for (const { name } of arrivals) {
        const item = items.get(name)
        if (item !== undefined) yield item
      }
    },
  }
}
