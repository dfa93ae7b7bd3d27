import type { FateCounts, ItemRecord } from './audit/item-record.js'
import type { SettledEntry } from './audit/settled-entry.js'
import type { LoadCounts, LoadProgress, LoadReport, LoadTypeCounts, UnreadableItem } from './options.js'
import { isRanked } from './type-ranks.js'

type Settled = Pick<SettledEntry, 'fate' | 'status'> & { readonly type: string | undefined }
type Fate = SettledEntry['fate']

const OTHER_TYPES = 'others'
const MAX_TYPES = 500
const NO_COUNTS: LoadTypeCounts = { loaded: 0, failed: 0, ambiguous: 0 }

/** The counts of a run. */
export class Tally {
  readonly #startedAt = new Date()
  readonly #startedMs = performance.now()
  readonly #fates = { loaded: 0, failed: 0, rejected: 0, ambiguous: 0 }
  readonly #now = { loaded: 0, failed: 0, rejected: 0, ambiguous: 0, retry: 0 }
  readonly #byStatus: Record<string, number> = {}
  readonly #byType = new Map<string, Record<keyof LoadTypeCounts, number>>()
  readonly #unreadable: UnreadableItem[] = []
  #items = { listed: 0, done: 0, doneBefore: 0 }
  #bundleCount = 0
  #reading = 0
  #bytes = { read: 0, sent: 0 }

  listed(): void {
    this.#items.listed += 1
  }

  /** Counts an item whose entries are all settled. */
  done({ counts }: ItemRecord, bytes: number, by: 'this run' | 'an earlier run'): void {
    this.#items.done += 1
    if (by === 'an earlier run') this.#items.doneBefore += 1
    this.#bytes.read += bytes
    this.#add(counts)
  }

  /** Counts an item that could not be read to its end. */
  unreadableItem(item: UnreadableItem): void {
    this.#unreadable.push(item)
  }

  /** Counts what is settled of an item that is not done. */
  left({ counts }: ItemRecord): void {
    this.#add(counts)
  }

  /** Notes how far the item that is being read has been read; its offsets are those of the unpacked item. */
  reading(item: { readonly bytes: number }, offset: number): void {
    this.#reading = Math.min(item.bytes, offset)
  }

  request(bytes: number): void {
    this.#bundleCount += 1
    this.#bytes.sent += bytes
  }

  settled(entries: readonly Settled[]): void {
    for (const { fate, status, type } of entries) {
      this.#now[fate] += 1
      if (fate === 'retry') continue
      this.#byStatus[status] = (this.#byStatus[status] ?? 0) + 1
      if (type !== undefined) this.#countsOf(type)[TYPE_COUNT[fate]] += 1
    }
  }

  progress(): LoadProgress {
    const { loaded, failed, rejected, ambiguous } = this.#now
    return { bytesRead: this.#bytes.read + this.#reading, loaded, failed: failed + rejected, ambiguous }
  }

  report(places: Pick<LoadReport, 'base' | 'source' | 'state'>): LoadReport {
    const { loaded, failed, rejected, ambiguous, retry } = this.#now
    return {
      ...places,
      startedAt: this.#startedAt.toISOString(),
      finishedAt: new Date().toISOString(),
      seconds: Math.round(performance.now() - this.#startedMs) / 1000,
      ...loadCounts(this.#fates),
      items: this.#items,
      unreadable: this.#unreadable,
      settled: loaded + failed + rejected + ambiguous,
      bundles: this.#bundleCount,
      retries: retry,
      bytes: this.#bytes,
      byStatus: this.#byStatus,
      byType: this.#shownTypes(),
    }
  }

  /** What nobody has confirmed to be a type may be a name that stands in its place. */
  #shownTypes(): LoadReport['byType'] {
    const shown = new Map<string, LoadTypeCounts>()
    for (const [type, counts] of this.#byType) {
      const name = counts.loaded > 0 || isRanked(type) ? type : OTHER_TYPES
      const { loaded, failed, ambiguous } = shown.get(name) ?? NO_COUNTS
      shown.set(name, {
        loaded: loaded + counts.loaded,
        failed: failed + counts.failed,
        ambiguous: ambiguous + counts.ambiguous,
      })
    }
    return Object.fromEntries([...shown].sort(([a], [b]) => (a < b ? -1 : 1)))
  }

  #add(counts: FateCounts): void {
    for (const fate of ['loaded', 'failed', 'rejected', 'ambiguous'] as const)
      this.#fates[fate] += counts[fate]
  }

  /** The types are those of the input, which may be anything. */
  #countsOf(type: string): Record<keyof LoadTypeCounts, number> {
    const name = this.#byType.has(type) || this.#byType.size < MAX_TYPES ? type : OTHER_TYPES
    const counts = this.#byType.get(name) ?? { loaded: 0, failed: 0, ambiguous: 0 }
    this.#byType.set(name, counts)
    return counts
  }
}

const TYPE_COUNT = {
  loaded: 'loaded',
  failed: 'failed',
  rejected: 'failed',
  ambiguous: 'ambiguous',
} as const satisfies Readonly<Record<Exclude<Fate, 'retry'>, keyof LoadTypeCounts>>

export function loadCounts({ loaded, failed, rejected, ambiguous }: FateCounts): LoadCounts {
  const read = loaded + failed + rejected + ambiguous
  return { read, loaded, failed: failed + rejected, rejected, ambiguous }
}
