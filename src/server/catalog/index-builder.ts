import { type FileHandle, rename, rm } from 'node:fs/promises'
import { sluiceError } from '../../errors.js'
import { isBlank } from '../../ndjson/line.js'
import { type LineBlock, LineBlocks } from '../../ndjson/line-blocks.js'
import { LineCursor } from '../../ndjson/line-cursor.js'
import { openItem } from '../../pipeline/chunks/unpack.js'
import { makeFolders, writeWhole } from '../../storage/folder/folder-files.js'
import { createOwn } from '../../storage/folder/own-file.js'
import type { Source, SourceItem } from '../../storage/store.js'
import { type GroupPlace, headPath, type ItemIndex, isDeletionName, linesPath } from './item-index.js'
import { factsOf } from './line-facts.js'
import { FLUSH_BYTES, RecordWriter } from './line-records.js'
import { type Packing, packingOf } from './packing.js'

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
  const reader = await openItem(source, item, 0, {
    check: () => {
      if (signal.aborted) throw interrupted()
    },
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
    const packing = packingOf({
      isGzip: reader.format === 'gzip',
      ...(reader.format === 'zstd' ? { isZstd: true } : {}),
    })
    const index = { item, ...packing, bytes, isMarked, ...lines.summary(), recordBytes }
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

  summary(): Omit<ItemIndex, 'item' | keyof Packing | 'bytes' | 'isMarked' | 'recordBytes'> {
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
