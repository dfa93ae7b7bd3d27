import type { ErrorCode } from '../errors.js'
import type { ConnectOptions } from '../fhir-client/connect.js'
import { retryFields } from '../fhir-client/retry-fields.js'
import type { RetryEvent } from '../http/retry.js'
import type { RunEvent } from '../pipeline/options.js'
import type { AnonymizerPlan } from '../pipeline/plan.js'
import { LEFT_OUT, type Source, type State, type StoreEvent } from '../storage/store.js'
import type { LoadOrder } from './passes.js'

/** Options of a load. Everything but source, state and base has a default. */
export interface LoadOptions extends Omit<ConnectOptions, 'onRetry' | 'answers' | 'use'> {
  readonly source: Source
  /** Where audit and errors are kept; for one source and one server. */
  readonly state: State
  /** `put`: everything is PUT by its id. `post`: the server gives ids to what has no request of its own. */
  readonly method?: 'put' | 'post' | undefined
  /** Whether `meta.lastUpdated` and `meta.versionId` are sent. */
  readonly keepVersions?: boolean | undefined
  readonly order?: LoadOrder | undefined
  /** Whether to accept a source without items, instead of failing with SOURCE_NOT_FOUND; default true. */
  readonly allowEmpty?: boolean | undefined
  /** Load transactions that are larger than a bundle in parts, instead of rejecting them. */
  readonly splitTransactions?: boolean | undefined
  /** Anonymizes resources on the way. */
  readonly plan?: AnonymizerPlan | undefined
  /** Worker threads that anonymize. */
  readonly workers?: number | undefined
  /** Settle anew what the server refused, and what was not sent. */
  readonly repeatsFailures?: boolean | undefined
  /** Most entries of a bundle; default 500. */
  readonly maxEntries?: number | undefined
  /** Most bytes of a bundle, unless one resource has more; default 8 MiB. */
  readonly maxBundleBytes?: number | undefined
  /** Most requests at once; default 8. */
  readonly connections?: number | undefined
  /** Statuses of entries, besides 408, 424, 429 and 5xx, with which they are sent again. */
  readonly retryStatuses?: readonly number[] | undefined
  /** `x-bundle-processing-logic` of Azure's servers; default: not sent. */
  readonly processingLogic?: 'parallel' | 'sequential' | undefined
  /** Called once all entries of an item are settled, by this run or an earlier one. */
  readonly onItem?: ((item: LoadedItem) => Promise<void> | void) | undefined
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined
  readonly onEvent?: ((event: LoadEvent | RunEvent) => void) | undefined
  /** Called at each named point, where fault tests kill the process. */
  readonly faultPoint?: ((point: LoadFaultPoint) => void) | undefined
}

export const LOAD_FAULT_POINTS = [
  'item-opened',
  'before-sending',
  'after-sending',
  'after-answer',
  'after-errors',
  'after-audit',
  'pass-ended',
  'before-report',
  'after-report',
] as const
export type LoadFaultPoint = (typeof LOAD_FAULT_POINTS)[number]

/** Called after every request; not throttled. */
export interface LoadProgress {
  /** About how many of the stored bytes were read. */
  readonly bytesRead: number
  readonly loaded: number
  readonly failed: number
  readonly ambiguous: number
}

/** An event with its fields; never a value from a resource. */
export interface LoadEvent {
  readonly event:
    | 'load.started'
    | 'load.pass'
    | 'load.lost'
    | 'item.loaded'
    | 'item.changed'
    | 'item.failed'
    | 'item.gone'
    | 'audit.damaged'
    | 'lock.waiting'
    | 'request.retried'
    | 'load.finished'
    | StoreEvent['event']
  readonly level: 'info' | 'warn'
  readonly item?: string | undefined
  readonly [field: string]: unknown
}

export const retriedEvent = (retry: RetryEvent): LoadEvent => ({
  event: 'request.retried',
  level: 'info',
  ...retryFields(retry),
})

/** Reports a file that is left out: a warning if someone may take it for data. */
export const leftOut = (event: StoreEvent): LoadEvent => ({
  ...event,
  level: event.leftOut !== undefined && LEFT_OUT[event.leftOut].isUsual ? 'info' : 'warn',
})

/** What became of the entries of one item, by this run and earlier ones. */
export interface LoadedItem extends LoadCounts {
  readonly name: string
  readonly version: string
}

/** An item that could not be read to its end. */
export interface UnreadableItem {
  readonly item: string
  readonly code: ErrorCode
  readonly message: string
}

export interface LoadCounts {
  /** Entries of the items: `read = loaded + failed + ambiguous`. */
  readonly read: number
  readonly loaded: number
  /** The server refused them, or they were not sent. */
  readonly failed: number
  /** Of the failed ones, those that were not sent. */
  readonly rejected: number
  /** They were sent, may have been stored, and must not be sent again. */
  readonly ambiguous: number
}

/** What became of all entries of the source, by this run and earlier ones. */
export interface LoadReport extends LoadCounts {
  readonly base: string
  readonly source: string
  readonly state: string
  readonly startedAt: string
  readonly finishedAt: string
  readonly seconds: number
  readonly items: {
    readonly listed: number
    readonly done: number
    /** Of those that are done, by earlier runs. */
    readonly doneBefore: number
  }
  readonly unreadable: readonly UnreadableItem[]
  /** Entries that this run settled. */
  readonly settled: number
  /** Requests with bundles. */
  readonly bundles: number
  /** Entries that were sent again, each time counted. */
  readonly retries: number
  readonly bytes: { readonly read: number; readonly sent: number }
  /** Entries that this run settled, by status, or by the code of what was not sent. */
  readonly byStatus: Readonly<Record<string, number>>
  readonly byType: Readonly<Record<string, LoadTypeCounts>>
}

export interface LoadTypeCounts {
  readonly loaded: number
  readonly failed: number
  readonly ambiguous: number
}
