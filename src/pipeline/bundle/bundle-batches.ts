import type { LinesResult } from '../../workers/protocol.js'
import { TOO_LONG } from '../../workers/rejections.js'
import type { AnonymizedChunk } from '../chunks/chunk-result.js'
import type { Chunk } from '../chunks/chunks.js'
import type { Slab } from '../chunks/slabs.js'
import type { RunContext } from '../context.js'
import type { ItemWork } from '../item-list.js'
import { LineTasks } from '../line-tasks.js'
import { anonymizeChunks } from '../loop.js'
import { ItemScan } from './bundle-scan.js'
import type { ScanVisitor } from './document-scanner.js'

const LONG_ROOM_BYTES = 256 * 1024
/** Closing text of a batch. */
export const TAIL = Buffer.from(']}')

/** Thrown for a rejected part, which rejects the whole document. */
export class Rejected extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly offset: number,
  ) {
    super(message)
  }
}

/** What each batch begins with, and the length of the document's byte order mark. */
interface BatchFrame {
  readonly prefix: Buffer
  readonly mark: number
}

interface Entry {
  readonly bytes: Buffer
  readonly start: number
}

/** Reads the entries once more and has them anonymized, batch by batch; delivers in order. Throws Rejected. */
export async function eachBatch(
  run: RunContext,
  work: ItemWork,
  frame: BatchFrame,
  deliver: (bundle: Buffer) => Promise<void>,
): Promise<LinesResult[]> {
  const counts: LinesResult[] = []
  const tasks = tasksOf(run, work)
  const batches = batchesOf(run, work, frame)
  try {
    await anonymizeChunks(
      {
        next: async () => (await batches.next()).value ?? undefined,
        anonymize: (chunk) => tasks.anonymize(chunk),
        async deliver(chunk) {
          run.checkStopped()
          const { bytes, result } = resourceOf(chunk)
          await deliver(bytes)
          counts.push(result)
        },
      },
      run,
    )
  } finally {
    await batches.return()
  }
  return counts
}

/** Anonymizes a single resource. Throws Rejected. */
export async function anonymizeText(run: RunContext, work: ItemWork, text: Buffer) {
  const slab = await run.slabs.take()
  try {
    slab.bytes.set(text)
    const chunk = { kind: 'lines', slab, start: 0, end: text.length, offset: 0 } as const
    const { bytes, result } = resourceOf(await tasksOf(run, work).anonymize(chunk))
    return { bytes: Buffer.from(bytes), result }
  } finally {
    run.slabs.give(slab)
  }
}

const tasksOf = (run: RunContext, { item }: ItemWork): LineTasks =>
  new LineTasks(run, {
    item: item.name,
    document: true,
    areParts: true,
    maxLineBytes: Number.POSITIVE_INFINITY,
    keepContent: false,
  })

/** The one resource that a chunk held, without the newline, in the chunk's slab. Throws Rejected. */
function resourceOf({ offset, output, parts }: AnonymizedChunk) {
  const [part] = parts
  if (part === undefined) throw new Error('a chunk without an answer')
  const { rows, reasons } = part.result.rejected
  const [, , , reason, elementOffset = 0] = rows
  if (reason !== undefined) {
    const { code, message } = reasons[reason] ?? TOO_LONG
    throw new Rejected(code, message, Math.max(0, offset + elementOffset))
  }
  const [bytes = new Uint8Array(1)] = output
  return { bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length - 1), result: part.result }
}

async function* batchesOf(run: RunContext, work: ItemWork, frame: BatchFrame): AsyncGenerator<Chunk, void> {
  const entries = new EntryList(run.limits.maxLineBytes)
  const scan = await ItemScan.open(run, work, entries)
  try {
    while (await scan.advance()) {
      if (entries.tooLong !== undefined)
        throw new Rejected(
          TOO_LONG.code,
          'an entry is longer than maxLineBytes',
          entries.tooLong - frame.mark,
        )
      for (let first = entries.first; first !== undefined; first = entries.first)
        yield await batchOf(run, entries, first, frame)
    }
  } finally {
    await scan.close()
  }
}

/** The entries that were read and are in no batch yet. */
class EntryList implements ScanVisitor {
  /** Where the first entry begins that is longer than a line may be. */
  tooLong: number | undefined
  readonly #maxLineBytes: number
  readonly #entries: Entry[] = []
  #pieces: Uint8Array[] = []
  #heldBytes = 0

  constructor(maxLineBytes: number) {
    this.#maxLineBytes = maxLineBytes
  }

  get first(): Entry | undefined {
    return this.#entries[0]
  }

  removeFirst(): void {
    this.#entries.shift()
  }

  onShell(): void {}

  onEntryBytes(piece: Uint8Array): void {
    this.#heldBytes += piece.length
    if (this.#heldBytes <= this.#maxLineBytes) this.#pieces.push(new Uint8Array(piece))
  }

  onEntryEnd(start: number): void {
    if (this.#heldBytes > this.#maxLineBytes) this.tooLong ??= start
    this.#entries.push({ bytes: Buffer.concat(this.#pieces), start })
    this.#pieces = []
    this.#heldBytes = 0
  }
}

/** Fills a slab with entries at their distances in the document, so that offsets remain true. */
async function batchOf(
  run: RunContext,
  entries: EntryList,
  first: Entry,
  { prefix, mark }: BatchFrame,
): Promise<Chunk> {
  const slab = await slabFor(run, prefix.length + first.bytes.length + TAIL.length)
  const origin = first.start - prefix.length
  slab.bytes.set(prefix)
  let end = prefix.length
  for (let next: Entry | undefined = first; next !== undefined; next = entries.first) {
    const at = next.start - origin
    if (end > prefix.length && at + next.bytes.length + TAIL.length > slab.bytes.length * 0.7) break
    if (end > prefix.length) slab.bytes.fill(0x20, end, at)
    if (end > prefix.length) slab.bytes.set([0x2c], end)
    slab.bytes.set(next.bytes, at)
    end = at + next.bytes.length
    entries.removeFirst()
  }
  slab.bytes.set(TAIL, end)
  return { kind: 'lines', slab, start: 0, end: end + TAIL.length, offset: origin - mark }
}

const slabFor = ({ limits, slabs }: RunContext, bytes: number): Promise<Slab> =>
  bytes <= limits.slabBytes ? slabs.take() : slabs.takeLong(bytes + LONG_ROOM_BYTES)
