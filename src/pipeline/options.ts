import type { Metrics } from '../metrics/registry.js'
import type { Sink, Source } from '../storage/store.js'
import type { AnonymizerPlan } from './plan.js'

/** What a run is asked to do. Everything but source, sink and plan has a default. */
export interface RunOptions {
  readonly source: Source
  readonly sink: Sink
  readonly plan: AnonymizerPlan
  /** Worker threads; default: the processors this process may use. */
  readonly workers?: number | undefined
  /** Items in progress at once, as far as memory allows; default two for each worker. */
  readonly itemsAtOnce?: number
  /** Bytes of input and output held at once; default 256 MiB or a quarter of the memory limit. */
  readonly memoryBudgetBytes?: number | undefined
  /** C: chunk k holds the lines that begin in [k·C, (k+1)·C); default 4 MiB. */
  readonly chunkBytes?: number | undefined
  /** A longer line is quarantined as LINE_TOO_LONG; default 64 MiB or what the budget allows. */
  readonly maxLineBytes?: number | undefined
  /** A chunk that takes longer is searched for the line that does; default 60 s. */
  readonly chunkTimeoutMs?: number
  /** Heap of one worker; a line that needs more is WORKER_CRASHED. Default 1 GiB or a worker's part of the memory. */
  readonly workerHeapBytes?: number
  /** Compress the outputs. */
  readonly gzip?: boolean | undefined
  /** `fail` ends the run with BAD_LINE and commits nothing of that item; default `quarantine`. */
  readonly onBadLine?: 'quarantine' | 'fail'
  /** Put the rejected lines themselves into the quarantine. */
  readonly quarantineContent?: boolean | undefined
  /** More rejected lines end the run with TOO_MANY_QUARANTINED; with it, all items are committed at the end. */
  readonly maxQuarantined?: { readonly count: number } | { readonly percent: number } | undefined
  /** Replace outputs that this tool did not make; otherwise SINK_CONFLICT. */
  readonly overwrite?: boolean
  /** Whether a source without any item is fine; default true. Otherwise SOURCE_NOT_FOUND. */
  readonly allowEmpty?: boolean
  /** Remove outputs of earlier runs on this source whose items are gone; by default they are only reported. */
  readonly prune?: boolean
  /** More outputs than this are listed in a file beside `run.json`; default 10,000. */
  readonly inlineOutputs?: number | undefined
  /** Leave items alone whose output exists. */
  readonly skipExisting?: boolean
  /** Ends the run with INTERRUPTED; a later run goes on from there. */
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: RunProgress) => void) | undefined
  readonly onEvent?: ((event: RunEvent) => void) | undefined
  readonly metrics?: RunMetrics | undefined
  /** How long the worker threads may take to start. Default five minutes. */
  readonly workerStartTimeoutMs?: number
  /** The module of the worker threads; tests replace it with one that fails. */
  readonly workerEntry?: URL
  /** Called at each named point of the write path; fault tests end the process there. */
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

/** What happened, with fields; never a value from a resource. */
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

/** What the pipeline tells the metrics. */
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
