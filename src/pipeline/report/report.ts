import type { ErrorCode } from '../../errors.js'
import type { GENERATOR } from '../../published/names.js'
import type { LeftOutReason, SinkPart } from '../../storage/store.js'

/**
 * What a run did, as the state keeps it; `run.json` in the output has what recipients may know. Counts include items
 * that an earlier run had finished, not outputs of other sources.
 */
export interface RunReport {
  readonly generator: typeof GENERATOR
  readonly version: string
  /** Of the configuration and everything else that decides the bytes; never the keys. */
  readonly fingerprint: string
  /** The reference day, `YYYY-MM-DD`. */
  readonly asOf: string
  readonly startedAt: string
  readonly finishedAt: string
  readonly seconds: number
  readonly source: string
  readonly items: ItemTotals
  readonly lines: LineTotals
  readonly bytes: { readonly read: number; readonly written: number }
  readonly resourcesByType: Readonly<Record<string, number>>
  /** Elements each rule was the one to decide, by rule number. */
  readonly elementsByRule: Readonly<Record<string, number>>
  /** Numbers of the rules that decided about nothing, although there were resources they apply to. */
  readonly idleRules: readonly number[]
  readonly interpretedLines: number
  readonly quarantinedByCode: Readonly<Record<string, number>>
  /** Every committed output with what it was made from. */
  readonly outputs: readonly OutputReport[]
  /** Items that gave no output; empty in `run.json`, which a run with failures does not write to the output. */
  readonly failed: readonly ItemFailure[]
  /** Outputs that runs on other sources made in the same place. */
  readonly earlier: readonly OutputReport[]
  /** Outputs of earlier runs on this source whose items are gone: they are there still, but `run.json` does not name them. */
  readonly orphaned: readonly string[]
  /** Outputs that were removed, as their items are now under other names, or gone. */
  readonly removed: readonly string[]
  /** How much of the source was not read, by reason; names are in `left-out.ndjson` of the state. */
  readonly leftOut: Readonly<Partial<Record<LeftOutReason, number>>>
}

export interface ItemTotals {
  readonly listed: number
  readonly committed: number
  /** Found finished by an earlier run with the same fingerprint. */
  readonly finishedBefore: number
  /** Not touched because their output exists (`skipExisting`). */
  readonly skipped: number
  readonly failed: number
}

/** INVARIANT reconciliation: `read = delivered + quarantined + blank`, checked before an item is committed. */
export interface LineTotals {
  readonly read: number
  readonly delivered: number
  readonly quarantined: number
  readonly blank: number
}

export interface OutputReport {
  readonly name: string
  readonly bytes: number
  /** Of its bytes, as `sha256sum` prints it; where it is split, each part has its own. */
  readonly sha256?: string
  /** The files it consists of, where it is split. */
  readonly parts?: readonly SinkPart[]
  /** A document that was quarantined: it has no output. */
  readonly isQuarantined?: true
  readonly source: { readonly name: string; readonly bytes: number; readonly version: string }
  /** Where the source item lies. */
  readonly place?: string
  /** The key of the run that made it. */
  readonly run?: string
  readonly lines: LineTotals
}

export interface ItemFailure {
  readonly item: string
  readonly code: ErrorCode
  readonly message: string
}
