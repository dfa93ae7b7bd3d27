import { isSluiceError, sluiceError } from '../../errors.js'
import { parseObject } from '../../http/body.js'
import { GENERATOR, REPORT_NAME } from '../../published/names.js'
import type { Sink, SinkHead, Source, SourceItem } from '../../storage/store.js'
import { inParallel } from '../parallel-work.js'
import type { ItemFailure, ItemTotals } from '../report/report.js'
import { LineCount } from './raw-lines.js'

/** Result of an export whose files were stored unchanged. */
export interface RawReport {
  readonly generator: typeof GENERATOR
  readonly raw: true
  readonly items: ItemTotals
  readonly bytes: { readonly read: number; readonly written: number }
  readonly outputs: readonly RawOutput[]
  readonly failed: readonly ItemFailure[]
}

interface RawOutput {
  readonly name: string
  readonly bytes: number
  /** Number of non-blank lines; undefined if it cannot be decompressed. */
  readonly lines?: number | undefined
  readonly sha256?: string | undefined
}

export interface RawOptions {
  readonly source: Source
  readonly sink: Sink
  readonly atOnce: number
  /** Replace existing files of these names. */
  readonly overwrite: boolean
  /** Called for each item that was fetched, once it is in the sink. */
  readonly onCommitted?: ((item: SourceItem) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

const BUFFER_BYTES = 2 ** 20

/**
 * Stores raw files, as requested. Each appears whole; finished ones are not fetched again. Throws SINK_*,
 * INTERRUPTED.
 */
export async function keepRaw(options: RawOptions): Promise<RawReport> {
  const { source, sink, atOnce, overwrite, signal, onCommitted = () => {} } = options
  await sink.remove(REPORT_NAME)
  const items: SourceItem[] = []
  for await (const item of source.list(() => {})) items.push(item)
  const outputs: RawOutput[] = []
  const failed: ItemFailure[] = []
  let committedCount = 0
  let finishedBefore = 0
  await inParallel(items, atOnce, async (item) => {
    if (signal?.aborted === true) throw interrupted()
    try {
      const before = await finished(sink, item, overwrite)
      if (before !== undefined) finishedBefore += 1
      const kept = before ?? (await copy(source, sink, item))
      if (before === undefined) onCommitted(item)
      committedCount += 1
      if (kept === 'omitted') return
      const { bytes, lines, ...head } = kept
      const sha256 = head.sha256 ?? (await sink.digest(item.name))
      outputs.push({ name: item.name, bytes, lines, sha256 })
    } catch (error) {
      if (!isSluiceError(error) || !error.code.startsWith('SOURCE_')) throw error
      failed.push({ item: item.name, code: error.code, message: error.message })
    }
  })
  outputs.sort((a, b) => (a.name < b.name ? -1 : 1))
  const written = outputs.reduce((sum, { bytes }) => sum + bytes, 0)
  const report: RawReport = {
    generator: GENERATOR,
    raw: true,
    items: {
      listed: items.length,
      committed: committedCount - finishedBefore,
      finishedBefore,
      skipped: 0,
      failed: failed.length,
    },
    bytes: { read: written, written },
    outputs,
    failed,
  }
  if (failed.length === 0) await sink.put(REPORT_NAME, `${JSON.stringify(report, null, 2)}\n`)
  return report
}

const doneName = ({ name }: SourceItem): string => `export/raw/${name}.done`

/** The item and its output in the sink. */
interface Done {
  readonly itemVersion: string
  /** Null for an item that is omitted because it is empty. */
  readonly headVersion: string | null
  readonly lines?: number | undefined
  readonly sha256?: string | undefined
}

interface Kept extends SinkHead {
  readonly lines?: number | undefined
}

/**
 * Finds an existing output of this item. One that another job of this export left under the same name is replaced.
 * Throws SINK_CONFLICT if anything else has that name.
 */
async function finished(
  sink: Sink,
  item: SourceItem,
  overwrite: boolean,
): Promise<Kept | 'omitted' | undefined> {
  const there = await sink.head(item.name)
  if (there === undefined && item.isOmittedIfEmpty !== true) return undefined
  const done = parseObject((await sink.state.read(doneName(item))) ?? '') as Partial<Done> | undefined
  if (there === undefined)
    return done?.headVersion === null && done.itemVersion === item.version ? 'omitted' : undefined
  const isOurs = done !== undefined && done.headVersion === there.version
  if (isOurs && done.itemVersion === item.version) return { ...there, lines: done.lines, sha256: done.sha256 }
  if (isOurs || overwrite) return undefined
  throw sluiceError('SINK_CONFLICT', {
    at: item.name,
    message: 'is already there and does not belong to this export',
    help: 'choose another output',
  })
}

async function copy(source: Source, sink: Sink, item: SourceItem): Promise<Kept | 'omitted'> {
  const output = sink.item(item.name, item.version)
  const reader = await source.open(item, 0)
  const counter = new LineCount()
  try {
    await output.resume(0)
    for (;;) {
      // The sink may keep a reference to the bytes until it is flushed.
      const buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES)
      const bytes = await reader.read(buffer)
      if (bytes === 0) break
      await counter.add(buffer.subarray(0, bytes))
      await output.append([buffer.subarray(0, bytes)])
    }
    await reader.verify()
    const lines = await counter.end()
    checkCount(item, lines)
    if (lines === 0 && item.isOmittedIfEmpty === true) {
      await output.abort()
      await sink.remove(item.name)
      await note(sink, item, { itemVersion: item.version, headVersion: null })
      return 'omitted'
    }
    await output.complete()
    await output.flush()
    const head = await output.sealed()
    // The record is written before the file appears, so that a file without a record is not ours.
    const { version: headVersion, sha256 } = head
    await note(sink, item, { itemVersion: item.version, headVersion, lines, sha256 })
    await output.commit({ sourceVersion: item.version, lines: lines ?? 0, quarantined: 0 })
    await output.settle()
    return { ...head, lines }
  } catch (error) {
    await output.abort().catch(() => {})
    throw error
  } finally {
    counter.close()
    await reader.close()
  }
}

const note = (sink: Sink, item: SourceItem, done: Done): Promise<void> =>
  sink.state.write(doneName(item), JSON.stringify(done))

/** Throws SOURCE_INCOMPLETE. */
function checkCount({ name, promised }: SourceItem, lineCount: number | undefined): void {
  if (promised?.lineCount === undefined || lineCount === undefined || promised.lineCount === lineCount) return
  throw sluiceError('SOURCE_INCOMPLETE', {
    at: name,
    message: `has ${lineCount} resources, not ${promised.lineCount} as announced; nothing of it was kept`,
  })
}

const interrupted = () => sluiceError('INTERRUPTED', { message: 'interrupted' })
