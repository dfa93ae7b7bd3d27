import { namedFormat } from '../compression/compression.js'
import { type ErrorCode, isSluiceError, type SluiceError, sluiceError } from '../errors.js'
import { isDocumentName } from '../storage/names.js'
import type { SourceItem } from '../storage/store.js'
import { rejectionsOf } from '../workers/rejections.js'
import { anonymizeBundle } from './bundle/bundle.js'
import { journalName } from './checkpoint/done-record.js'
import type { AnonymizedChunk } from './chunks/chunk-result.js'
import { type ChunkSource, Chunks } from './chunks/chunks.js'
import { documentChunks } from './chunks/documents.js'
import { openItem } from './chunks/unpack.js'
import { findSealed, type SealedItem } from './commit.js'
import type { RunContext } from './context.js'
import type { ItemWork } from './item-list.js'
import { LineTasks, taskOptions } from './line-tasks.js'
import { anonymizeChunks } from './loop.js'
import type { ItemCounts } from './report/item-counts.js'
import { openSinkWriter } from './resumption.js'
import { bytesOfWork } from './run-counts.js'
import type { SinkWriter } from './sink-writer.js'

/** An item whose output is written but not yet durable. */
export interface WrittenItem {
  /** Whether it has no journal, because redoing it costs less than waiting for its flush. */
  readonly isSmall: boolean
  /** Makes the output durable but not yet visible. */
  seal(): Promise<SealedItem>
  /** Ends the item without sealing it; a later run redoes or resumes it. */
  close(): Promise<void>
}

/**
 * Anonymizes one item until its output is complete. An error of the item itself leaves nothing behind; any other leaves
 * a checkpoint.
 */
export async function anonymizeItem(run: RunContext, work: ItemWork): Promise<WrittenItem> {
  const { state, isRemote } = run.sink
  const hasJournal = (await state.bytesOf(journalName(work.output, state.epoch().id))) !== undefined
  const sealed = await findSealed(run, work, hasJournal)
  if (sealed !== undefined) return { isSmall: false, seal: async () => sealed, close: async () => {} }
  const writer = await openSinkWriter(run, work, hasJournal)
  await orLetGo(writer, () => anonymizeRest(run, work, writer))
  const { totals } = writer.at
  const isRejected = isDocumentName(work.item.name) && totals.quarantined > 0
  const isOmitted = work.item.isOmittedIfEmpty === true && totals.lines === 0
  return {
    isSmall: isRemote !== true && !writer.isJournaled,
    seal: () => orLetGo(writer, () => writer.seal(!isRejected && !isOmitted)),
    close: () => writer.close(),
  }
}

async function orLetGo<T>(writer: SinkWriter, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    if (leavesNothing(error)) await writer.abort().catch(() => {})
    else await writer.close().catch(() => {})
    throw error
  }
}

// A range's last line ends beyond it.
const LAST_LINE_BYTES = 128 * 1024

/** Reads, anonymizes and delivers the item from the writer's checkpoint to its end. */
async function anonymizeRest(run: RunContext, work: ItemWork, writer: SinkWriter): Promise<void> {
  const { item } = work
  const { endOffset: fromOffset } = writer.at
  const isDocument = isDocumentName(item.name)
  const reader = await openItem(run.source, item, fromOffset, {
    check: run.checkStopped,
    untilByte: work.range === undefined ? undefined : work.range.until + LAST_LINE_BYTES,
  })
  try {
    if (work.range !== undefined && reader.format !== undefined) throw notDivisible(item, reader.format)
    const chunks = chunksOf(run, work, { reader, fromOffset })
    const tasks = new LineTasks(run, taskOptions(run, item.name))
    await anonymizeChunks(
      {
        async next() {
          const chunk = await chunks.next()
          if (chunk !== undefined) run.faultPoint('slab-read')
          return chunk
        },
        anonymize: (chunk) =>
          chunk.kind === 'too-long' && isDocument
            ? anonymizeBundle(run, work, (pieces) => writer.append(pieces))
            : tasks.anonymize(chunk),
        async deliver(chunk) {
          run.checkStopped()
          if (run.onBadLine === 'fail') refuseRejected(chunk, item.name)
          await writer.deliver(chunk)
          run.onDelivered(work, chunk, {
            totals: writer.at.totals,
            sourceBytes: bytesReadOf(work, reader.sourceBytes()),
          })
        },
      },
      run,
    )
    await reader.verify()
    checkComplete(run, work, chunks.endOffset, writer)
    if (work.range === undefined) checkPromised(item, writer.at.totals)
  } finally {
    await reader.close()
  }
}

/** Source bytes of a work that are read, given those of its item. The reader of a range reads some that follow it. */
const bytesReadOf = (work: ItemWork, itemBytes: number): number =>
  work.range === undefined ? itemBytes : Math.min(itemBytes - work.range.from, bytesOfWork(work))

function chunksOf(
  run: RunContext,
  { item, range }: ItemWork,
  {
    reader,
    fromOffset,
  }: { readonly reader: Awaited<ReturnType<typeof openItem>>; readonly fromOffset: number },
): ChunkSource {
  const { chunkBytes, maxLineBytes } = run.limits
  const named = namedFormat(item.name)
  if (named !== reader.format)
    run.onEvent({
      event: 'source.mislabelled',
      level: 'warn',
      item: item.name,
      reason: reader.format === undefined ? `not ${named}` : `${reader.format} under another name`,
    })
  const until = range === undefined ? {} : { untilOffset: range.until }
  const options = { item: item.name, chunkBytes, maxLineBytes, fromOffset, ...until }
  return isDocumentName(item.name)
    ? documentChunks(reader, run.slabs, options)
    : new Chunks(reader, run.slabs, options)
}

const notDivisible = ({ name }: SourceItem, format: string) =>
  sluiceError('SOURCE_UNUSABLE', {
    at: name,
    message: `is ${format} under another name, so that it cannot be read in ranges`,
    help: `give its name the ending of ${format}`,
  })

/** Checks that the last delivered byte is the item's last. A lone byte-order mark is never delivered. */
function checkComplete(run: RunContext, work: ItemWork, endOffset: number, writer: SinkWriter): void {
  const delivered = writer.at.endOffset
  if (delivered === endOffset || (delivered === 0 && endOffset <= 3)) return
  throw sluiceError('RECONCILIATION_FAILED', {
    at: `${run.source.place}: ${work.item.name}`,
    message: 'not all of it was read; nothing was committed',
  })
}

/** Throws SOURCE_INCOMPLETE for content that is not what the source said it would be. */
function checkPromised(item: SourceItem, totals: ItemCounts): void {
  const fault = promisedFault(item, totals)
  if (fault !== undefined) throw fault
}

/** Says what the source promised of an item and did not keep. */
export function promisedFault({ name, promised }: SourceItem, totals: ItemCounts): SluiceError | undefined {
  const lineCount = totals.lines - totals.blank
  const refused = (message: string) =>
    sluiceError('SOURCE_INCOMPLETE', {
      at: name,
      message: `${message}; nothing of it was committed`,
    })
  if (promised?.lineCount !== undefined && promised.lineCount !== lineCount)
    return refused(`has ${lineCount} resources, not ${promised.lineCount} as announced`)
  const other = Object.keys(totals.resourcesByType).find((type) => type !== promised?.resourceType)
  if (promised?.resourceType !== undefined && other !== undefined)
    return refused(`has a resource of type ${other}, not only ${promised.resourceType} as announced`)
  return undefined
}

/** Throws BAD_LINE if a line of the chunk is rejected. */
export function refuseRejected({ parts }: AnonymizedChunk, item: string): void {
  for (const { offset, result } of parts)
    for (const rejection of rejectionsOf(result.rejected))
      throw sluiceError('BAD_LINE', {
        at: item,
        message: `the line at byte ${offset + rejection.offset} is ${rejection.code}`,
      })
}

const ITEM_ERRORS: ReadonlySet<ErrorCode> = new Set([
  'SOURCE_CHANGED',
  'SOURCE_CORRUPT',
  'SOURCE_INCOMPLETE',
  'SOURCE_NOT_UTF8',
  'SOURCE_UNREADABLE',
  'SOURCE_UNUSABLE',
])

/** Errors that fail one item while the others continue. */
export const concernsItemOnly = (error: unknown): boolean =>
  isSluiceError(error) && ITEM_ERRORS.has(error.code)

const LEAVING_NOTHING: ReadonlySet<ErrorCode> = new Set([
  'BAD_LINE',
  'RECONCILIATION_FAILED',
  'SINK_CHANGED',
  'SINK_FULL',
  'OUTPUT_TOO_LARGE',
])

/** Errors after which half-written output is removed. A full disk is one, because the output would keep it full. */
const leavesNothing = (error: unknown): boolean =>
  concernsItemOnly(error) || (isSluiceError(error) && LEAVING_NOTHING.has(error.code))
