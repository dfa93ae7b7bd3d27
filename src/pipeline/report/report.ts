import type { ErrorCode } from '../../errors.js'
import type { GENERATOR } from '../../published/names.js'
import type { LeftOutReason, SinkPart } from '../../storage/store.js'

/**
 * The full report of a run, kept in the state; `run.json` in the output holds what recipients may know. Counts include
 * items finished by an earlier run, but not outputs of other sources.
 */
export interface RunReport {
  readonly generator: typeof GENERATOR
  readonly version: string
  /** Digest of the configuration and everything else that decides the bytes; reveals no key. */
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
  /** Number of elements decided by each rule, by rule number. */
  readonly elementsByRule: Readonly<Record<string, number>>
  /** Numbers of rules that decided nothing although there were resources they apply to. */
  readonly idleRules: readonly number[]
  readonly interpretedLines: number
  readonly quarantinedByCode: Readonly<Record<string, number>>
  /** Number of codes that `codeSystems` removed, by their system or element (law 18.4); absent if there are none. */
  readonly codesRemoved?: Readonly<Record<string, number>>
  /** Every committed output with what it was made from. */
  readonly outputs: readonly OutputReport[]
  /** Items without an output. Empty in `run.json`, because a run with failures does not write it to the output. */
  readonly failed: readonly ItemFailure[]
  /** Outputs made in the same place by runs on other sources. */
  readonly earlier: readonly OutputReport[]
  /**
   * Outputs of earlier runs on this source whose items are gone. They still exist, but `run.json` does not name them.
   */
  readonly orphaned: readonly string[]
  /** Outputs that were removed because their items have other names now, or are gone. */
  readonly removed: readonly string[]
  /** Number of files of the source that were not read, by reason. Names are in `left-out.ndjson` of the state. */
  readonly leftOut: Readonly<Partial<Record<LeftOutReason, number>>>
}

export interface ItemTotals {
  readonly listed: number
  readonly committed: number
  /** Items finished by an earlier run with the same fingerprint. */
  readonly finishedBefore: number
  /** Items skipped because their output exists (`skipExisting`). */
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
  /** SHA-256 of its bytes, as `sha256sum` prints it. If it is split, each part has its own. */
  readonly sha256?: string
  /** The files it consists of, if it is split. */
  readonly parts?: readonly SinkPart[]
  /** Whether it is a quarantined document, which has no output. */
  readonly isQuarantined?: true
  readonly source: { readonly name: string; readonly bytes: number; readonly version: string }
  /** Location of the source item. */
  readonly place?: string
  /** Key of the run that made it. */
  readonly run?: string
  readonly lines: LineTotals
}

export interface ItemFailure {
  readonly item: string
  readonly code: ErrorCode
  readonly message: string
}
