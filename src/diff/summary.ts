import type { Example } from './examples.js'
import type { UnpairedLines } from './line-pairs.js'
import type { Change, Outcome } from './outcome.js'
import type { RunFacts } from './run-records.js'

/** What a comparison found; plain data, without a value of a resource unless values are shown. */
export interface DiffSummary {
  readonly before: string
  readonly after: string
  /** Undefined where the output has no report. */
  readonly run: Omit<RunFacts, 'outputs'> | undefined
  readonly items: {
    readonly compared: number
    /** Raw items without output, and outputs without raw item. */
    readonly onlyBefore: number
    readonly onlyAfter: number
  }
  readonly lines: { readonly compared: number; readonly unchanged: number } & Readonly<UnpairedLines>
  /** Bytes of the lines that were compared. */
  readonly bytes: { readonly before: number; readonly after: number }
  readonly values: Changes
  /** In the order of their names. */
  readonly types: readonly TypeSummary[]
  readonly elements: readonly ElementSummary[]
  /** Identifying elements that stayed as they were, most frequent first. */
  readonly lookAt: readonly Concern[]
  readonly examples: readonly Example[]
  readonly warnings: readonly DiffWarning[]
}

/** Counts of values. */
export type Changes = Readonly<Record<Change, number>>

export interface TypeSummary {
  readonly type: string
  /** Those in Bundles and contained ones too. */
  readonly resources: number
  /** Bytes of the lines that hold resources of this type. */
  readonly bytes: { readonly before: number; readonly after: number }
  readonly values: Changes
  /** Resources by the security label that they got. */
  readonly labels: Readonly<Record<string, number>>
}

export interface ElementSummary {
  readonly path: string
  readonly fhirType: string
  readonly outcomes: Readonly<Partial<Record<Outcome, number>>>
}

export interface Concern {
  readonly path: string
  /** The identifying type that the element is or lies in; `id` and `Reference` for what names a resource. */
  readonly why: string
  readonly kept: number
}

export interface DiffWarning {
  readonly code:
    | 'nothing-compared'
    | 'no-report'
    | 'not-as-written'
    | 'no-quarantine'
    | 'incomplete-run'
    | 'unpaired-items'
    | 'too-long'
  readonly message: string
}
