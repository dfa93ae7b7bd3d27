import { sluiceError } from '../../errors.js'
import type { Source, SourceItem, State } from '../../storage/store.js'
import { IDS } from '../definition.js'
import type { SearchClient } from '../search/client.js'
import type { FoundResource, Page } from '../search/page.js'
import { searchPages } from '../search/pages.js'
import { ItemReader } from './item-reader.js'
import { KeyRecord } from './key-record.js'
import type { Ownership } from './ownership.js'
import type { ExportItem } from './plan.js'
import { inOrder } from './read-ahead.js'

export interface ItemSourceOptions {
  readonly client: SearchClient
  readonly items: readonly ExportItem[]
  readonly ids: readonly string[]
  readonly ownership: Ownership
  readonly state: State
  readonly salt: string
  /** How many searches of one item run at once. */
  readonly searchesAtOnce: number
  readonly onPage: (item: ExportItem, page: Page, lines: readonly FoundResource[]) => void
}

/** The items of an export as a source. Each is asked of the server as it is read, from its start; an empty one has no output. */
export function itemSource(options: ItemSourceOptions): Source {
  const { client, ownership, state, salt, onPage } = options
  const items = new Map(options.items.map((item) => [item.name, item]))
  const base = client.server.base
  const asSourceItem = ({ name }: ExportItem): SourceItem => ({
    name,
    // Nobody knows before the server has answered.
    bytes: 0,
    version: ownership.versionOf(name),
    isOmittedIfEmpty: true,
  })
  return {
    place: `${base.href}$alt-export`,
    folderName: base.pathname.split('/').at(-2) ?? '',
    isRemote: true,
    localPaths: async () => [],
    async *list() {
      for (const name of [...items.keys()].sort()) yield asSourceItem(items.get(name) as ExportItem)
    },
    async head(name) {
      const item = items.get(name)
      return item && asSourceItem(item)
    },
    async open({ name, version }, fromByte) {
      const item = items.get(name) as ExportItem
      if (fromByte > 0) {
        await ownership.revoke(name)
        throw sluiceError('SOURCE_CHANGED', {
          at: name,
          message: 'is not stored and must be fetched again',
        })
      }
      const record = await KeyRecord.create(state, name, version)
      const pages = inOrder(searchesOf(item, options), options.searchesAtOnce)
      return new ItemReader({
        name,
        pages,
        ownership,
        record,
        salt,
        onPage: (page, lines) => onPage(item, page, lines),
      })
    },
  }
}

/** The searches of an item, one for each group of ids. */
function* searchesOf(
  { name, search, ids: range, idsPerRequest }: ExportItem,
  { client, ids }: ItemSourceOptions,
): Generator<() => AsyncGenerator<Page>> {
  if (range === undefined || !search.includes(IDS)) {
    yield () => searchPages(client, { text: search, ids: [], at: name })
    return
  }
  for (let from = range.from; from < range.to; from += idsPerRequest) {
    const to = Math.min(range.to, from + idsPerRequest)
    const at = `${name} (ids ${from + 1} to ${to})`
    yield () => searchPages(client, { text: search, ids: ids.slice(from, to), at })
  }
}
