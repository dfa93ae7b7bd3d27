import type { LeftOutReason } from '../../storage/store.js'
import type { Delivered } from '../checkpoint/delivered-runs.js'
import type { Records } from '../checkpoint/records.js'
import type { ItemWork } from '../item-list.js'
import type { RunSecrets } from '../plan.js'
import type { ItemFailure } from '../report/report.js'
import type { RunCounts } from '../run-counts.js'

export interface SkippedName {
  readonly item: string
  readonly output: string
  readonly isOurs: boolean
}

/** A run that holds the lock: its work and its results so far. */
export interface RunState {
  readonly startedAt: Date
  readonly secrets: RunSecrets
  readonly fingerprint: string
  readonly listedCount: number
  readonly work: readonly ItemWork[]
  /** Items that an earlier run finished. */
  readonly finished: readonly ItemWork[]
  readonly finishedBefore: number
  readonly skipped: number
  /** Items whose output existed; `isOurs` if Sluice made it. */
  readonly skippedNames: readonly SkippedName[]
  readonly counts: RunCounts
  /** All finished items, including those of earlier runs. */
  readonly delivered: Delivered
  /** Existing outputs that were skipped and are ours. */
  readonly kept: Delivered
  /** Real path or address of the source. */
  readonly place: string
  /** Outputs of this and earlier runs that may exist. */
  readonly ledger: readonly string[]
  /** Names of the outputs of all listed items. */
  readonly outputs: ReadonlySet<string>
  /** Returns the output of an item; undefined if it was not listed. */
  readonly outputOf: (item: string) => string | undefined
  readonly leftOut: Readonly<Partial<Record<LeftOutReason, number>>>
  readonly failed: ItemFailure[]
  readonly records: Records
}

/** What the end of a run needs to know. */
export type RunEnd = Omit<RunState, 'work' | 'finished' | 'skippedNames' | 'counts'>
