import type { LinesResult, LinesTask } from '../../workers/protocol.js'
import { TOO_LONG } from '../../workers/rejections.js'
import { outputOf } from '../chunks/dispatch.js'
import { InOrder } from '../chunks/in-order.js'
import type { Slab } from '../chunks/slabs.js'
import type { RunContext } from '../context.js'
import type { ItemWork } from '../item-list.js'
import { scanItem } from './bundle-scan.js'
import type { ScanVisitor } from './document-scanner.js'

const LONG_ROOM_BYTES = 256 * 1024
/** What closes a batch. */
export const TAIL = Buffer.from(']}')

/** A rejected part: the whole document is rejected for it. */
export class Rejected {
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

/** Reads the entries once more and has them anonymized, batch by batch; delivers in order. */
export async function eachBatch(
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
    needed <= run.limits.slabBytes
      ? await run.slabs.take()
      : await run.slabs.takeLong(needed + LONG_ROOM_BYTES)
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

/** A resource by itself. Throws Rejected. */
export async function anonymizeText(run: RunContext, work: ItemWork, text: Buffer) {
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
