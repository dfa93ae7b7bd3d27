import type { Sink } from '../../storage/store.js'
import type { DeferredEntry, PreparedUnit } from '../prepared.js'
import type { LoadItem, LoadUnit, RejectedEntry, UnitsOptions } from '../unit.js'
import { type ImportableLine, importable } from './importable.js'
import type { ImportFaultPoint } from './options.js'
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
  readonly prepare: PrepareItem
  readonly limits: StagingLimits
  /** Whether an earlier import or load settled an entry. */
  isSettled(item: LoadItem, ordinal: number): boolean
  /** Takes what cannot be imported. It may be kept only by `flush`. */
  reject(item: LoadItem, rejected: RejectedEntry): Promise<void>
  flushRejected(): Promise<void>
  /** Called at the end of each item. */
  ended(item: LoadItem, lastOrdinal: number): void
  readonly signal?: AbortSignal | undefined
  readonly faultPoint: (point: ImportFaultPoint) => void
}

/** Reads an item and prepares its entries: what is PUT under an id can be imported. */
export type PrepareItem = (
  item: LoadItem,
  options: UnitsOptions,
) => AsyncIterable<PreparedUnit | RejectedEntry | DeferredEntry>

/**
 * Writes the resources of the items to files of the staging place, each of one type, in the order of the input. Files
 * that an earlier run finished are not made again. Throws SOURCE_*, SINK_*, INTERRUPTED.
 */
export async function stage(options: StagingOptions): Promise<void> {
  const { items, record } = options
  const files = new GrowingFiles(options)
  try {
    for (const [number, item] of items.entries()) {
      const isStaged = (type: string, ordinal: number) => record.covers(type, { item: number, ordinal })
      let lastOrdinal = -1
      for await (const line of linesOf(item, isStaged, options)) {
        lastOrdinal = Math.max(lastOrdinal, line.ordinal)
        if (line.kind === 'rejected') await options.reject(item, line)
        else if (line.kind === 'line') await files.add(line, number)
      }
      options.ended(item, lastOrdinal)
    }
    await options.flushRejected()
    await files.end()
  } finally {
    await files.close()
  }
}

/** An entry that is in a file already. */
interface StagedBefore {
  readonly kind: 'staged'
  readonly ordinal: number
}

async function* linesOf(
  item: LoadItem,
  isStaged: (type: string, ordinal: number) => boolean,
  { prepare, isSettled, signal }: StagingOptions,
): AsyncGenerator<ImportableLine | RejectedEntry | StagedBefore> {
  // The preparing is spared for what is staged.
  const passed: StagedBefore[] = []
  const rest: LoadItem = {
    name: item.name,
    version: item.version,
    bytes: item.bytes,
    async *units(unitsOptions) {
      for await (const unit of item.units(unitsOptions)) {
        const entries = entriesOf(unit)
        const isDone = entries.length > 0 && entries.every(({ type, ordinal }) => isStaged(type, ordinal))
        if (isDone) for (const { ordinal } of entries) passed.push({ kind: 'staged', ordinal })
        else yield unit
      }
    },
  }
  for await (const unit of prepare(rest, { skip: (ordinal) => isSettled(item, ordinal), signal })) {
    yield* passed.splice(0)
    if (unit.kind === 'rejected') yield unit
    else if (unit.kind === 'deferred') yield { ...unit, kind: 'rejected' }
    else
      for (const prepared of unit.kind === 'entry' ? [unit.prepared] : unit.prepared) {
        const { type, ordinal } = prepared.entry
        yield isStaged(type, ordinal) ? { kind: 'staged', ordinal } : importable(prepared)
      }
  }
  yield* passed
}

const entriesOf = (unit: LoadUnit): readonly { readonly type: string; readonly ordinal: number }[] =>
  unit.kind === 'entry' ? [unit.entry] : unit.kind === 'transaction' ? unit.entries : []

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
