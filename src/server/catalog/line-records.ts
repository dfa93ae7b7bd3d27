import { open, rm } from 'node:fs/promises'
import { sluiceError } from '../../errors.js'
import type { SourceItem } from '../../storage/store.js'
import { headPath, type ItemIndex, linesPath } from './item-index.js'
import type { KeyKind, LineFacts, LineKey } from './line-facts.js'

/** One line of the index. */
export interface LineRecord {
  readonly type: number
  readonly offset: number
  /** Length including the line break. */
  readonly length: number
  readonly lastUpdatedMs: number
  /** `meta.versionId`; NaN if it is not a number. */
  readonly version: number
  /** Key of `Type/id`; 0 without an id. */
  readonly own: bigint
  readonly hidesPatient: boolean
  readonly keys: readonly LineKey[]
}

// A line has one record, then one marked FURTHER for each of its keys: offset f64, length u32, type u16, flags u16,
// lastUpdated f64, version f64, key u64.
const RECORD_BYTES = 40
const FURTHER = 1
const HIDES_PATIENT = 2
const KIND_SHIFT = 4
const KINDS: readonly KeyKind[] = [
  'patient',
  'maybe-patient',
  'mention',
  'maybe-mention',
  'support',
  'self',
  'delete',
]
/** Records that wait for longer are written to the file. */
export const FLUSH_BYTES = 1024 * RECORD_BYTES

interface Place {
  readonly offset: number
  readonly length: number
}

/** Collects the records of lines until they are written. */
export class RecordWriter {
  #buffer = Buffer.allocUnsafe(2 * FLUSH_BYTES)
  #length = 0
  readonly #types = new Map<string, { name: string; number: number; count: number }>()

  get pendingBytes(): number {
    return this.#length
  }

  add(place: Place, facts: LineFacts): void {
    const number = this.#count(facts.type)
    this.#write(place, facts, number)
    const line = this.#length - RECORD_BYTES
    this.#mark(facts.hidesPatient ? HIDES_PATIENT : 0, facts.own)
    for (const { kind, key } of facts.keys) {
      this.#reserve()
      this.#buffer.copyWithin(this.#length, line, line + RECORD_BYTES)
      this.#length += RECORD_BYTES
      this.#mark(FURTHER | (KINDS.indexOf(kind) << KIND_SHIFT), key)
    }
  }

  take(): Buffer {
    const taken = Buffer.from(this.#buffer.subarray(0, this.#length))
    this.#length = 0
    return taken
  }

  types(): ItemIndex['types'] {
    return [...this.#types.values()].map(({ name, count }) => ({ name, count }))
  }

  #count(type: string): number {
    const known = this.#types.get(type)
    if (known !== undefined) {
      known.count += 1
      return known.number
    }
    const number = this.#types.size
    this.#types.set(type, { name: type, number, count: 1 })
    return number
  }

  #reserve(): void {
    if (this.#length + RECORD_BYTES > this.#buffer.length)
      this.#buffer = Buffer.concat([this.#buffer, Buffer.allocUnsafe(this.#buffer.length)])
  }

  #write({ offset, length }: Place, { lastUpdatedMs, version }: LineFacts, number: number): void {
    this.#reserve()
    const at = this.#length
    this.#buffer.writeDoubleLE(offset, at)
    this.#buffer.writeUInt32LE(length, at + 8)
    this.#buffer.writeUInt16LE(number, at + 12)
    this.#buffer.writeDoubleLE(lastUpdatedMs, at + 16)
    this.#buffer.writeDoubleLE(version, at + 24)
    this.#length += RECORD_BYTES
  }

  /** Kind of the last record. */
  #mark(flags: number, key: bigint): void {
    const at = this.#length - RECORD_BYTES
    this.#buffer.writeUInt16LE(flags, at + 14)
    this.#buffer.writeBigUInt64LE(key, at + 32)
  }
}

/** Yields every line of an item, in file order. Throws STATE_DAMAGED at the end if lines are missing. */
export async function* linesOf(folder: string, index: ItemIndex): AsyncGenerator<readonly LineRecord[]> {
  let open: Building | undefined
  let lines: LineRecord[] = []
  const records = recordsOf(folder, index, (buffer, at, flags) => {
    const key = buffer.readBigUInt64LE(at + 32)
    if ((flags & FURTHER) !== 0) {
      if (open === undefined) return
      if (open.keys === NO_KEYS) open.keys = []
      ;(open.keys as LineKey[]).push({ kind: KINDS[flags >> KIND_SHIFT] ?? 'mention', key })
      return
    }
    if (open !== undefined) lines.push(open)
    open = {
      offset: buffer.readDoubleLE(at),
      length: buffer.readUInt32LE(at + 8),
      type: buffer.readUInt16LE(at + 12),
      hidesPatient: (flags & HIDES_PATIENT) !== 0,
      lastUpdatedMs: buffer.readDoubleLE(at + 16),
      version: buffer.readDoubleLE(at + 24),
      own: key,
      keys: NO_KEYS,
    }
  })
  for await (const _ of records) {
    if (lines.length > 0) yield lines
    lines = []
  }
  if (open !== undefined) yield [open]
}

type Building = { -readonly [K in keyof LineRecord]: LineRecord[K] }
const NO_KEYS: readonly LineKey[] = []

/** Facts that distinguish versions of a resource, without building the line. */
export interface VersionRecord {
  readonly line: number
  readonly isDeletion: boolean
  /** The two halves of `own`, or of the key of the deleted resource. */
  readonly high: number
  readonly low: number
  readonly lastUpdatedMs: number
  readonly version: number
}

/** Reads the versions of an item. `onVersion` gets the same object each time, filled anew. */
export async function* versionsOf(
  folder: string,
  index: ItemIndex,
  onVersion: (record: VersionRecord) => void,
): AsyncGenerator<void> {
  const deletes = FURTHER | (KINDS.indexOf('delete') << KIND_SHIFT)
  const record = { line: -1, isDeletion: false, high: 0, low: 0, lastUpdatedMs: 0, version: 0 }
  yield* recordsOf(folder, index, (buffer, at, flags) => {
    const isLine = (flags & FURTHER) === 0
    if (isLine) record.line += 1
    else if (flags !== deletes) return
    record.isDeletion = !isLine
    record.low = buffer.readUInt32LE(at + 32)
    record.high = buffer.readUInt32LE(at + 36)
    record.lastUpdatedMs = buffer.readDoubleLE(at + 16)
    record.version = buffer.readDoubleLE(at + 24)
    // A line without an id is not a version of any resource.
    if (record.low !== 0 || record.high !== 0) onVersion(record)
  })
}

/** Reads every record, yielding after each read. Throws STATE_DAMAGED at the end if lines are missing. */
async function* recordsOf(
  folder: string,
  { item, types }: ItemIndex,
  onRecord: (buffer: Buffer, at: number, flags: number) => void,
): AsyncGenerator<void> {
  let left = types.reduce((sum, { count }) => sum + count, 0)
  const file = await open(linesPath(folder, item), 'r')
  try {
    const buffer = Buffer.allocUnsafe(READ_BYTES)
    for (let at = 0; ; ) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, at)
      if (bytesRead === 0) break
      at += bytesRead
      for (let record = 0; record + RECORD_BYTES <= bytesRead; record += RECORD_BYTES) {
        const flags = buffer.readUInt16LE(record + 14)
        if ((flags & FURTHER) === 0) left -= 1
        onRecord(buffer, record, flags)
      }
      yield
    }
    if (left !== 0) throw await damaged(folder, item)
  } finally {
    await file.close()
  }
}

// Reads whole records; other work runs between two reads.
const READ_BYTES = 8192 * RECORD_BYTES

/** Removes a damaged index, so that the next start builds it again. */
async function damaged(folder: string, item: SourceItem): Promise<Error> {
  await rm(headPath(folder, item), { force: true })
  return sluiceError('STATE_DAMAGED', {
    at: item.name,
    message: 'has an index with missing lines',
  })
}
