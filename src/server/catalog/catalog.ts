import { createHash } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isDocumentName } from '../../storage/names.js'
import { LEFT_OUT, type Source, type SourceItem, type StoreEvent } from '../../storage/store.js'
import type { ServerEvent } from '../server-event.js'
import { type CurrentLines, currentLines } from './current-lines.js'
import { buildIndex, interrupted } from './index-builder.js'
import { type ItemIndex, indexKey, readIndex } from './item-index.js'

/** The store at the time it was listed. */
export interface Snapshot {
  /** Digest that changes whenever an item does. */
  readonly version: string
  /** When the listing began; later additions may be missing. */
  readonly listedAtMs: number
  readonly items: readonly ItemIndex[]
}

/** Contents of the store, from an index on disk that is built once for each version of each item. */
export class Catalog {
  #refreshing: Promise<Snapshot> | undefined
  #last: Snapshot | undefined
  #current: { readonly version: string; readonly lines: Promise<CurrentLines> } | undefined

  readonly #options: {
    readonly source: Source
    readonly folder: string
    readonly maxLineBytes: number
    readonly signal: AbortSignal
    readonly onEvent: (event: ServerEvent) => void
  }

  constructor(options: {
    readonly source: Source
    readonly folder: string
    readonly maxLineBytes: number
    readonly signal: AbortSignal
    readonly onEvent: (event: ServerEvent) => void
  }) {
    this.#options = options
  }

  get folder(): string {
    return this.#options.folder
  }

  /** The latest snapshot; undefined until the first is complete. */
  get last(): Snapshot | undefined {
    return this.#last
  }

  /** Lists the store and indexes new versions. Concurrent callers share one pass. Throws what reading throws. */
  refresh(): Promise<Snapshot> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined
    })
    return this.#refreshing
  }

  /** Finds the lines that are the newest versions of their resources, once for each state of the store. */
  current(snapshot: Snapshot): Promise<CurrentLines> {
    if (this.#current?.version === snapshot.version) return this.#current.lines
    const { folder, signal } = this.#options
    const lines = currentLines(folder, snapshot, { signal })
    this.#current = { version: snapshot.version, lines }
    lines.catch(() => {
      if (this.#current?.lines === lines) this.#current = undefined
    })
    return lines
  }

  /** Waits for an aborted pass that may have no other waiter. */
  async close(): Promise<void> {
    await this.#refreshing?.catch(() => undefined)
    await this.#current?.lines.catch(() => undefined)
  }

  /** Removes the indexes of removed or changed items. Call at the start, before any job reads them. */
  async prune({ items }: Snapshot): Promise<void> {
    const used = new Set(items.map(({ item }) => indexKey(item)))
    for (const name of await readdir(this.#options.folder).catch(() => [])) {
      const [key = ''] = name.split('.')
      if (!used.has(key)) await rm(join(this.#options.folder, name), { force: true })
    }
  }

  async #refresh(): Promise<Snapshot> {
    const { source, onEvent, signal } = this.#options
    const listedAtMs = Date.now()
    const items: ItemIndex[] = []
    const hash = createHash('sha256')
    const skipped = (event: StoreEvent): void => {
      if (event.leftOut === undefined || !LEFT_OUT[event.leftOut].isUsual)
        onEvent({ level: 'warn', ...event })
    }
    for await (const item of source.list(skipped)) {
      if (signal.aborted) throw interrupted()
      if (item.unreadable !== undefined) {
        skipped({ event: 'source.skipped', item: item.name, reason: item.unreadable })
        continue
      }
      if (isDocumentName(item.name)) {
        skipped({ event: 'source.skipped', item: item.name, reason: 'is not NDJSON' })
        continue
      }
      hash.update(JSON.stringify([item.name, item.version]))
      items.push(await this.#indexOf(item))
    }
    this.#last = { version: hash.digest('hex'), listedAtMs, items }
    return this.#last
  }

  async #indexOf(item: SourceItem): Promise<ItemIndex> {
    const { source, folder, maxLineBytes, signal, onEvent } = this.#options
    const known = this.#last?.items.find(
      (index) => index.item.name === item.name && index.item.version === item.version,
    )
    const found = known ?? (await readIndex(folder, item))
    if (found !== undefined) return found
    const startedMs = performance.now()
    const index = await buildIndex(source, item, { folder, maxLineBytes, signal })
    const seconds = (performance.now() - startedMs) / 1000
    onEvent({ event: 'item.indexed', level: 'info', item: item.name, bytes: index.bytes, seconds })
    return index
  }
}
