import type { Hash } from 'node:crypto'
import { compressed } from '../compression/compressed.js'
import { sluiceError } from '../errors.js'
import type { Appender, SinkHead, SinkItem } from '../storage/store.js'
import { journalName, quarantineName } from './checkpoint/done-record.js'
import { type Checkpoint, Journal } from './checkpoint/journal.js'
import type { AnonymizedChunk } from './chunks/chunk-result.js'
import { recordOf, type SealedItem } from './commit.js'
import type { RunContext } from './context.js'
import type { ItemWork } from './item-list.js'
import { addCounts, countsOf, NO_COUNTS, reconciles } from './report/item-counts.js'
import { countByCode, quarantineText } from './report/quarantine.js'

/** Where a writer begins: at the start of its item, or where the writer of an earlier run stopped. */
export interface WriterStart {
  /** Undefined until it is started. */
  readonly journal?: Journal
  readonly checkpoint: Checkpoint
  /** Digest of the quarantine up to the checkpoint. */
  readonly quarantineDigest: Hash
}

// Bytes that a power failure may cost; a killed process loses only what was in flight.
const SYNC_EVERY_BYTES = 64 * 2 ** 20

/**
 * Writes the output of one item: bytes, then quarantine, then journal, so that the journal never covers more than
 * exists. `seal` reconciles the counts; `commit` makes the output visible.
 */
export class SinkWriter {
  /** Started with the second chunk: redoing an item of one chunk costs less than journaling it. */
  #journal: Journal | undefined
  #checkpoint: Checkpoint
  #quarantine: Appender | undefined
  readonly #quarantineDigest: Hash
  /** Delivered chunks that are not in the journal, because their bytes may not be kept yet. */
  #pending: Checkpoint[] = []
  /** Offset of the item that the journal covers. */
  #notedOffset = 0
  #unsyncedBytes = 0
  /** Whether the journal is started, or about to be. */
  #isJournaled: boolean
  /** The journal's entry and the flush that are under way while chunks continue to be delivered. */
  #noting: Promise<void> = Promise.resolve()
  #syncing: Promise<void> = Promise.resolve()
  #asideFailure: { readonly reason: unknown } | undefined
  #aheadBytes = 0

  readonly #run: RunContext
  readonly #work: ItemWork
  readonly #sinkItem: SinkItem

  constructor(
    run: RunContext,
    work: ItemWork,
    sinkItem: SinkItem,
    { journal, checkpoint, quarantineDigest }: WriterStart,
  ) {
    this.#run = run
    this.#work = work
    this.#sinkItem = sinkItem
    this.#journal = journal
    this.#isJournaled = journal !== undefined
    this.#checkpoint = checkpoint
    this.#quarantineDigest = quarantineDigest
  }

  get isJournaled(): boolean {
    return this.#isJournaled
  }

  get at(): Checkpoint {
    return this.#checkpoint
  }

  /** Appends bytes of a chunk that is not yet delivered; they count with it. */
  async append(pieces: readonly Uint8Array[]): Promise<void> {
    await this.#sinkItem.append(pieces)
    this.#aheadBytes += bytesOf(pieces)
  }

  async deliver({ offset, endOffset, output, parts }: AnonymizedChunk): Promise<void> {
    this.#checkAside()
    const { endOffset: reached, totals, quarantineBytes } = this.#checkpoint
    // Only a byte-order mark may lie between two chunks.
    if (offset !== reached && !(reached === 0 && offset === 3)) throw this.#unreconciled('bytes')
    this.#run.faultPoint('before-append')
    await this.#sinkItem.append(output)
    this.#run.faultPoint('after-append')
    let chunkTotals = NO_COUNTS
    let rejectedBytes = 0
    for (const part of parts) {
      const place = {
        item: this.#work.item.name,
        offset: part.offset,
        linesBefore: totals.lines + chunkTotals.lines,
      }
      const byCode = countByCode(part.result)
      if (Object.keys(byCode).length > 0)
        for (const text of quarantineText(part.result, place))
          rejectedBytes += await this.#appendQuarantine(text)
      chunkTotals = addCounts(chunkTotals, countsOf(part.result, byCode))
    }
    const written = this.#aheadBytes + bytesOf(output)
    this.#aheadBytes = 0
    const outputSha256 = this.#sinkItem.digest()
    const step = {
      endOffset,
      outputBytes: this.#checkpoint.outputBytes + written,
      quarantineBytes: quarantineBytes + rejectedBytes,
      ...(outputSha256 === undefined ? {} : { outputSha256 }),
      quarantineSha256: this.#quarantineDigest.copy().digest('hex'),
      totals: chunkTotals,
    }
    this.#pending.push(step)
    this.#checkpoint = { ...step, totals: addCounts(totals, chunkTotals) }
    this.#unsyncedBytes += written
    const isTimeToSync = this.#unsyncedBytes >= SYNC_EVERY_BYTES
    if (this.#isJournaled || this.#pending.length > 1 || isTimeToSync) await this.#noteAside()
    if (isTimeToSync) await this.#syncAside()
  }

  /**
   * Checks that every line is accounted for and makes the output durable. The output is null for
   * a quarantined document.
   */
  async seal(hasOutput: boolean): Promise<SealedItem> {
    if (!reconciles(this.#checkpoint.totals)) throw this.#unreconciled('lines')
    const { compression } = this.#run
    if (compression !== undefined && hasOutput && this.#checkpoint.outputBytes === 0)
      await this.#sinkItem.append([compressed(new Uint8Array(0), compression)])
    await this.#sinkItem.complete()
    await this.#noted()
    if (this.#journal !== undefined) await this.#noteKept(false)
    const head = hasOutput ? await this.#sinkItem.sealed() : null
    await this.#synced()
    const sealedIn = await this.#sync(head)
    await this.close()
    if (head === null) await this.#sinkItem.abort()
    return { work: this.#work, head, totals: this.#checkpoint.totals, sinkItem: this.#sinkItem, sealedIn }
  }

  async abort(): Promise<void> {
    await this.close()
    await this.#sinkItem.abort()
    const { state } = this.#run.sink
    if (this.#journal !== undefined) await state.remove(journalName(this.#work.output, state.epoch().id))
  }

  /** Releases everything; a later run resumes from the checkpoint. */
  async close(): Promise<void> {
    await this.#noting
    await this.#syncing
    const quarantine = this.#quarantine
    this.#quarantine = undefined
    await closeAll([quarantine, this.#journal, this.#sinkItem])
  }

  /** Notes a chunk while the next one is written. Waiting for the entry before bounds what is not in the journal. */
  async #noteAside(): Promise<void> {
    await this.#noted()
    this.#isJournaled = true
    this.#noting = this.#noteKept().catch((reason: unknown) => {
      this.#asideFailure ??= { reason }
    })
  }

  async #noted(): Promise<void> {
    await this.#noting
    this.#checkAside()
  }

  /** Writes one entry for all chunks whose bytes are kept by now. With `keep` false, the caller flushes the journal. */
  async #noteKept(keep = true): Promise<void> {
    const { keptBytes } = this.#sinkItem
    const later = this.#pending.findIndex(({ outputBytes }) => outputBytes > keptBytes)
    const kept = this.#pending.splice(0, later < 0 ? this.#pending.length : later)
    const last = kept.at(-1)
    if (last === undefined) return
    this.#run.faultPoint('before-journal')
    if (keep) await this.#quarantine?.keep()
    const isFirst = this.#journal === undefined
    const journal = await this.#journaled()
    // The first chunk waited for the second, and damage to the second must not cost both.
    if (isFirst) for (const step of kept) await journal.chunks(step)
    else
      await journal.chunks({
        ...last,
        totals: kept.reduce((sum, step) => addCounts(sum, step.totals), NO_COUNTS),
      })
    if (keep) await journal.keep()
    this.#notedOffset = last.endOffset
    this.#run.faultPoint('after-journal')
  }

  async #appendQuarantine(text: string): Promise<number> {
    const { state } = this.#run.sink
    this.#quarantine ??= await state.appender(
      quarantineName(this.#work.output),
      this.#checkpoint.quarantineBytes,
    )
    await this.#quarantine.append(text)
    this.#quarantineDigest.update(text)
    return Buffer.byteLength(text)
  }

  async #journaled(): Promise<Journal> {
    const { state } = this.#run.sink
    const name = journalName(this.#work.output, state.epoch().id)
    this.#journal ??= await Journal.start(state, name, this.#work.fingerprint)
    return this.#journal
  }

  /** Flushes everything, then records the seal. Returns where it is recorded. */
  async #sync(sealed: SinkHead | null): Promise<SealedItem['sealedIn']> {
    const run = this.#run
    // Over a network, redoing such an item costs less, unless it waits for all others.
    const isSmall = this.#journal === undefined || this.#journal.isUnkept
    if (run.sink.isRemote === true && isSmall && !run.commitsAtEnd) {
      await this.#quarantine?.flush()
      return this.#journal === undefined ? undefined : 'journal'
    }
    run.faultPoint('before-fsync')
    await this.#sinkItem.flush()
    await this.#quarantine?.flush()
    const isLogged =
      this.#journal === undefined &&
      (await run.records.seal(recordOf(this.#work, sealed, this.#checkpoint.totals)))
    if (!isLogged) await this.#sealJournal(sealed)
    run.faultPoint('after-fsync')
    return isLogged ? 'records' : 'journal'
  }

  async #sealJournal(sealed: SinkHead | null): Promise<void> {
    await this.#noteKept(false)
    const journal = await this.#journaled()
    if (sealed === null) await journal.sync()
    else await journal.seal(sealed)
  }

  /** Flushes while chunks continue to be delivered. Waiting for the previous flush bounds what is not flushed. */
  async #syncAside(): Promise<void> {
    await this.#noted()
    await this.#synced()
    const [notedOffset, quarantine] = [this.#notedOffset, this.#quarantine]
    this.#unsyncedBytes = 0
    this.#run.faultPoint('before-fsync')
    const sync = async () => {
      await this.#sinkItem.flush()
      await quarantine?.flush()
      await this.#journal?.sync(notedOffset)
      this.#run.faultPoint('after-fsync')
    }
    this.#syncing = sync().catch((reason: unknown) => {
      this.#asideFailure ??= { reason }
    })
  }

  async #synced(): Promise<void> {
    await this.#syncing
    this.#checkAside()
  }

  #checkAside(): void {
    if (this.#asideFailure !== undefined) throw this.#asideFailure.reason
  }

  #unreconciled(what: string) {
    return sluiceError('RECONCILIATION_FAILED', {
      at: this.#work.item.name,
      message: `the ${what} written are not those read; nothing was committed`,
    })
  }
}

/** Runs each of them, even if one fails. */
async function closeAll(all: readonly ({ close(): Promise<void> } | undefined)[]): Promise<void> {
  const closed = await Promise.allSettled(all.map((each) => each?.close()))
  const failed = closed.find((each) => each.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}

const bytesOf = (pieces: readonly Uint8Array[]): number =>
  pieces.reduce((sum, piece) => sum + piece.length, 0)
