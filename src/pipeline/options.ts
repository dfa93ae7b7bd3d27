import type { CompressionOptions } from '../compression/compression.js'
import type { Metrics } from '../metrics/registry.js'
import type { Sink, Source } from '../storage/store.js'
import type { WorkerPool } from '../workers/pool.js'
import type { AnonymizerPlan } from './plan.js'

/** Options of a run. Everything but source, sink and plan has a default. */
export interface RunOptions extends CompressionOptions {
  readonly source: Source
  readonly sink: Sink
  readonly plan: AnonymizerPlan
  /** Number of worker threads; default: the processors available to this process. */
  readonly workers?: number | undefined
  /** Maximum number of items in progress, if memory allows; default two for each worker. */
  readonly itemsAtOnce?: number
  /** Maximum bytes of input and output in memory; default 256 MiB or a quarter of the memory limit. */
  readonly memoryBudgetBytes?: number | undefined
  /** Chunk size C: chunk k holds the lines that begin in [k·C, (k+1)·C); default 4 MiB. */
  readonly chunkBytes?: number | undefined
  /** Longer lines are quarantined as LINE_TOO_LONG; default 64 MiB or what the budget allows. */
  readonly maxLineBytes?: number | undefined
  /** If a chunk takes longer, the slow line is searched for; default 60 s. */
  readonly chunkTimeoutMs?: number
  /** Heap of one worker; a line that needs more is WORKER_CRASHED. Default 1 GiB or a worker's share of the memory. */
  readonly workerHeapBytes?: number
  /** `fail` ends the run with BAD_LINE without committing that item; default `quarantine`. */
  readonly onBadLine?: 'quarantine' | 'fail'
  /** Also write the rejected lines themselves to the quarantine. */
  readonly quarantineContent?: boolean | undefined
  /**
   * More rejected lines end the run with TOO_MANY_QUARANTINED. With this option, all items are committed at the end.
   */
  readonly maxQuarantined?: { readonly count: number } | { readonly percent: number } | undefined
  /** Replace outputs that Sluice did not make, instead of failing with SINK_CONFLICT. */
  readonly overwrite?: boolean
  /** Whether to accept a source without items, instead of failing with SOURCE_NOT_FOUND; default true. */
  readonly allowEmpty?: boolean
  /** Remove outputs of earlier runs on this source whose items are gone; by default they are reported. */
  readonly prune?: boolean
  /** With more outputs than this, they are listed in a file beside `run.json`; default 10,000. */
  readonly inlineOutputs?: number | undefined
  /** Skip items whose output exists. */
  readonly skipExisting?: boolean
  /** Ends the run with INTERRUPTED; a later run resumes it. */
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: RunProgress) => void) | undefined
  readonly onEvent?: ((event: RunEvent) => void) | undefined
  readonly metrics?: RunMetrics | undefined
  /** Worker threads that were started ahead, by `startEarly` with the same options; the run ends them. */
  readonly pool?: WorkerPool
  /** Time limit for worker threads to start; default five minutes. */
  readonly workerStartTimeoutMs?: number
  /** Module of the worker threads; tests replace it with one that fails. */
  readonly workerEntry?: URL
  /** Called at each named point of the write path, where fault tests kill the process. */
  readonly faultPoint?: (point: FaultPoint) => void
}

/** Called after every chunk; not throttled. */
export interface RunProgress {
  readonly bytesTotal: number
  /** Source bytes (compressed ones for gzip) read, including those of finished items. */
  readonly bytesRead: number
  readonly itemsTotal: number
  readonly itemsDone: number
  readonly lines: number
  readonly quarantined: number
}

/** An event with its fields; never a value from a resource. */
export interface RunEvent {
  readonly event:
    | 'run.started'
    | 'run.resumed'
    | 'source.skipped'
    | 'source.mislabelled'
    | 'item.resumed'
    | 'item.committed'
    | 'item.failed'
    | 'output.removed'
    | 'output.orphaned'
    | 'output.mixed'
    | 'checkpoint.discarded'
    | 'checkpoint.damaged'
    | 'lock.waiting'
    | 'plan.written'
    | 'unit.waiting'
    | 'unit.finished'
    | 'output.recognized'
    | 'chunk.retried'
    | 'worker.lost'
    | 'workers.waiting'
    | 'request.retried'
    | 'run.finished'
  readonly level: 'info' | 'warn'
  readonly item?: string
  readonly [field: string]: unknown
}

/** Measurements that the pipeline reports to the metrics. */
export type RunMetrics = Omit<Metrics, 'text' | 'contentType' | 'close'>

export const FAULT_POINTS = [
  'slab-read',
  'before-append',
  'after-append',
  'before-journal',
  'after-journal',
  'before-fsync',
  'after-fsync',
  'before-rename',
  'after-rename',
  'before-done',
  'after-done',
  'before-report',
  'after-report',
] as const
export type FaultPoint = (typeof FAULT_POINTS)[number]
