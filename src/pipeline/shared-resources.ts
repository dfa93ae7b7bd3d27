import { compressionOf } from '../compression/compression.js'
import { sluiceError } from '../errors.js'
import { WorkerPool } from '../workers/pool.js'
import type { Records } from './checkpoint/records.js'
import { Dispatch } from './chunks/dispatch.js'
import { Slabs } from './chunks/slabs.js'
import type { RunContext } from './context.js'
import type { Limits } from './limits.js'
import type { RunOptions } from './options.js'
import type { RunCounts } from './run-counts.js'

/** Slabs and workers of a run. */
export interface SharedResources extends Pick<RunContext, 'slabs' | 'dispatch' | 'checkStopped'> {
  /** Whether results depend on the places of lines. */
  readonly needsPlaces: Promise<boolean>
  /** Ends all work with this reason. The first reason counts. */
  readonly stop: (reason: unknown) => void
  /** Aborted by `stop`. */
  readonly stopped: AbortSignal
  /** The reason given to `stop`, else the given error. */
  readonly reasonOf: (error: unknown) => unknown
  readonly close: () => Promise<void>
}

export type SharedResourceOptions = Pick<
  RunOptions,
  'metrics' | 'onEvent' | 'pool' | 'signal' | 'workerEntry' | 'workerStartTimeoutMs'
>

/**
 * Starts the worker threads, no more than there are chunks. They load their code while the caller reads and settles
 * what they will be told. The caller must destroy the pool.
 */
export function startWorkers(
  { pool, workerEntry, workerStartTimeoutMs, onEvent = () => {} }: SharedResourceOptions,
  limits: Limits,
  chunkCount = Number.POSITIVE_INFINITY,
): WorkerPool {
  const size = Math.max(1, Math.min(limits.workers, chunkCount))
  const onWaiting = (seconds: number): void =>
    onEvent({
      event: 'workers.waiting',
      level: 'warn',
      seconds,
      reason: 'no worker thread has started yet',
    })
  if (pool !== undefined) {
    pool.settle({ size, onWaiting })
    return pool
  }
  return new WorkerPool({
    size,
    heapMebibytes: limits.workerHeapMebibytes,
    entry: workerEntry,
    startTimeoutMs: workerStartTimeoutMs,
    onWaiting,
  })
}

export function openSharedResources(
  options: SharedResourceOptions,
  limits: Limits,
  { pool, spec }: { readonly pool: WorkerPool; readonly spec: RunContext['spec'] },
): SharedResources {
  const { metrics, onEvent = () => {}, signal } = options
  const slabs = new Slabs(limits, (bytes) => metrics?.inFlightBytes(bytes))
  const stopping = new AbortController()
  let stopped: { readonly reason: unknown } | undefined
  const stop = (reason: unknown): void => {
    if (stopped !== undefined) return
    stopped = { reason }
    stopping.abort()
    slabs.stop(reason)
    pool.destroy().catch(() => {})
  }
  const interrupt = () => stop(interrupted())
  if (signal?.aborted === true) interrupt()
  signal?.addEventListener('abort', interrupt)
  const needsPlaces = pool.prepare(spec).then((ready) => ready.needsPlaces)
  needsPlaces.catch(stop)
  return {
    slabs,
    dispatch: new Dispatch({
      pool,
      ready: needsPlaces,
      chunkTimeoutMs: limits.chunkTimeoutMs,
      onEvent,
      onBusy: (busy) => metrics?.workersBusy(busy, limits.workers),
      onRetry: () => metrics?.chunksRetried(1),
    }),
    needsPlaces,
    checkStopped() {
      if (stopped !== undefined) throw stopped.reason
    },
    stop,
    stopped: stopping.signal,
    reasonOf: (error) => (stopped === undefined ? error : stopped.reason),
    async close() {
      signal?.removeEventListener('abort', interrupt)
      await pool.destroy()
    },
  }
}

const interrupted = () => sluiceError('INTERRUPTED', { message: 'interrupted' })

/** Makes the resources that items share from the run's options. */
export const contextOf = (
  options: RunOptions,
  { limits, spec, shared, counts, records }: ContextParts,
): RunContext => ({
  source: options.source,
  sink: options.sink,
  records,
  spec,
  limits,
  compression: compressionOf(options),
  quarantineContent: options.quarantineContent ?? false,
  commitsAtEnd: options.maxQuarantined !== undefined,
  onBadLine: options.onBadLine ?? 'quarantine',
  slabs: shared.slabs,
  dispatch: shared.dispatch,
  checkStopped: shared.checkStopped,
  onEvent: options.onEvent ?? (() => {}),
  faultPoint: options.faultPoint ?? (() => {}),
  onDelivered: (work, chunk, at) => counts.addChunk(work, chunk, at),
})

export interface ContextParts {
  readonly limits: Limits
  readonly spec: RunContext['spec']
  readonly shared: SharedResources
  readonly counts: RunCounts
  readonly records: Records
}
