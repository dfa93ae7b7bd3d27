import type { LeftOutReason } from '../../storage/store.js'
import type { Delivered } from '../checkpoint/delivered-runs.js'
import type { Records } from '../checkpoint/records.js'
import type { ItemWork } from '../item-list.js'
import type { RunSecrets } from '../plan.js'
import type { ItemFailure } from '../report/report.js'
import type { RunCounts } from '../run-counts.js'

/** A run that holds the lock: what it is to do, and what has come of it so far. */
export interface RunState {
  readonly startedAt: Date
  readonly secrets: RunSecrets
  readonly fingerprint: string
  readonly listedCount: number
  readonly work: readonly ItemWork[]
  readonly finishedBefore: number
  readonly skipped: number
  readonly counts: RunCounts
  /** Every finished item, those of earlier runs too. */
  readonly delivered: Delivered
  /** Outputs that exist already and were skipped, as far as they are ours. */
  readonly kept: Delivered
  /** The real path or the address of the source. */
  readonly place: string
  /** Outputs of this and of earlier runs that may be there. */
  readonly ledger: readonly string[]
  /** Names of the outputs of all items that were listed. */
  readonly outputs: ReadonlySet<string>
  /** The output of an item; undefined for one that was not listed. */
  readonly outputOf: (item: string) => string | undefined
  readonly leftOut: Readonly<Partial<Record<LeftOutReason, number>>>
  readonly failed: ItemFailure[]
  readonly records: Records
}
