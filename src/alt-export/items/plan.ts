import { type Window, windowSearch } from '../cohort/windows.js'
import { type AltExportDefinition, IDS, typeOf } from '../definition.js'
import { idsPerRequest } from '../search/request.js'

/** One output: a search with consecutive ids, or a slice of a type. */
export interface ExportItem {
  readonly name: string
  readonly type: string
  readonly search: string
  /** Range of the ids; undefined for a search without them. */
  readonly ids?: { readonly from: number; readonly to: number } | undefined
  /** How many of the ids one request has. */
  readonly idsPerRequest: number
}

export interface ItemSizes {
  /** Ids of one item. */
  readonly idsPerItem: number
  /** Ids of one request. */
  readonly idsPerRequest: number
}

/** How outputs end: as the loader's documentation says, or as it writes them today. */
export type Ending = 'xndjson' | 'ndjson'

/** All items, `Type-n` with n from 1 for each type, in the order of the definition. */
export function itemsOf(
  definition: AltExportDefinition,
  { idCount, windows }: { readonly idCount: number; readonly windows: readonly Window[] },
  { sizes, ending }: { readonly sizes: ItemSizes; readonly ending: Ending },
): readonly ExportItem[] {
  const searches =
    definition.kind === 'type'
      ? windows.map((window) => ({ search: windowSearch(definition, window), idsPerRequest: 1 }))
      : definition.include.flatMap((search) => searchesOf(search, idCount, sizes))
  const counts = new Map<string, number>()
  return searches.map((each) => {
    const type = typeOf(each.search)
    const number = (counts.get(type) ?? 0) + 1
    counts.set(type, number)
    return { ...each, type, name: `${type}-${number}.${ending}` }
  })
}

function searchesOf(
  search: string,
  idCount: number,
  sizes: ItemSizes,
): readonly Omit<ExportItem, 'name' | 'type'>[] {
  if (!search.includes(IDS)) return [{ search, idsPerRequest: 1 }]
  const items: Omit<ExportItem, 'name' | 'type'>[] = []
  for (let from = 0; from < idCount; from += sizes.idsPerItem)
    items.push({
      search,
      ids: { from, to: Math.min(idCount, from + sizes.idsPerItem) },
      idsPerRequest: idsPerRequest(search, sizes.idsPerRequest),
    })
  return items
}
