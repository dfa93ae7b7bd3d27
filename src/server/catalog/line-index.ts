import { createHash } from 'node:crypto'
import { type FileHandle, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { sluiceError } from '../../errors.js'
import { isBlank } from '../../ndjson/line.js'
import { type LineBlock, LineBlocks } from '../../ndjson/line-blocks.js'
import { LineCursor } from '../../ndjson/line-cursor.js'
import { openItem } from '../../pipeline/chunks/unpack.js'
import { makeFolders, writeWhole } from '../../storage/folder/folder-files.js'
import { createOwn } from '../../storage/folder/own-file.js'
import type { Source, SourceItem } from '../../storage/store.js'
import { factsOf, type KeyKind, type LineFacts, type LineKey } from './line-facts.js'

/** Summary of an item, from its index on disk; one for each version of each item. */
export interface ItemIndex {
  readonly item: SourceItem
  readonly isGzip: boolean
  /** Decompressed size. */
  readonly bytes: number
  /** Line counts by resource type. The position of a type is its number in the records. */
  readonly types: readonly { readonly name: string; readonly count: number }[]
  readonly blankLines: number
  /** Lines that are not resources; they are not exported. */
  readonly badLines: number
  /** Whether the item begins with a byte-order mark. */
  readonly isMarked: boolean
  /** Latest `meta.lastUpdated` of its lines; absent if no line has one. */
  readonly newestMs?: number
  /** Position of each Group, to read its members. */
  readonly groups: readonly GroupPlace[]
  /** Whether any line contains a URN reference. */
  readonly hasUrns: boolean
  /** Size of the file of records. */
  readonly recordBytes: number
}

export interface GroupPlace {
  readonly id: string
  /** Number of the line in the index. */
  readonly line: number
  readonly offset: number
  readonly length: number
}

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
const FLUSH_BYTES = 1024 * RECORD_BYTES
const VERSION = 5

export const indexKey = (item: SourceItem): string =>
  createHash('sha256')
    .update(JSON.stringify([VERSION, item.name, item.version]))
    .digest('hex')
    .slice(0, 40)

const linesPath = (folder: string, item: SourceItem): string => join(folder, `${indexKey(item)}.lines`)
const headPath = (folder: string, item: SourceItem): string => join(folder, `${indexKey(item)}.json`)

/** Opens the item's index from an earlier run; undefined if it is missing or incomplete. */
export async function readIndex(folder: string, item: SourceItem): Promise<ItemIndex | undefined> {
  try {
    const index = JSON.parse(await readFile(headPath(folder, item), 'utf8')) as ItemIndex
    const { size } = await stat(linesPath(folder, item))
    return size === index.recordBytes ? index : undefined
  } catch {
    return undefined
  }
}

export interface IndexOptions {
  readonly folder: string
  readonly maxLineBytes: number
  /** Ends the pass between two reads. */
  readonly signal: AbortSignal
}

/** Reads the item once and writes its index: the records, then the head, which marks them complete. */
export async function buildIndex(
  source: Source,
  item: SourceItem,
  { folder, maxLineBytes, signal }: IndexOptions,
): Promise<ItemIndex> {
  await makeFolders(folder, 0o700)
  const path = linesPath(folder, item)
  const reader = await openItem(source, item, 0, () => {
    if (signal.aborted) throw interrupted()
  })
  let file: FileHandle | undefined
  try {
    const part = await createOwn(`${path}.part`, 0o600)
    file = part
    const lines = new LineCollector(isDeletionName(item.name))
    // Records are written between two reads, so that little is held in memory.
    const blocks = new LineBlocks((target) => reader.read(target), { maxLineBytes })
    for (let block = await blocks.next(); block !== undefined; block = await blocks.next()) {
      if (block.kind === 'too-long') lines.addLongLine()
      else lines.addLines(block)
      if (lines.records.pendingBytes >= FLUSH_BYTES) await part.write(lines.records.take())
    }
    await reader.verify()
    await part.write(lines.records.take())
    await part.datasync()
    const { size: recordBytes } = await part.stat()
    await part.close()
    await rename(`${path}.part`, path)
    const { isMarked, endOffset: bytes } = blocks
    const index = { item, isGzip: reader.gzip, bytes, isMarked, ...lines.summary(), recordBytes }
    await writeWhole(headPath(folder, item), JSON.stringify(index), 0o600)
    return index
  } finally {
    await reader.close()
    await file?.close().catch(() => undefined)
    await rm(`${path}.part`, { force: true })
  }
}

export const interrupted = () =>
  sluiceError('INTERRUPTED', { message: 'the server is stopping', help: 'ask again when it has started' })

/** Exports put Bundles of deletions into a folder `deleted`. */
export const isDeletionName = (name: string): boolean => /(?:^|\/)deleted\//.test(name)

/** Totals over the lines of an item. */
class LineCollector {
  readonly records = new RecordWriter()
  readonly #groups: GroupPlace[] = []
  #lineCount = 0
  #blankLines = 0
  #badLines = 0
  #newestMs: number | undefined
  #hasUrns = false
  readonly #isDeletion: boolean

  constructor(isDeletion: boolean) {
    this.#isDeletion = isDeletion
  }

  addLines({ bytes, offset }: LineBlock): void {
    const line = new LineCursor(bytes)
    while (line.advance()) this.#add(bytes, line, offset)
  }

  addLongLine(): void {
    this.#badLines += 1
  }

  #add(bytes: Buffer, { start, end, next }: LineCursor, blockOffset: number): void {
    if (isBlank(bytes, start, end)) {
      this.#blankLines += 1
      return
    }
    const facts = factsOf(bytes, { start, end, isDeletion: this.#isDeletion })
    if (facts === undefined) {
      this.#badLines += 1
      return
    }
    const place = { offset: blockOffset + start, length: next - start }
    if (!Number.isNaN(facts.lastUpdatedMs))
      this.#newestMs = Math.max(this.#newestMs ?? facts.lastUpdatedMs, facts.lastUpdatedMs)
    if (facts.type === 'Group') this.#groups.push({ id: facts.id, line: this.#lineCount, ...place })
    this.#hasUrns ||= facts.keys.some(({ kind }) => kind.startsWith('maybe'))
    this.#lineCount += 1
    this.records.add(place, facts)
  }

  summary(): Omit<ItemIndex, 'item' | 'isGzip' | 'bytes' | 'isMarked' | 'recordBytes'> {
    return {
      types: this.records.types(),
      blankLines: this.#blankLines,
      badLines: this.#badLines,
      ...(this.#newestMs === undefined ? {} : { newestMs: this.#newestMs }),
      groups: this.#groups,
      hasUrns: this.#hasUrns,
    }
  }
}

interface Place {
  readonly offset: number
  readonly length: number
}

class RecordWriter {
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
