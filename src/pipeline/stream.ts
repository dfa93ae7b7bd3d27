import type { Readable, Writable } from 'node:stream'
import { type CompressionOptions, compressionOf } from '../compression/compression.js'
import { sluiceError } from '../errors.js'
import type { AnonymizedChunk } from './chunks/chunk-result.js'
import { Chunks } from './chunks/chunks.js'
import { type ItemReader, openStream } from './chunks/unpack.js'
import { refuseRejected } from './item.js'
import { settleLimits } from './limits.js'
import { LineTasks, taskOptions } from './line-tasks.js'
import { anonymizeChunks } from './loop.js'
import type { RunOptions } from './options.js'
import { addCounts, countsOf, lineCounts, NO_COUNTS } from './report/item-counts.js'
import { countByCode, type QuarantinedLine, quarantined } from './report/quarantine.js'
import type { LineTotals } from './report/report.js'
import { observe } from './run-counts.js'
import { openSharedResources, startWorkers } from './shared-resources.js'

export interface StreamOptions
  extends Pick<
    RunOptions,
    | 'plan'
    | 'workers'
    | 'memoryBudgetBytes'
    | 'chunkBytes'
    | 'maxLineBytes'
    | 'chunkTimeoutMs'
    | keyof CompressionOptions
    | 'onBadLine'
    | 'quarantineContent'
    | 'signal'
    | 'onEvent'
    | 'metrics'
    | 'pool'
    | 'workerEntry'
    | 'workerStartTimeoutMs'
  > {
  readonly input: Readable
  readonly output: Writable
  /** Called for each rejected line; without it they are only counted. */
  readonly onQuarantined?: (line: QuarantinedLine) => void
}

const ITEM = { name: '-', bytes: 0, version: '' } as const

/**
 * NDJSON (compressed or not) from a stream to a stream, in order. There is no checkpoint, because written output cannot be taken back.
 * Throws SOURCE_CORRUPT, SOURCE_NOT_UTF8, SINK_UNWRITABLE, BAD_LINE, WORKER_FAILED, INTERRUPTED.
 */
export async function anonymizeStream(options: StreamOptions): Promise<LineTotals> {
  const limits = settleLimits(options)
  const { plan, input, output, metrics } = options
  const compression = compressionOf(options)
  const pool = startWorkers(options, limits)
  const spec = plan.settle(plan.newRunSecrets())
  const shared = openSharedResources(options, limits, { pool, spec })
  let totals = NO_COUNTS
  let sourceBytes = 0
  const onOutputError = (cause: unknown) => shared.stop(unwritable(cause))
  // A reader that has stopped reading must not keep a stopped run alive.
  const stopped = new Promise<void>((resolve) => {
    shared.stopped.addEventListener('abort', () => resolve(), { once: true })
  })
  output.on('error', onOutputError)
  // Once the run is over, for whatever reason, nothing may wait for a silent input.
  const stopReading = () => input.destroy()
  shared.stopped.addEventListener('abort', stopReading)
  if (shared.stopped.aborted) stopReading()
  let reader: ItemReader | undefined
  try {
    const opened = await openStream(input, ITEM)
    reader = opened
    const chunks = new Chunks(opened, shared.slabs, { ...limits, item: ITEM.name, fromOffset: 0 })
    const run = { ...shared, spec, limits, compression, source: { folderName: '' } }
    const quarantineContent = options.quarantineContent ?? false
    const tasks = new LineTasks(run, taskOptions({ ...run, quarantineContent }, ITEM.name))
    const deliver = async (chunk: AnonymizedChunk): Promise<void> => {
      shared.checkStopped()
      if (options.onBadLine === 'fail') refuseRejected(chunk, ITEM.name)
      for (const piece of chunk.output) await write(output, piece, stopped)
      for (const { offset, result } of chunk.parts) {
        const place = { item: ITEM.name, offset, linesBefore: totals.lines }
        if (options.onQuarantined !== undefined)
          for (const line of quarantined(result, place)) options.onQuarantined(line)
        totals = addCounts(totals, countsOf(result, countByCode(result)))
      }
      if (metrics !== undefined) observe(metrics, chunk, opened.sourceBytes() - sourceBytes)
      sourceBytes = opened.sourceBytes()
    }
    await anonymizeChunks(
      { next: () => chunks.next(), anonymize: (chunk) => tasks.anonymize(chunk), deliver },
      run,
      shared.stop,
    )
    return lineCounts(totals)
  } catch (error) {
    shared.stop(error)
    throw shared.reasonOf(error)
  } finally {
    shared.stopped.removeEventListener('abort', stopReading)
    await reader?.close()
    await shared.close()
    // A stream may report a failure after the write that failed.
    if (output.errored === null || output.closed) output.off('error', onOutputError)
    else output.once('close', () => output.off('error', onOutputError))
  }
}

/** The slab is reused once this returns, so the stream must have passed the bytes on by then. */
async function write(output: Writable, piece: Uint8Array, stopped: Promise<void>): Promise<void> {
  const written = new Promise<void>((resolve, reject) => {
    output.write(piece, (error) => (error ? reject(unwritable(error)) : resolve()))
  })
  await Promise.race([written, stopped])
}

const unwritable = (cause: unknown) =>
  sluiceError('SINK_UNWRITABLE', {
    message: 'the output stream is closed',
    help: 'run it again with a reader that stays',
    cause,
  })
