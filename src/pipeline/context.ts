import type { AnonymizerSpec } from '../anonymizer/spec.js'
import type { Compression } from '../compression/compression.js'
import type { Sink, Source } from '../storage/store.js'
import type { Records } from './checkpoint/records.js'
import type { AnonymizedChunk } from './chunks/chunk-result.js'
import type { Dispatch } from './chunks/dispatch.js'
import type { Slabs } from './chunks/slabs.js'
import type { ItemWork } from './item-list.js'
import type { Limits } from './limits.js'
import type { FaultPoint, RunEvent } from './options.js'
import type { ItemCounts } from './report/item-counts.js'

/** Context shared by all items of a run. */
export interface RunContext {
  readonly source: Source
  readonly sink: Sink
  readonly records: Records
  readonly spec: AnonymizerSpec
  readonly limits: Limits
  /** How outputs are compressed; undefined for not at all. */
  readonly compression: Compression | undefined
  readonly quarantineContent: boolean
  /** Whether items wait for each other, so that nothing appears before the counts of all are known. */
  readonly commitsAtEnd: boolean
  readonly onBadLine: 'quarantine' | 'fail'
  readonly slabs: Slabs
  readonly dispatch: Dispatch
  /** Throws the reason for which the run was stopped. */
  readonly checkStopped: () => void
  readonly onEvent: (event: RunEvent) => void
  readonly faultPoint: (point: FaultPoint) => void
  /** Called after each chunk; throws TOO_MANY_QUARANTINED. */
  readonly onDelivered: (work: ItemWork, chunk: AnonymizedChunk, at: ItemProgress) => void
}

export interface ItemProgress {
  readonly totals: ItemCounts
  readonly sourceBytes: number
}
