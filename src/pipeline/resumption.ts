import { createHash, type Hash } from 'node:crypto'
import { lineStartAfter } from '../ndjson/line.js'
import type { SinkItem } from '../storage/store.js'
import { journalName, quarantineName } from './checkpoint/done-record.js'
import {
  type Checkpoint,
  Journal,
  type JournalStep,
  type ReadJournal,
  readJournal,
  START,
} from './checkpoint/journal.js'
import type { RunContext } from './context.js'
import type { ItemWork } from './item-list.js'
import { SinkWriter } from './sink-writer.js'

/** Resumes the item's checkpoint if it has the same fingerprint, else starts over. */
export async function openSinkWriter(
  run: RunContext,
  work: ItemWork,
  hasJournal: boolean,
): Promise<SinkWriter> {
  const sinkItem = run.sink.item(work.output, work.fingerprint)
  try {
    const resumed = hasJournal ? await resumeWriter(run, work, sinkItem) : undefined
    return resumed ?? (await startWriter(run, work, sinkItem, hasJournal))
  } catch (error) {
    await sinkItem.close()
    throw error
  }
}

async function resumeWriter(
  run: RunContext,
  work: ItemWork,
  sinkItem: SinkItem,
): Promise<SinkWriter | undefined> {
  const { state } = run.sink
  const name = journalName(work.output, state.epoch().id)
  const item = work.item.name
  const read = await readJournal(state, name)
  const resumed =
    read?.fingerprint === work.fingerprint ? await resumable(run, work, sinkItem, read) : undefined
  if (read !== undefined && resumed !== undefined) {
    const { step, quarantine } = resumed
    const { checkpoint } = step
    run.onEvent({ event: 'item.resumed', level: 'info', item, offset: checkpoint.endOffset })
    if (checkpoint.endOffset < read.checkpoint.endOffset)
      run.onEvent({ event: 'checkpoint.damaged', level: 'warn', item, offset: checkpoint.endOffset })
    // A killed run may have flushed neither, and the journal is about to vouch for both.
    await sinkItem.flush()
    await flushQuarantine(run, work, checkpoint)
    const journal = await Journal.resume(state, name, step)
    return new SinkWriter(run, work, sinkItem, { journal, checkpoint, quarantineDigest: quarantine })
  }
  run.onEvent({ event: 'checkpoint.discarded', level: 'warn', item })
  return undefined
}

async function startWriter(
  run: RunContext,
  work: ItemWork,
  sinkItem: SinkItem,
  hasJournal: boolean,
): Promise<SinkWriter> {
  const { state } = run.sink
  const { id, earlier } = state.epoch()
  for (const epoch of hasJournal ? [...earlier, id] : earlier)
    await state.remove(journalName(work.output, epoch))
  if ((await state.bytesOf(quarantineName(work.output))) !== undefined)
    await state.remove(quarantineName(work.output))
  await sinkItem.resume(0)
  const quarantineDigest = createHash('sha256')
  const checkpoint = { ...START, endOffset: await firstLineOf(run, work) }
  return new SinkWriter(run, work, sinkItem, { checkpoint, quarantineDigest })
}

const SEARCHED_BYTES = 64 * 1024

/**
 * Offset of the first line that begins in the range of a work; 0 without a range. If no line begins in it, the range's
 * end or one beyond, or the item's end: nobody reads on there.
 */
async function firstLineOf({ source, checkStopped }: RunContext, { item, range }: ItemWork): Promise<number> {
  if (range === undefined || range.from === 0) return 0
  const reader = await source.open(item, range.from - 1, range.from - 1 + SEARCHED_BYTES)
  try {
    const buffer = Buffer.allocUnsafe(SEARCHED_BYTES)
    for (let at = range.from - 1; at < range.until; ) {
      checkStopped()
      const bytes = await reader.read(buffer)
      const start = lineStartAfter(buffer, 0, bytes)
      if (start > 0) return at + start
      if (bytes === 0) return item.bytes
      at += bytes
    }
    return range.until
  } finally {
    await reader.close()
  }
}

// Bytes to read at once.
const MAX_QUARANTINE_BYTES = 256 * 2 ** 20

async function quarantineOf({ sink: { state } }: RunContext, { output }: ItemWork): Promise<Buffer> {
  const name = quarantineName(output)
  const isRead = ((await state.bytesOf(name)) ?? 0) <= MAX_QUARANTINE_BYTES
  return Buffer.from((isRead ? await state.read(name) : undefined) ?? '')
}

/** Finds the last step of the journal up to which output and quarantine are intact. */
async function resumable(
  run: RunContext,
  work: ItemWork,
  sinkItem: SinkItem,
  { steps, checkpoint }: ReadJournal,
): Promise<{ readonly step: JournalStep; readonly quarantine: Hash } | undefined> {
  // A sealed output that is neither visible nor ready is lost; any other never gets here.
  if (checkpoint.sealed !== undefined) return undefined
  const places = steps.map(({ checkpoint }) => ({
    outputBytes: checkpoint.outputBytes,
    sha256: checkpoint.outputSha256,
  }))
  const provenBytes = await sinkItem.proven(places.filter(({ outputBytes }) => outputBytes > 0))
  const quarantined = await quarantineOf(run, work)
  for (const step of steps.toReversed()) {
    const { outputBytes, quarantineBytes, quarantineSha256, endOffset } = step.checkpoint
    if (endOffset === 0 || outputBytes > provenBytes || quarantineBytes > quarantined.length) continue
    const quarantine = createHash('sha256').update(quarantined.subarray(0, quarantineBytes))
    if (quarantine.copy().digest('hex') !== quarantineSha256) continue
    return (await sinkItem.resume(outputBytes)) ? { step, quarantine } : undefined
  }
  return undefined
}

async function flushQuarantine(
  { sink }: RunContext,
  { output }: ItemWork,
  { quarantineBytes }: Checkpoint,
): Promise<void> {
  if (quarantineBytes === 0) return
  const quarantine = await sink.state.appender(quarantineName(output), quarantineBytes)
  try {
    await quarantine.flush()
  } finally {
    await quarantine.close()
  }
}
