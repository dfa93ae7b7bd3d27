import type { Sink } from '../../storage/store.js'
import type { ItemUnit, Preparer, PreparerResult } from '../prepare/preparer.js'
import type { LoadEntry, LoadItem, LoadUnit, RejectedEntry } from '../unit.js'
import type { ImportFaultPoint } from './fault-points.js'
import { type ImportableLine, importable } from './importable.js'
import type { StagedItem } from './job.js'
import { GrowingFile, type StagedFileLimits } from './staged-file.js'
import type { StagedRecord } from './staged-record.js'

export interface StagingLimits extends StagedFileLimits {
  /** A file's waiting bytes are handed to the sink when they are as many. */
  readonly appendBytes: number
  /** Waiting bytes of all files together. */
  readonly heldBytes: number
}

const MIB = 2 ** 20
/** Files of 50 to 500 MB load best (fhir-server, docs/BulkImport.md). */
export const STAGING_LIMITS: StagingLimits = {
  fileBytes: 512 * MIB,
  indexBytes: 2 * MIB,
  appendBytes: 4 * MIB,
  heldBytes: 64 * MIB,
}

export interface StagingOptions {
  readonly sink: Sink
  readonly record: StagedRecord
  /** Folder of the files in the staging place. */
  readonly folder: string
  /** Identifies what the files hold. */
  readonly fingerprint: string
  readonly items: readonly LoadItem[]
  readonly preparer: Pick<Preparer, 'prepare'>
  readonly limits: StagingLimits
  /** Types of which one resource would make the server refuse all. */
  readonly refusedTypes: ReadonlySet<string>
  /** Whether earlier imports or loads settled all of an item. */
  isDone(item: LoadItem): boolean
  isSettled(item: LoadItem, ordinal: number): boolean
  /**
   * Whether what refers to something that the server does not have yet is left for a later round, instead of being
   * rejected.
   */
  readonly defers: boolean
  /** Takes an item that cannot be read to its end. */
  leaveOut(item: LoadItem, error: unknown): void
  /** Takes what cannot be imported. It may be kept only by `flushRejected`. */
  addRejected(item: LoadItem, rejected: RejectedEntry): Promise<void>
  flushRejected(): Promise<void>
  readonly signal?: AbortSignal | undefined
  readonly faultPoint: (point: ImportFaultPoint) => void
}

/** An item, its number in the listing, and how far it was read. */
interface NumberedItem {
  readonly item: LoadItem
  readonly name: string
  readonly number: number
  /** Undefined unless it was read to its end. */
  lastOrdinal?: number
}

/**
 * Writes the resources of the items to files of the staging place, each of one type, in the order of the input. Files
 * that an earlier run finished are not made again. Returns the items, as the indexes of the files number them. Throws
 * SOURCE_*, SINK_*, INTERRUPTED, and what the preparing throws.
 */
export async function stage(options: StagingOptions): Promise<readonly StagedItem[]> {
  const items = options.items.map((item, number): NumberedItem => ({ item, name: item.name, number }))
  const files = new GrowingFiles(options)
  try {
    for await (const { item, unit } of options.preparer.prepare(unstagedUnits(items, options)))
      for (const line of linesOf(unit, options))
        if (line.kind === 'line') await files.add(line, item.number)
        else await options.addRejected(item.item, line)
    await options.flushRejected()
    await files.end()
  } finally {
    await files.close()
  }
  return items.map(({ item: { name, version }, lastOrdinal }) => ({
    name,
    version,
    ...(lastOrdinal !== undefined && { lastOrdinal }),
  }))
}

/** The units that are neither settled nor in a file. */
async function* unstagedUnits(
  items: readonly NumberedItem[],
  { record, isDone, isSettled, leaveOut, signal }: StagingOptions,
): AsyncGenerator<ItemUnit<NumberedItem>> {
  for (const numbered of items) {
    const { item, number } = numbered
    if (isDone(item)) continue
    let lastOrdinal = -1
    try {
      for await (const unit of item.units({ skip: (ordinal) => isSettled(item, ordinal), signal })) {
        const entries = entriesOf(unit)
        lastOrdinal = Math.max(lastOrdinal, entries.at(-1)?.ordinal ?? -1)
        const isStaged = entries.every(
          (entry) => 'type' in entry && record.covers(entry.type, { item: number, ordinal: entry.ordinal }),
        )
        if (!isStaged) yield { item: numbered, unit }
      }
      numbered.lastOrdinal = lastOrdinal
    } catch (error) {
      leaveOut(item, error)
    }
  }
}

const entriesOf = (unit: LoadUnit): readonly (LoadEntry | RejectedEntry)[] =>
  unit.kind === 'entry' ? [unit.entry] : unit.kind === 'transaction' ? unit.entries : [unit]

function linesOf(
  unit: PreparerResult,
  { refusedTypes, defers }: Pick<StagingOptions, 'refusedTypes' | 'defers'>,
): readonly (ImportableLine | RejectedEntry)[] {
  switch (unit.kind) {
    case 'rejected':
      return [unit]
    case 'deferred':
      return defers ? [] : [{ ...unit, kind: 'rejected' }]
    case 'entry':
      return [importable(unit.prepared, refusedTypes)]
    case 'transaction':
      return unit.prepared.map((prepared) => importable(prepared, refusedTypes))
  }
}

/** The files that grow, one for each type. */
class GrowingFiles {
  readonly #files = new Map<string, GrowingFile>()
  #heldBytes = 0
  readonly #options: StagingOptions

  constructor(options: StagingOptions) {
    this.#options = options
  }

  async add({ type, body, ordinal, offset }: ImportableLine, item: number): Promise<void> {
    const { limits } = this.#options
    const open = this.#files.get(type)
    if (open?.isFull(body.length, limits) === true) await this.#finish(open)
    const file = this.#files.get(type) ?? this.#begin(type)
    file.add(body, { item, ordinal, offset })
    this.#heldBytes += body.length + 1
    if (file.heldBytes >= limits.appendBytes) await this.#flush(file)
    if (this.#heldBytes >= limits.heldBytes) await this.#flush(this.#fullest())
  }

  async end(): Promise<void> {
    for (const file of [...this.#files.values()]) await this.#finish(file)
  }

  async close(): Promise<void> {
    for (const file of this.#files.values()) await file.close().catch(() => {})
  }

  #begin(type: string): GrowingFile {
    const { sink, folder, fingerprint, record } = this.#options
    const number = String(record.countOf(type) + 1).padStart(5, '0')
    const file = new GrowingFile(sink, { name: `${folder}/${type}-${number}.ndjson`, type, fingerprint })
    this.#files.set(type, file)
    return file
  }

  #fullest(): GrowingFile {
    return [...this.#files.values()].reduce((a, b) => (b.heldBytes > a.heldBytes ? b : a))
  }

  async #flush(file: GrowingFile): Promise<void> {
    this.#heldBytes -= file.heldBytes
    await file.flush()
    this.#options.faultPoint('staged-bytes')
  }

  /** What was rejected before a line of the file must be kept before it: a later run passes over both. */
  async #finish(file: GrowingFile): Promise<void> {
    const { record, flushRejected, faultPoint } = this.#options
    await flushRejected()
    this.#heldBytes -= file.heldBytes
    const sealed = await file.seal()
    faultPoint('before-file-record')
    await record.add(sealed, file.index.text)
    faultPoint('after-file-record')
    await file.commit()
    faultPoint('after-file-commit')
    this.#files.delete(file.type)
  }
}
