import { type Fate, type SourceLine, UNLOADED } from './audit-line.js'
import { rangesOf } from './ordinals.js'

/** What identifies the contents of an item. */
export interface ItemVersion {
  readonly name: string
  readonly version: string
}

/** An entry that is about to be sent. */
export interface SentEntry {
  readonly item: ItemVersion
  readonly ordinal: number
  readonly offset: number
}

/** What became of an entry; `retry`: it was answered, but is to be sent again. */
export interface SettledEntry extends SentEntry {
  readonly fate: Fate | 'retry'
  /** Status or code, for the counts. */
  readonly status: string
}

/** Makes the lines of entries that are about to be sent, one for each item. */
export const sendingLines = (entries: readonly SentEntry[]): SourceLine[] =>
  byItem(entries).map((members) => lineOf(members, members))

/** Makes the lines of settled entries, one for each item; `entryCountOf` says how many entries an item has, if known. */
export const settledLines = (
  entries: readonly SettledEntry[],
  entryCountOf: (item: ItemVersion) => number | undefined,
): SourceLine[] =>
  byItem(entries).map((members): SourceLine => {
    const [{ item }] = members
    const ending = (fate: SettledEntry['fate']) => {
      const ended = members.filter((member) => member.fate === fate)
      return ended.length === 0 ? {} : { [fate]: rangesOf(ended.map(({ ordinal }) => ordinal)) }
    }
    const of = entryCountOf(item)
    return {
      ...lineOf(
        members,
        members.filter(({ fate }) => fate !== 'retry'),
      ),
      ...Object.assign({}, ...[...UNLOADED, 'retry' as const].map(ending)),
      ...(of !== undefined && { of }),
    }
  })

const lineOf = ([{ item, offset }]: Members<SentEntry>, entries: readonly SentEntry[]): SourceLine => ({
  item: item.name,
  version: item.version,
  offset,
  entries: rangesOf(entries.map(({ ordinal }) => ordinal)),
})

type Members<E> = readonly [E, ...E[]]

/** Groups entries by item, each group in the order of its ordinals. */
function byItem<E extends SentEntry>(entries: readonly E[]): Members<E>[] {
  const groups = new Map<string, [E, ...E[]]>()
  for (const entry of entries) {
    const group = groups.get(entry.item.name)
    if (group === undefined) groups.set(entry.item.name, [entry])
    else group.push(entry)
  }
  for (const group of groups.values()) group.sort((a, b) => a.ordinal - b.ordinal)
  return [...groups.values()]
}

/** How many entries have each fate and each status. */
export function countEntries(entries: readonly Pick<SettledEntry, 'fate' | 'status'>[]) {
  const fates = { loaded: 0, failed: 0, rejected: 0, ambiguous: 0, retry: 0 }
  const byStatus: Record<string, number> = {}
  for (const { fate, status } of entries) {
    fates[fate] += 1
    byStatus[status] = (byStatus[status] ?? 0) + 1
  }
  return { fates, byStatus }
}
