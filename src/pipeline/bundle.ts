import { findMember, findStringMember } from '../fhir/json.js'
import { gzipMember } from '../workers/gzip-member.js'
import type { LinesResult, LinesTask } from '../workers/protocol.js'
import { TOO_LONG } from '../workers/rejections.js'
import { entriesOf, labelsOf, membersBut, metaMember } from './bundle-text.js'
import type { AnonymizedChunk } from './chunk-result.js'
import { lengthOfMark } from './chunks.js'
import type { RunContext } from './context.js'
import { outputOf } from './dispatch.js'
import { DocumentScanner, Malformed, type ScanVisitor } from './document-scanner.js'
import { InOrder } from './in-order.js'
import type { ItemWork } from './items.js'
import type { Slab } from './slabs.js'
import { openItem } from './unpack.js'

const PIECE_BYTES = 256 * 1024
const TAIL = Buffer.from(']}')

/** A rejected part: the whole document is rejected for it. */
class Rejected {
  constructor(
    readonly code: string,
    readonly message: string,
    readonly offset: number,
  ) {}
}

interface Batch {
  readonly slab: Slab
  readonly end: number
  readonly baseOffset: number
}

/**
 * A Bundle that is longer than a line may be, cut at its entries: the Bundle without them, then batches of them,
 * each as a small Bundle with the same id and type, so that rules, prefixes and labels see what they would see.
 * `append` gets the output as it grows; `meta` comes last, with all labels. A bad entry rejects the whole Bundle.
 * The report of the one chunk that the document is. Throws what reading throws.
 */
export async function anonymizeBundle(
  run: RunContext,
  work: ItemWork,
  append: (pieces: readonly Uint8Array[]) => Promise<void>,
): Promise<AnonymizedChunk> {
  const { shell, mark, endOffset } = await readShell(run, work)
  const write = (bytes: Uint8Array): Promise<void> => append([run.gzip ? gzipMember(bytes) : bytes])
  const whole = (result: LinesResult): AnonymizedChunk => ({
    offset: mark,
    endOffset,
    output: [],
    parts: [{ offset: mark, result }],
  })
  try {
    if (shell === undefined) throw new Rejected(TOO_LONG.code, TOO_LONG.message, 0)
    if (shell instanceof Malformed) throw new Rejected(shell.code, 'the document is malformed', shell.offset)
    if (findStringMember(shell, 0, shell.length, 'resourceType')?.text !== 'Bundle')
      throw new Rejected(TOO_LONG.code, TOO_LONG.message, 0)
    const own = await anonymizeText(run, work, shell)
    const prefix = prefixOf(shell)
    const empty = await anonymizeText(run, work, Buffer.concat([prefix, TAIL]))
    const written = new BundleWriter(own.bytes, write)
    const counts = await eachBatch(run, work, { prefix, mark }, (batch) => written.add(batch))
    await write(written.finish(metaMember(own.bytes, shell, written.labels)))
    return whole(sumOf([own.result, ...counts.map((count) => minus(count, empty.result))]))
  } catch (error) {
    if (!(error instanceof Rejected)) throw error
    return whole(rejectionOf(error, endOffset - mark))
  }
}

/** The Bundle but for its entries, and where it ends; undefined if even that is too long. */
async function readShell(run: RunContext, work: ItemWork) {
  const pieces: Uint8Array[] = []
  let bytes = 0
  const { maxLineBytes } = run.limits
  const limit = Math.min(maxLineBytes, run.limits.slabBytes / 2)
  const { mark, endOffset, malformed } = await scanItem(run, work, {
    onShell(piece) {
      bytes += piece.length
      if (bytes <= limit) pieces.push(new Uint8Array(piece))
    },
    onEntryBytes() {},
    onEntryEnd() {},
  })
  return { shell: malformed ?? (bytes <= limit ? Buffer.concat(pieces) : undefined), mark, endOffset }
}

async function scanItem(
  run: RunContext,
  { item }: ItemWork,
  visitor: ScanVisitor,
  paced?: () => Promise<void>,
) {
  const reader = await openItem(run.source, item, 0)
  try {
    const piece = Buffer.alloc(PIECE_BYTES)
    let endOffset = await reader.read(piece)
    const mark = lengthOfMark(piece.subarray(0, endOffset), item.name)
    const scanner = new DocumentScanner(visitor, mark)
    let malformed: Malformed | undefined
    for (let filled = endOffset, from = mark; filled > 0; from = 0) {
      run.checkStopped()
      malformed ??= scanned(() => scanner.scan(piece.subarray(from, filled)))
      await paced?.()
      filled = await reader.read(piece)
      endOffset += filled
    }
    malformed ??= scanned(() => scanner.finish())
    await reader.verify()
    return { mark, endOffset, malformed }
  } finally {
    await reader.close()
  }
}

function scanned(scan: () => void): Malformed | undefined {
  try {
    scan()
    return undefined
  } catch (error) {
    if (error instanceof Malformed) return error
    throw error
  }
}

/** What stands before the entries of each batch: id and type decide prefixes and what rules see. */
function prefixOf(shell: Buffer): Buffer {
  const members = ['id', 'type'].flatMap((name) => {
    const value = findMember(shell, 0, shell.length, name)
    return value === undefined ? [] : [`"${name}":${shell.toString('utf8', value.start, value.end)}`]
  })
  return Buffer.from(`{${['"resourceType":"Bundle"', ...members, '"entry":['].join(',')}`)
}

/** Reads the entries once more and has them anonymized, batch by batch; delivers in order. */
async function eachBatch(
  run: RunContext,
  work: ItemWork,
  { prefix, mark }: { readonly prefix: Buffer; readonly mark: number },
  deliver: (bundle: Buffer) => Promise<void>,
): Promise<LinesResult[]> {
  const counts: LinesResult[] = []
  const inOrder = new InOrder<{ readonly bytes: Buffer; readonly result: LinesResult }>(
    async ({ bytes, result }) => {
      run.checkStopped()
      await deliver(bytes)
      counts.push(result)
    },
  )
  const entries: { readonly bytes: Buffer; readonly start: number }[] = []
  let pieces: Uint8Array[] = []
  let held = 0
  let tooLong: number | undefined
  const visitor: ScanVisitor = {
    onShell() {},
    onEntryBytes(piece) {
      held += piece.length
      if (held <= run.limits.maxLineBytes) pieces.push(new Uint8Array(piece))
    },
    onEntryEnd(start) {
      if (held > run.limits.maxLineBytes) tooLong ??= start
      entries.push({ bytes: Buffer.concat(pieces), start })
      pieces = []
      held = 0
    },
  }
  const send = async (): Promise<void> => {
    if (tooLong !== undefined)
      throw new Rejected(TOO_LONG.code, 'an entry is longer than maxLineBytes', tooLong - mark)
    if (inOrder.failed) entries.length = 0
    while (entries.length > 0) {
      const batch = await batchOf(run, entries, { prefix, mark })
      inOrder.push(anonymizeBatch(run, work, batch), () => run.slabs.give(batch.slab))
    }
  }
  try {
    await scanItem(run, work, visitor, send)
  } finally {
    await inOrder.drain()
  }
  return counts
}

/** As many of the entries as a slab holds, as far apart as they are in the document: offsets stay true. */
async function batchOf(
  run: RunContext,
  entries: { readonly bytes: Buffer; readonly start: number }[],
  { prefix, mark }: { readonly prefix: Buffer; readonly mark: number },
): Promise<Batch> {
  const [first] = entries
  const needed = prefix.length + first.bytes.length + TAIL.length
  const slab =
    needed <= run.limits.slabBytes ? await run.slabs.take() : await run.slabs.takeLong(needed + PIECE_BYTES)
  const origin = first.start - prefix.length
  slab.bytes.set(prefix)
  let end = prefix.length
  for (let next: (typeof entries)[number] | undefined = first; next !== undefined; next = entries[0]) {
    const at = next.start - origin
    if (end > prefix.length && at + next.bytes.length + TAIL.length > slab.bytes.length * 0.7) break
    if (end > prefix.length) slab.bytes.fill(0x20, end, at)
    if (end > prefix.length) slab.bytes.set([0x2c], end)
    slab.bytes.set(next.bytes, at)
    end = at + next.bytes.length
    entries.shift()
  }
  slab.bytes.set(TAIL, end)
  return { slab, end: end + TAIL.length, baseOffset: origin - mark }
}

async function anonymizeText(run: RunContext, work: ItemWork, text: Buffer) {
  const slab = await run.slabs.take()
  try {
    slab.bytes.set(text)
    const { bytes, result } = await anonymizeBatch(run, work, { slab, end: text.length, baseOffset: 0 })
    return { bytes: Buffer.from(bytes), result }
  } finally {
    run.slabs.give(slab)
  }
}

async function anonymizeBatch(run: RunContext, { item }: ItemWork, { slab, end, baseOffset }: Batch) {
  const { dateShiftScope } = run.spec.parameters
  const fileName = item.name.slice(item.name.lastIndexOf('/') + 1)
  const task: LinesTask = {
    kind: 'lines',
    slab: slab.shared,
    claim: slab.claim,
    start: 0,
    end,
    roomBytes: slab.bytes.length,
    item: item.name,
    firstRecord: 0,
    dateShiftPrefix:
      dateShiftScope === 'folder' ? run.source.folderName : dateShiftScope === 'file' ? fileName : '',
    baseOffset,
    document: true,
    maxLineBytes: Number.POSITIVE_INFINITY,
    gzip: false,
    keepContent: false,
  }
  const parts = await run.dispatch.run(task)
  const [{ result }] = parts
  const [, , , reason, elementOffset] = result.rejected.rows
  if (reason !== undefined) {
    const { code, message } = result.rejected.reasons[reason]
    throw new Rejected(code, message, Math.max(0, baseOffset + elementOffset))
  }
  const [bytes] = outputOf(parts, false)
  const { buffer, byteOffset, length } = bytes
  // Without the newline.
  return { bytes: Buffer.from(buffer, byteOffset, length - 1), result }
}

/** Puts the parts of a Bundle together. */
class BundleWriter {
  labels = 0
  #entries = 0
  readonly #members: Buffer

  constructor(
    shell: Buffer,
    private readonly write: (bytes: Uint8Array) => Promise<void>,
  ) {
    this.#members = membersBut(shell, 'meta')
  }

  async add(bundle: Buffer): Promise<void> {
    this.labels |= labelsOf(bundle)
    const entries = entriesOf(bundle)
    if (entries.length === 0) return
    const comma = this.#members.length > 0 ? ',' : ''
    const before =
      this.#entries === 0
        ? [Buffer.from('{'), this.#members, Buffer.from(`${comma}"entry":[`)]
        : [Buffer.from(',')]
    this.#entries += 1
    await this.write(Buffer.concat([...before, entries]))
  }

  /** What closes the document. */
  finish(meta: Buffer): Buffer {
    const open = this.#entries === 0 ? Buffer.concat([Buffer.from('{'), this.#members]) : Buffer.from(']')
    const comma = meta.length > 0 && (this.#entries > 0 || this.#members.length > 0) ? ',' : ''
    return Buffer.concat([open, Buffer.from(comma), meta, Buffer.from('}\n')])
  }
}

type Counts = Readonly<Record<string, number>>

/** A batch counts the Bundle around it, which is only there once. */
const minus = (result: LinesResult, empty: LinesResult): LinesResult => ({
  ...result,
  resourcesByType: {},
  elementsByRule: Object.fromEntries(
    Object.entries(result.elementsByRule).map(([rule, count]) => [
      rule,
      Math.max(0, count - (empty.elementsByRule[rule] ?? 0)),
    ]),
  ),
})

function sumOf(results: readonly LinesResult[]): LinesResult {
  const elementsByRule: Record<string, number> = {}
  for (const result of results)
    for (const [rule, count] of Object.entries(result.elementsByRule as Counts))
      elementsByRule[rule] = (elementsByRule[rule] ?? 0) + count
  const [first] = results
  return { ...first, elementsByRule, busyMs: results.reduce((sum, { busyMs }) => sum + busyMs, 0) }
}

const rejectionOf = ({ code, message, offset }: Rejected, length: number): LinesResult => ({
  kind: 'lines',
  outputBytes: 0,
  lines: 1,
  delivered: 0,
  blank: 0,
  interpretedLines: 0,
  resourcesByType: {},
  elementsByRule: {},
  rejected: {
    rows: Uint32Array.of(0, Math.min(length, 2 ** 32 - 1), 0, 0, Math.min(offset, 2 ** 32 - 1)),
    reasons: [{ code, message }],
  },
  busyMs: 0,
})
