import { createHash } from 'node:crypto'
import { type FileHandle, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { sluiceError } from '../errors.js'
import { openItem } from '../pipeline/unpack.js'
import { makeFolders, writeWhole } from '../storage/folder-files.js'
import { createOwn } from '../storage/own-file.js'
import type { Source, SourceItem } from '../storage/store.js'
import { factsOf, type LineFacts, patientKey } from './line-facts.js'
import { type ScannedLine, scanLines } from './line-scan.js'

/** What an item holds, from its index on disk; one for each version of each item. */
export interface ItemIndex {
  readonly item: SourceItem
  readonly isGzip: boolean
  /** Decompressed. */
  readonly bytes: number
  /** Lines by resource type; the position of a type is its number in the records. */
  readonly types: readonly { readonly name: string; readonly count: number }[]
  readonly blankLines: number
  /** Lines that are no resource: not handed out. */
  readonly badLines: number
  /** The item begins with a byte order mark. */
  readonly isMarked: boolean
  /** The largest `meta.lastUpdated` of its lines; absent where none has one. */
  readonly newestMs?: number
  /** Where each Group stands, for its members. */
  readonly groups: readonly { readonly id: string; readonly offset: number; readonly length: number }[]
}

/** One line of the index. */
export interface LineRecord {
  readonly type: number
  readonly offset: number
  /** With the line break. */
  readonly length: number
  readonly lastUpdatedMs: number
  /** Keys of the patients it names for certain, and of those it names by URN. */
  readonly patients: readonly bigint[]
  readonly maybePatients: readonly bigint[]
}

// A line's record; one more with FURTHER for each further patient: offset f64, length u32, type u16, flags u16,
// lastUpdated f64, patient key u64.
const RECORD_BYTES = 32
const FURTHER = 1
const MAYBE = 2
const FLUSH_BYTES = 1024 * RECORD_BYTES
const VERSION = 2

export const indexKey = (item: SourceItem): string =>
  createHash('sha256')
    .update(JSON.stringify([VERSION, item.name, item.version]))
    .digest('hex')
    .slice(0, 40)

const linesPath = (folder: string, item: SourceItem): string => join(folder, `${indexKey(item)}.lines`)
const headPath = (folder: string, item: SourceItem): string => join(folder, `${indexKey(item)}.json`)

/** The item's index as an earlier run left it; undefined where there is none. */
export async function readIndex(folder: string, item: SourceItem): Promise<ItemIndex | undefined> {
  try {
    return JSON.parse(await readFile(headPath(folder, item), 'utf8')) as ItemIndex
  } catch {
    return undefined
  }
}

export interface IndexOptions {
  readonly folder: string
  readonly maxLineBytes: number
  /** Ends it between two reads. */
  readonly signal: AbortSignal
}

/** Reads the item once and writes its index: the records, then the head that says they are whole. */
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
    const lines = new LineCollector()
    // Records are written between two reads: what is held stays small.
    const read = async (target: Uint8Array): Promise<number> => {
      if (lines.records.pendingBytes >= FLUSH_BYTES) await part.write(lines.records.take())
      return reader.read(target)
    }
    const bytes = await scanLines({ read }, maxLineBytes, lines)
    await reader.verify()
    await part.write(lines.records.take())
    await part.datasync()
    await part.close()
    await rename(`${path}.part`, path)
    const index = { item, isGzip: reader.gzip, bytes, ...lines.summary() }
    await writeWhole(headPath(folder, item), JSON.stringify(index), 0o600)
    return index
  } finally {
    await reader.close()
    await file?.close().catch(() => undefined)
    await rm(`${path}.part`, { force: true })
  }
}

export const interrupted = () =>
  sluiceError('INTERRUPTED', 'the server ends', { blame: 'user', retry: 'later' })

/** What the lines of an item come to. */
class LineCollector {
  readonly records = new RecordWriter()
  readonly #groups: { id: string; offset: number; length: number }[] = []
  #blankLines = 0
  #badLines = 0
  #isMarked = false
  #newestMs: number | undefined

  readonly onLine = ({ source, start, end, offset, endOffset }: ScannedLine): void => {
    const markBytes = offset === 0 && hasMark(source) ? 3 : 0
    this.#isMarked ||= markBytes > 0
    if (isBlank(source, start + markBytes, end)) {
      this.#blankLines += 1
      return
    }
    const facts = factsOf(source, start + markBytes, end)
    if (facts === undefined) {
      this.#badLines += 1
      return
    }
    const place = { offset: offset + markBytes, length: endOffset - offset - markBytes }
    if (!Number.isNaN(facts.lastUpdatedMs))
      this.#newestMs = Math.max(this.#newestMs ?? facts.lastUpdatedMs, facts.lastUpdatedMs)
    if (facts.type === 'Group') this.#groups.push({ id: facts.id, ...place })
    this.records.add(place, facts)
  }

  readonly onLongLine = (): void => {
    this.#badLines += 1
  }

  summary(): Omit<ItemIndex, 'item' | 'isGzip' | 'bytes'> {
    return {
      types: this.records.types(),
      blankLines: this.#blankLines,
      badLines: this.#badLines,
      isMarked: this.#isMarked,
      ...(this.#newestMs === undefined ? {} : { newestMs: this.#newestMs }),
      groups: this.#groups,
    }
  }
}

const hasMark = (bytes: Uint8Array): boolean => bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf

function isBlank(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++)
    if (bytes[at] !== 0x20 && bytes[at] !== 0x09 && bytes[at] !== 0x0d) return false
  return true
}

class RecordWriter {
  #buffer = Buffer.allocUnsafe(2 * FLUSH_BYTES)
  #length = 0
  readonly #types = new Map<string, { name: string; number: number; count: number }>()

  get pendingBytes(): number {
    return this.#length
  }

  add(
    place: { readonly offset: number; readonly length: number },
    { type, lastUpdatedMs, patients }: LineFacts,
  ): void {
    const number = this.#count(type)
    const [first, ...further] = patients
    const flagsOf = (patient: { readonly isCertain: boolean } | undefined): number =>
      patient?.isCertain === false ? MAYBE : 0
    const keyOf = (patient: { readonly id: string } | undefined): bigint =>
      patient === undefined ? 0n : patientKey(patient.id)
    this.#write(place, { number, flags: flagsOf(first), lastUpdatedMs, key: keyOf(first) })
    for (const patient of further)
      this.#write(place, { number, flags: FURTHER | flagsOf(patient), lastUpdatedMs, key: keyOf(patient) })
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

  #write(
    { offset, length }: { readonly offset: number; readonly length: number },
    record: {
      readonly number: number
      readonly flags: number
      readonly lastUpdatedMs: number
      readonly key: bigint
    },
  ): void {
    if (this.#length + RECORD_BYTES > this.#buffer.length)
      this.#buffer = Buffer.concat([this.#buffer, Buffer.allocUnsafe(this.#buffer.length)])
    const at = this.#length
    this.#buffer.writeDoubleLE(offset, at)
    this.#buffer.writeUInt32LE(length, at + 8)
    this.#buffer.writeUInt16LE(record.number, at + 12)
    this.#buffer.writeUInt16LE(record.flags, at + 14)
    this.#buffer.writeDoubleLE(record.lastUpdatedMs, at + 16)
    this.#buffer.writeBigUInt64LE(record.key, at + 24)
    this.#length += RECORD_BYTES
  }
}

/** Every line of an item, in the order of the text. Throws STATE_UNREADABLE at its end if some are missing. */
export async function* linesOf(
  folder: string,
  { item, types }: ItemIndex,
): AsyncGenerator<readonly LineRecord[]> {
  let left = types.reduce((sum, { count }) => sum + count, 0)
  const file = await open(linesPath(folder, item), 'r')
  try {
    const buffer = Buffer.allocUnsafe(1024 * 1024)
    let open: Building | undefined
    for (let at = 0; ; ) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, at)
      if (bytesRead === 0) break
      at += bytesRead
      const lines: LineRecord[] = []
      for (let record = 0; record + RECORD_BYTES <= bytesRead; record += RECORD_BYTES) {
        const flags = buffer.readUInt16LE(record + 14)
        if ((flags & FURTHER) === 0) {
          if (open !== undefined) lines.push(open)
          open = {
            offset: buffer.readDoubleLE(record),
            length: buffer.readUInt32LE(record + 8),
            type: buffer.readUInt16LE(record + 12),
            lastUpdatedMs: buffer.readDoubleLE(record + 16),
            patients: [],
            maybePatients: [],
          }
        }
        const key = buffer.readBigUInt64LE(record + 24)
        if (key !== 0n && open !== undefined)
          ((flags & MAYBE) === 0 ? open.patients : open.maybePatients).push(key)
      }
      left -= lines.length
      yield lines
    }
    if (open !== undefined) {
      left -= 1
      yield [open]
    }
    if (left !== 0) throw await damaged(folder, item)
  } finally {
    await file.close()
  }
}

/** The index is forgotten: the next start builds it anew. */
async function damaged(folder: string, item: SourceItem): Promise<Error> {
  await rm(headPath(folder, item), { force: true })
  return sluiceError('STATE_UNREADABLE', 'has an index with missing lines; start the server again', {
    blame: 'sink',
    retry: 'later',
    at: item.name,
  })
}

interface Building extends LineRecord {
  readonly patients: bigint[]
  readonly maybePatients: bigint[]
}
