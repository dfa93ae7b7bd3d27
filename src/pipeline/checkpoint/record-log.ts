import { textLines } from '../../ndjson/text-lines.js'
import { grouped } from '../../storage/grouped-work.js'
import type { Appender, State } from '../../storage/store.js'
import { checkedLine, readCheckedLine } from './checked-line.js'
import type { DoneRecord } from './done-record.js'

/** A line of the log. */
export type LogEntry =
  /** The output is about to appear under its name; its bytes are flushed. */
  | { readonly sealed: DoneRecord }
  /** The output last sealed under this name has appeared, durably. */
  | { readonly done: string }
  | { readonly record: DoneRecord }
  | { readonly gone: string }
  /**
   * Everything known of an output, in one line, so that an interrupted rewrite replaces an output's entries or keeps
   * them.
   */
  | { readonly logged: Logged }

/** The log's knowledge of an output. */
export interface Logged {
  readonly record?: DoneRecord
  /** Sealed, without proof that it appeared. */
  readonly sealed: readonly DoneRecord[]
}

// Each segment is read as a whole.
const MAX_SEGMENT_LENGTH = 4 * 2 ** 20
const MAX_PARTLY_FILLED = 16

/**
 * The records of all items in one append-only text, in segments: a file for each item would take a disk block and two
 * flushes. Callers that append at the same time share a write and a flush. Each epoch has segments of its own.
 */
export class RecordLog {
  readonly #append: (entry: LogEntry) => Promise<void>
  readonly #logged: Map<string, Logged>
  #number: number
  #length = 0
  #file: Appender | undefined

  readonly #state: State

  private constructor(state: State, { logged, lastNumber }: ReadLog) {
    this.#state = state
    this.#logged = logged
    this.#number = lastNumber
    this.#append = grouped((entries) => this.#write(entries))
  }

  /** Call under the lock. Reads the log of earlier runs and rewrites it if most of it is out of date. */
  static async open(state: State): Promise<RecordLog> {
    const read = await readLog(state)
    const log = new RecordLog(state, read)
    await removeBefore(state, read.first)
    const { logged, segments, lines, length, first, isOfEarlier } = read
    // Each run begins a segment; a run of very many items fills several.
    const partlyFilled = segments.length - length / MAX_SEGMENT_LENGTH
    const isStale = isOfEarlier || partlyFilled > MAX_PARTLY_FILLED || lines > 3 * logged.size + 1000
    if (isStale) await log.#rewrite(segments, first)
    return log
  }

  logged(output: string): Logged | undefined {
    return this.#logged.get(output)
  }

  /** Forgets what an earlier run logged of this output, to save memory. */
  release(output: string): void {
    if (this.#logged.get(output)?.sealed.length === 0) this.#logged.delete(output)
  }

  /** Appends an entry, which survives a power failure once this returns. */
  append(entry: LogEntry): Promise<void> {
    return this.#append(entry)
  }

  async close(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.close()
  }

  async #write(entries: readonly LogEntry[]): Promise<void> {
    const text = entries.map(checkedLine).join('')
    const file = await this.#opened()
    try {
      await file.append(text)
      await file.flush()
    } catch (error) {
      // A torn line must not run into the next one; others may still be appended while the run ends.
      await this.close().catch(() => {})
      throw error
    }
    this.#length += text.length
    if (this.#length >= MAX_SEGMENT_LENGTH) await this.close()
  }

  async #opened(): Promise<Appender> {
    if (this.#file !== undefined) return this.#file
    // Readers stop at the first missing number.
    const number = this.#number + 1
    const file = await this.#state.appender(segmentName(this.#state.epoch().id, number), 0)
    this.#number = number
    this.#length = 0
    this.#file = file
    return file
  }

  /** Writes the rewritten entries, then the mark of where they begin. A crash in between loses nothing. */
  async #rewrite(segments: readonly string[], first: number): Promise<void> {
    const firstWritten = this.#number + 1
    const batch: LogEntry[] = []
    for (const logged of this.#logged.values()) {
      batch.push({ logged })
      if (batch.length >= 1000) await this.#write(batch.splice(0))
    }
    if (batch.length > 0) await this.#write(batch)
    const { id } = this.#state.epoch()
    if (firstWritten !== first) await this.#state.write(firstName(id), `${firstWritten}\n`)
    for (const name of segments) await this.#state.remove(name)
  }
}

interface ReadLog {
  readonly logged: Map<string, Logged>
  readonly segments: readonly string[]
  readonly lines: number
  /** Number of entries in all segments. */
  readonly length: number
  /** Segments of the current epoch. */
  readonly first: number
  readonly lastNumber: number
  readonly isOfEarlier: boolean
}

const baseOf = (epoch: string): string => `items/records${epoch === '' ? '' : `.${epoch}`}`
const segmentName = (epoch: string, number: number): string => `${baseOf(epoch)}-${number}.log`
const firstName = (epoch: string): string => `${baseOf(epoch)}.first`

/** Segments that a run rewrote but did not get to remove. */
async function removeBefore(state: State, first: number): Promise<void> {
  const { id } = state.epoch()
  for (let number = first - 1; number > 0; number -= 1) {
    const name = segmentName(id, number)
    if ((await state.bytesOf(name)) === undefined) return
    await state.remove(name)
  }
}

async function readLog(state: State): Promise<ReadLog> {
  const logged = new Map<string, Logged>()
  const segments: string[] = []
  const { id, earlier } = state.epoch()
  let lines = 0
  let length = 0
  let first = 1
  let number = 1
  let isOfEarlier = false
  for (const epoch of [...earlier.toReversed(), id]) {
    first = Number.parseInt((await state.read(firstName(epoch))) ?? '1', 10) || 1
    for (number = first; ; number += 1) {
      const name = segmentName(epoch, number)
      const text = await state.read(name)
      if (text === undefined) break
      segments.push(name)
      length += text.length
      isOfEarlier ||= epoch !== id
      for (const line of textLines(text)) {
        // Each line stands alone: the last one may be torn, any may be damaged.
        const entry = readCheckedLine(line.text) as LogEntry | undefined
        if (entry === undefined) continue
        lines += 1
        apply(logged, entry)
      }
    }
  }
  return { logged, segments, lines, length, first, lastNumber: number - 1, isOfEarlier }
}

function apply(logged: Map<string, Logged>, entry: LogEntry): void {
  if ('gone' in entry) logged.delete(entry.gone)
  else if ('logged' in entry) {
    const output = entry.logged.record?.output ?? entry.logged.sealed[0]?.output
    if (output !== undefined) logged.set(output, entry.logged)
  } else if ('sealed' in entry) {
    const { output } = entry.sealed
    const before = logged.get(output)
    logged.set(output, { ...before, sealed: [...(before?.sealed ?? []), entry.sealed] })
  } else if ('done' in entry) {
    const before = logged.get(entry.done)
    const record = before?.sealed.at(-1)
    if (record !== undefined) logged.set(entry.done, { record, sealed: [] })
  } else {
    const { record } = entry
    // A record without anything finished proves ownership; a sealed output may still be finished.
    const sealed = record.fingerprint === '' ? (logged.get(record.output)?.sealed ?? []) : []
    logged.set(record.output, { record, sealed })
  }
}
