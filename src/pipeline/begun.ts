import type { DoneRecord } from './done.js'
import type { ItemWork } from './items.js'
import type { RunSecrets } from './plan.js'
import type { ItemFailure } from './report.js'
import type { Tally } from './tally.js'

/** A run that holds the lock: what it is to do, and what has come of it so far. */
export interface Begun {
  readonly startedAt: Date
  readonly secrets: RunSecrets
  readonly fingerprint: string
  readonly listedCount: number
  readonly work: readonly ItemWork[]
  readonly finishedBefore: number
  readonly skipped: number
  readonly tally: Tally
  /** Of every finished item, those of earlier runs too. */
  readonly records: DoneRecord[]
  readonly failed: ItemFailure[]
}
