import { sluiceError } from '../../errors.js'
import { countOf, type Fate, type SourceLine, UNLOADED } from './audit-line.js'
import { Ordinals } from './ordinals.js'

export type FateCounts = Readonly<Record<Fate, number>>

/** What is settled of one version of an item. */
export class ItemRecord {
  readonly name: string
  readonly version: string
  /** Undefined if everything is settled. */
  #settled: Ordinals | undefined = new Ordinals()
  /** Number of its entries; undefined until it has been read to its end. */
  #entryCount: number | undefined
  readonly #counts = { loaded: 0, failed: 0, rejected: 0, ambiguous: 0 }
  /** Which of the settled entries ended so; `--retry-errors` settles them anew. */
  readonly #unloaded = { failed: new Ordinals(), rejected: new Ordinals() }
  /** Which of them are still to be settled anew. */
  #again: Ordinals | undefined
  /** Sent, and not answered so far. */
  #sending: { readonly offset: number; readonly ordinals: Ordinals } | undefined

  constructor(name: string, version: string) {
    this.name = name
    this.version = version
  }

  /** Takes over a line of the audit: of an earlier run, or just written. */
  apply(line: SourceLine): void {
    const { failed, rejected } = this.#unloaded
    for (const range of line.entries) {
      this.#settled?.add(range)
      this.#again?.remove(range)
      this.#counts.failed -= failed.countIn(range)
      this.#counts.rejected -= rejected.countIn(range)
      failed.remove(range)
      rejected.remove(range)
    }
    for (const range of line.failed ?? []) failed.add(range)
    for (const range of line.rejected ?? []) rejected.add(range)
    const counts = UNLOADED.map((fate) => [fate, countOf(line[fate])] as const)
    this.#counts.loaded += counts.reduce((rest, [, count]) => rest - count, countOf(line.entries))
    for (const [fate, count] of counts) this.#counts[fate] += count
    for (const range of [...line.entries, ...(line.retry ?? [])]) this.#sending?.ordinals.remove(range)
    if (line.of !== undefined) this.#entryCount = line.of
    if (this.#settled?.count === this.#entryCount) this.#settled = undefined
  }

  /** Takes over that entries are being sent. */
  applySending({ offset, entries }: SourceLine): void {
    this.#sending ??= { offset, ordinals: new Ordinals() }
    for (const range of entries) this.#sending.ordinals.add(range)
  }

  /** What was sent and has no answer in the audit, as a line that settles it; undefined if there is nothing. */
  lost(): SourceLine | undefined {
    if (this.#sending === undefined || this.#sending.ordinals.count === 0) return undefined
    const { offset, ordinals } = this.#sending
    const entries = [...ordinals.ranges]
    return { item: this.name, version: this.version, offset, entries, ambiguous: entries }
  }

  /** From now on, what the server refused and what was not sent counts as not settled. */
  repeatFailures(): void {
    const { failed, rejected } = this.#unloaded
    if (failed.count + rejected.count > 0) this.#again = Ordinals.of([...failed.ranges, ...rejected.ranges])
  }

  get counts(): FateCounts {
    return this.#counts
  }

  /** Number of entries that are settled. */
  get settledCount(): number {
    return this.#settled?.count ?? this.#entryCount ?? 0
  }

  get isDone(): boolean {
    return this.#settled === undefined && (this.#again?.count ?? 0) === 0
  }

  isSettled(ordinal: number): boolean {
    return (this.#settled?.has(ordinal) ?? true) && this.#again?.has(ordinal) !== true
  }

  /** Number of its entries; undefined while it is not known. */
  get entryCount(): number | undefined {
    return this.#entryCount
  }

  /**
   * Notes that the item was read to its end, where this was the last entry that is not settled. Returns whether it is
   * news. Throws RECONCILIATION_FAILED if the item had another number of entries when it was read before.
   */
  readToEnd(lastOrdinal: number): boolean {
    if (this.#entryCount !== undefined) {
      if (lastOrdinal < this.#entryCount) return false
      throw unequal(this.name, `entry ${lastOrdinal} was read, but it has ${this.#entryCount} entries`)
    }
    this.#entryCount = Math.max(lastOrdinal, this.#settled?.last ?? -1) + 1
    return true
  }

  /** Throws RECONCILIATION_FAILED unless everything that was read is settled, and has one outcome. */
  reconcile(): void {
    const { loaded, failed, rejected, ambiguous } = this.#counts
    const sum = loaded + failed + rejected + ambiguous
    if (sum === this.#entryCount && this.isDone) return
    throw unequal(this.name, `${sum} entries have an outcome, but ${this.#entryCount} were read`)
  }
}

const unequal = (at: string, message: string) => sluiceError('RECONCILIATION_FAILED', { at, message })
