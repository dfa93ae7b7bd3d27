import { textLines } from '../../ndjson/text-lines.js'
import type { Appender, SinkHead, State } from '../../storage/store.js'
import { addCounts, type ItemCounts, NO_COUNTS } from '../report/item-counts.js'
import { checkedLine, readCheckedLine } from './checked-line.js'

const FORMAT = 2

/** Progress of an item's output. */
export interface Checkpoint {
  /** Offset of the next line in the decompressed item. */
  readonly endOffset: number
  readonly outputBytes: number
  readonly quarantineBytes: number
  /** `SinkItem.digest` at this point, to verify the output when resuming. */
  readonly outputSha256?: string
  /** SHA-256 of the first `quarantineBytes` bytes of the quarantine. */
  readonly quarantineSha256?: string
  readonly totals: ItemCounts
  /** The complete output, about to appear or already visible. */
  readonly sealed?: SinkHead
}

export const START: Checkpoint = { endOffset: 0, outputBytes: 0, quarantineBytes: 0, totals: NO_COUNTS }

type Entry =
  | { readonly journal: typeof FORMAT; readonly fingerprint: string; readonly boot: string | null }
  | ({ readonly chunk: true } & Checkpoint)
  | { readonly sync: true; readonly boot: string | null; readonly endOffset?: number }
  | { readonly sealed: SinkHead }

/** What a journal proves, and the length of its valid part. */
export interface ReadJournal {
  readonly fingerprint: string
  /** The last of the steps. */
  readonly checkpoint: Checkpoint
  readonly keepBytes: number
  /** All points at which it can be resumed, from the start. */
  readonly steps: readonly JournalStep[]
}

export interface JournalStep {
  readonly checkpoint: Checkpoint
  /** Valid bytes of the journal. */
  readonly keepBytes: number
}

/**
 * Reads a journal up to its first torn or altered line. Lines written before the last boot count only up to the last
 * `sync`, because the bytes they cover were flushed only up to there. Undefined if the journal proves nothing.
 */
export async function readJournal(state: State, name: string): Promise<ReadJournal | undefined> {
  const text = await state.read(name)
  if (text === undefined) return undefined
  const boot = (await state.bootId()) ?? null
  let header: { readonly fingerprint: string; readonly boot: string | null } | undefined
  let now = { checkpoint: START, keepBytes: 0, boot: null as string | null }
  let synced: typeof now | undefined
  let unsynced: (typeof now)[] = []
  const steps: JournalStep[] = []
  for (const { text: line, isEnded, endBytes } of textLines(text)) {
    const entry = isEnded ? (readCheckedLine(line) as Entry | undefined) : undefined
    if (entry === undefined) break
    if ('journal' in entry) {
      if (entry.journal !== FORMAT || header !== undefined) break
      header = entry
      now = { ...now, keepBytes: endBytes, boot: entry.boot }
      synced = now
      continue
    }
    if (header === undefined) return undefined
    if ('chunk' in entry) {
      const totals = addCounts(now.checkpoint.totals, entry.totals)
      const { chunk: _, ...place } = entry
      now = { ...now, checkpoint: { ...place, totals }, keepBytes: endBytes }
      unsynced.push(now)
      steps.push({ checkpoint: now.checkpoint, keepBytes: endBytes })
    } else if ('sync' in entry) {
      const { boot, endOffset = now.checkpoint.endOffset } = entry
      now = { ...now, keepBytes: endBytes, boot }
      synced = unsynced.findLast(({ checkpoint }) => checkpoint.endOffset <= endOffset) ?? synced
      unsynced = unsynced.filter(({ checkpoint }) => checkpoint.endOffset > endOffset)
    } else {
      now = { ...now, checkpoint: { ...now.checkpoint, sealed: entry.sealed }, keepBytes: endBytes }
      synced = now
    }
  }
  if (header === undefined || synced === undefined) return undefined
  const trusted = boot !== null && now.boot === boot ? now : synced
  const { checkpoint, keepBytes } = trusted
  const resumable = steps.filter(
    (step) => step.keepBytes < keepBytes && step.checkpoint.endOffset < checkpoint.endOffset,
  )
  return {
    fingerprint: header.fingerprint,
    checkpoint,
    keepBytes,
    steps: [...resumable, { checkpoint, keepBytes }],
  }
}

/** Writes what `readJournal` reads. */
export class Journal {
  #unkept = true
  #tail: Promise<void> = Promise.resolve()

  readonly #file: Appender
  readonly #boot: string | null

  private constructor(file: Appender, boot: string | null) {
    this.#file = file
    this.#boot = boot
  }

  static async start(state: State, name: string, fingerprint: string): Promise<Journal> {
    const boot = (await state.bootId()) ?? null
    return Journal.#opened(new Journal(await state.appender(name, 0), boot), (journal) =>
      journal.#write({ journal: FORMAT, fingerprint, boot }),
    )
  }

  static async resume(state: State, name: string, read: JournalStep): Promise<Journal> {
    const boot = (await state.bootId()) ?? null
    const file = await state.appender(name, read.keepBytes)
    return Journal.#opened(new Journal(file, boot), (journal) => journal.sync())
  }

  static async #opened(journal: Journal, write: (journal: Journal) => Promise<void>): Promise<Journal> {
    try {
      await write(journal)
      return journal
    } catch (error) {
      await journal.close()
      throw error
    }
  }

  /** `totals` covers the chunks since the last entry; everything else counts from the item's start. */
  async chunks(checkpoint: Checkpoint): Promise<void> {
    await this.#write({ chunk: true, ...checkpoint })
  }

  /** Whether a later run would find nothing of it yet. */
  get isUnkept(): boolean {
    return this.#unkept
  }

  async keep(): Promise<void> {
    await this.#file.keep()
    this.#unkept = false
  }

  /** Call once everything up to this offset of the item is flushed; default: up to the last entry. */
  async sync(endOffset?: number): Promise<void> {
    const upTo = endOffset === undefined ? {} : { endOffset }
    await this.#write({ sync: true, boot: this.#boot, ...upTo })
    await this.#file.flush()
    this.#unkept = false
  }

  /** Call once the whole output is flushed. */
  async seal(sealed: SinkHead): Promise<void> {
    await this.#write({ sync: true, boot: this.#boot })
    await this.#write({ sealed })
    await this.#file.flush()
    this.#unkept = false
  }

  close(): Promise<void> {
    return this.#file.close()
  }

  /** Writes entries one after the other; a pending flush does not delay them. A failure is final. */
  #write(entry: Entry): Promise<void> {
    const line = checkedLine(entry)
    this.#tail = this.#tail.then(() => this.#file.append(line))
    this.#tail.catch(() => {})
    return this.#tail
  }
}
