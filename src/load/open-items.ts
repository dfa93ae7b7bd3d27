import type { Audit } from './audit/audit.js'
import type { ItemRecord } from './audit/item-record.js'
import type { LoadOptions, UnreadableItem } from './options.js'
import { loadCounts, type Tally } from './tally.js'
import type { LoadItem } from './unit.js'

type ListedItem = Pick<LoadItem, 'name' | 'version' | 'bytes'>

/** Items that are not settled to the last entry. */
export class OpenItems {
  readonly #items = new Map<string, ListedItem>()
  readonly #unreadable = new Set<string>()
  readonly #isPartial: boolean
  readonly #audit: Audit
  readonly #tally: Tally
  readonly #onItem: NonNullable<LoadOptions['onItem']>
  readonly #onEvent: NonNullable<LoadOptions['onEvent']>

  constructor(audit: Audit, tally: Tally, { source, onItem = () => {}, onEvent = () => {} }: LoadOptions) {
    this.#isPartial = source.isPartial === true
    this.#audit = audit
    this.#tally = tally
    this.#onItem = onItem
    this.#onEvent = onEvent
  }

  /** Takes an item up; returns whether there is anything to load of it. */
  async open(item: LoadItem): Promise<boolean> {
    const { name, version, bytes } = item
    const opened = this.#items.get(name)
    if (opened !== undefined) {
      if (opened.version !== version) this.leaveOut(item, CHANGED_MEANWHILE)
      return !this.#unreadable.has(name)
    }
    this.#tally.listed()
    const before = this.#audit.versionOf(name)
    if (before !== undefined && before !== version)
      this.#onEvent({ event: 'item.changed', level: 'warn', item: name, reason: CHANGED_SINCE })
    this.#items.set(name, { name, version, bytes })
    return !(await this.#finish(name, 'an earlier run'))
  }

  /** Call it for each item of which entries were settled. */
  async settled(names: Iterable<string>): Promise<void> {
    for (const name of new Set(names)) await this.#finish(name, 'this run')
  }

  record(item: ListedItem): ItemRecord {
    return this.#audit.recordOf(item)
  }

  /** Notes that an item could not be read to its end. */
  leaveOut({ name }: ListedItem, { code, message }: Pick<UnreadableItem, 'code' | 'message'>): void {
    if (this.#unreadable.has(name)) return
    this.#unreadable.add(name)
    this.#tally.unreadableItem({ item: name, code, message })
    this.#onEvent({ event: 'item.failed', level: 'warn', item: name, code, reason: message })
  }

  /** At the end of a load: each item must be settled. Throws RECONCILIATION_FAILED. */
  end(): void {
    for (const item of this.#items.values()) {
      const record = this.record(item)
      if (!this.#unreadable.has(item.name)) record.reconcile()
      this.#tally.left(record)
    }
    for (const { name, isDone, settledCount } of this.#audit.records())
      if (!this.#isPartial && !this.#items.has(name) && !isDone)
        this.#onEvent({ event: 'item.gone', level: 'warn', item: name, settled: settledCount })
  }

  /** Ends an item whose entries are all settled. */
  async #finish(name: string, by: 'this run' | 'an earlier run'): Promise<boolean> {
    const item = this.#items.get(name)
    if (item === undefined) return false
    const record = this.record(item)
    if (!record.isDone) return false
    this.#items.delete(name)
    record.reconcile()
    this.#tally.done(record, item.bytes, by)
    this.#audit.release(name)
    const counts = loadCounts(record.counts)
    if (by === 'this run') this.#onEvent({ event: 'item.loaded', level: 'info', item: name, ...counts })
    await this.#onItem({ name, version: item.version, ...counts })
    return true
  }
}

const CHANGED_SINCE = 'it has changed since an earlier run and is loaded from the start'
const CHANGED_MEANWHILE = {
  code: 'SOURCE_CHANGED',
  message: 'it changed while it was loaded; run it again',
} as const
