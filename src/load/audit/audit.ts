import type { State } from '../../storage/store.js'
import { type AnswerFacts, type AuditLine, countOf, readAuditLine, type SourceLine } from './audit-line.js'
import type { ErrorLine } from './error-line.js'
import { ErrorLog } from './error-log.js'
import { ItemRecord } from './item-record.js'
import { LineLog, type LineLogLimits } from './line-log.js'
import {
  countEntries,
  type ItemVersion,
  type SentEntry,
  type SettledEntry,
  sendingLines,
  settledLines,
} from './settled-entry.js'

export interface AuditOptions extends LineLogLimits {
  readonly state: State
  /** Settle anew what the server refused and what was not sent. */
  readonly repeatsFailures?: boolean | undefined
  /** Called with the number of damaged lines, if there are any. */
  readonly onDamaged?: ((lineCount: number) => void) | undefined
  /** Called with the number of entries whose answer an earlier run did not live to see. */
  readonly onLost?: ((entryCount: number) => void) | undefined
  /** Called between the error lines of entries and the line that settles them. */
  readonly onErrorsKept?: (() => void) | undefined
}

/**
 * The audit of a load, and what earlier runs settled. An entry counts as settled once its line is kept; its error line
 * is kept before that. Only the holder of the state's lock may have it open.
 */
export class Audit {
  readonly #items: Map<string, ItemRecord>
  readonly #lines: LineLog
  readonly #errors: ErrorLog
  readonly #onErrorsKept: () => void

  private constructor(
    items: Map<string, ItemRecord>,
    { lines, errors }: { readonly lines: LineLog; readonly errors: ErrorLog },
    { onErrorsKept = () => {} }: AuditOptions,
  ) {
    this.#items = items
    this.#lines = lines
    this.#errors = errors
    this.#onErrorsKept = onErrorsKept
  }

  /** Reads what earlier runs settled. What they sent and saw no answer for becomes ambiguous. Throws SINK_*. */
  static async open(options: AuditOptions): Promise<Audit> {
    const items = new Map<string, ItemRecord>()
    let damagedCount = 0
    const lines = await LineLog.open(
      options.state,
      'audit',
      (text) => {
        const line = readAuditLine(text)
        if (line === undefined) damagedCount += 1
        else applyLine(items, line)
      },
      options,
    )
    const errors = await ErrorLog.open(options.state, options)
    const audit = new Audit(items, { lines, errors }, options)
    if (damagedCount > 0) options.onDamaged?.(damagedCount)
    const lostCount = await audit.#settleLost()
    if (lostCount > 0) options.onLost?.(lostCount)
    if (options.repeatsFailures === true) for (const record of items.values()) record.repeatFailures()
    return audit
  }

  /** Writes the line that a run begins with: what it was asked to do. */
  begin(run: Readonly<Record<string, unknown>>): Promise<void> {
    return this.#append({ at: now(), run }, { isDurable: true })
  }

  /** What is settled of an item: nothing if only another version of it is known. */
  recordOf(item: ItemVersion): ItemRecord {
    const known = this.#items.get(item.name)
    if (known?.version === item.version) return known
    const record = new ItemRecord(item.name, item.version)
    this.#items.set(item.name, record)
    return record
  }

  /** The version of an item that earlier runs settled entries of. */
  versionOf(name: string): string | undefined {
    return this.#items.get(name)?.version
  }

  /** Forgets an item that is done, to save memory. */
  release(name: string): void {
    this.#items.delete(name)
  }

  /** Items with entries that are settled, and that were not released. */
  records(): Iterable<ItemRecord> {
    return this.#items.values()
  }

  /** Notes entries that are about to be sent and must not be sent twice. Survives a power failure. Throws SINK_*. */
  async sending(entries: readonly SentEntry[]): Promise<void> {
    const line = { at: now(), sending: sendingLines(entries) }
    await this.#append(line, { isDurable: true })
    applyLine(this.#items, line)
  }

  /** Settles entries, which are not sent again once this returns. Throws SINK_*. */
  async settle(
    entries: readonly SettledEntry[],
    errors: readonly Omit<ErrorLine, 'at'>[],
    { bundle, ms, httpStatus, requestId }: AnswerFacts = {},
  ): Promise<void> {
    const at = now()
    await this.#errors.append(errors.map((line) => ({ at, ...line })))
    this.#onErrorsKept()
    const { fates, byStatus } = countEntries(entries)
    const line = {
      at,
      ...(bundle !== undefined && { bundle }),
      sources: settledLines(entries, (item) => this.recordOf(item).entryCount),
      loaded: fates.loaded,
      failed: fates.failed + fates.rejected,
      ...(fates.rejected > 0 && { rejected: fates.rejected }),
      ambiguous: fates.ambiguous,
      ...(fates.retry > 0 && { retried: fates.retry }),
      byStatus,
      ...(ms !== undefined && { ms: Math.round(ms) }),
      ...(httpStatus !== undefined && { httpStatus }),
      ...(requestId !== undefined && { requestId }),
    }
    await this.#append(line, NOT_DURABLE)
    applyLine(this.#items, line)
    // Where the item was read to its end meanwhile, the line does not say so.
    for (const source of line.sources) {
      this.#errors.settled(source)
      const { item, version, of } = source
      const record = this.recordOf({ name: item, version })
      if (of === undefined && record.isDone) await this.settleEnd(record)
    }
  }

  /** Notes that an item has been read to its end, where the line of its last entry could not say so. */
  async settleEnd(record: ItemRecord): Promise<void> {
    const { name, version, entryCount } = record
    if (record.settledCount !== entryCount) return
    const source = { item: name, version, offset: 0, entries: [], of: entryCount }
    const line = { at: now(), sources: [source], loaded: 0, failed: 0, ambiguous: 0 }
    await this.#append(line, NOT_DURABLE)
    applyLine(this.#items, line)
  }

  /** Makes everything that was settled durable, and removes errors that are out of date. Throws SINK_*. */
  async end(): Promise<void> {
    await this.#errors.flush()
    await this.#lines.flush()
    await this.#errors.tidy()
  }

  async close(): Promise<void> {
    await this.#errors.close()
    await this.#lines.close()
  }

  async #settleLost(): Promise<number> {
    const sources = [...this.#items.values()].flatMap((record) => record.lost() ?? [])
    const entryCount = sources.reduce((sum, { entries }) => sum + countOf(entries), 0)
    if (entryCount === 0) return 0
    const at = now()
    for (const source of sources) await this.#errors.append(lostErrors(source, at))
    const line = { at, sources, loaded: 0, failed: 0, ambiguous: entryCount, byStatus: { none: entryCount } }
    await this.#append(line, { isDurable: true })
    applyLine(this.#items, line)
    return entryCount
  }

  #append(line: AuditLine, how: { readonly isDurable: boolean }): Promise<void> {
    return this.#lines.append(`${JSON.stringify(line)}\n`, how)
  }
}

const NOT_DURABLE = { isDurable: false }

const now = (): string => new Date().toISOString()

function applyLine(items: Map<string, ItemRecord>, line: AuditLine): void {
  if ('run' in line) return
  for (const source of 'sending' in line ? line.sending : line.sources) {
    const known = items.get(source.item)
    const record = known?.version === source.version ? known : new ItemRecord(source.item, source.version)
    if (record !== known) items.set(source.item, record)
    if ('sending' in line) record.applySending(source)
    else record.apply(source)
  }
}

const lostErrors = ({ item, version, offset, entries }: SourceLine, at: string): ErrorLine[] =>
  entries.flatMap(([first, last]) =>
    Array.from({ length: last - first + 1 }, (_, index) => ({
      at,
      item,
      version,
      ordinal: first + index,
      offset,
      fate: 'ambiguous' as const,
      code: 'ANSWER_LOST',
      message: 'it was sent, but the run ended before the answer came; the server may have stored it',
    })),
  )
