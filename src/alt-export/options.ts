import type { AnswerEvent } from '../fhir-client/answers.js'
import type { ConnectOptions } from '../fhir-client/connect.js'
import type { IssueCounts } from '../fhir-client/outcomes.js'
import type { RunEvent, RunOptions } from '../pipeline/options.js'
import type { AnonymizerPlan } from '../pipeline/plan.js'
import type { RawReport } from '../pipeline/raw/raw-files.js'
import type { RunReport } from '../pipeline/report/report.js'
import type { CohortCounts } from './cohort/gather.js'
import type { AltExportDefinition } from './definition.js'
import type { Ending } from './items/plan.js'

/** Options of an export by queries; those of `RunOptions` go to the pipeline. */
export interface AltExportOptions
  extends Omit<RunOptions, 'source' | 'plan' | 'itemsAtOnce' | 'prune' | 'onEvent'>,
    Pick<
      ConnectOptions,
      'base' | 'auth' | 'trustedOrigins' | 'silenceMs' | 'outageLimitMs' | 'clock' | 'proxies'
    > {
  readonly definition: AltExportDefinition
  /** How the resources are anonymized; without it they are stored unchanged (`--raw`). */
  readonly plan?: AnonymizerPlan | undefined
  /** How many requests may be under way at once; default 8. */
  readonly connections?: number | undefined
  /** Ids in one request; default 50. */
  readonly idsPerRequest?: number | undefined
  /** Ids of one output; default 1000. */
  readonly idsPerItem?: number | undefined
  /** Let the server ignore parameters that it does not support; default false. */
  readonly isLenient?: boolean | undefined
  /** What to do if pages bring less than the server counts; default `fail`. */
  readonly onMismatch?: 'fail' | 'warn' | undefined
  /** Endings of the outputs and form of the summary: as the loader documents them, or as it writes them; default xndjson. */
  readonly ending?: Ending | undefined
  /** Forget the unfinished export in the state, or replace the finished one. */
  readonly restart?: boolean | undefined
  readonly now?: (() => Date) | undefined
  readonly onEvent?: ((event: RunEvent | AltExportEvent | AnswerEvent) => void) | undefined
  /** Called whenever the export makes progress. */
  readonly onStatus?: ((status: AltExportStatus) => void) | undefined
}

/** An event with its fields; never a value from a resource, an id or an address with ids. */
export interface AltExportEvent {
  readonly event:
    | 'alt-export.started'
    | 'alt-export.continued'
    | 'alt-export.ids'
    | 'alt-export.slices'
    | 'alt-export.issues'
    | 'alt-export.repeated'
    | 'alt-export.mismatch'
    | 'alt-export.empty'
    | 'export.retry'
  readonly level: 'info' | 'warn'
  readonly item?: string | undefined
  readonly [field: string]: unknown
}

/** Progress of an export. Times are instants; those of later steps are undefined. */
export interface AltExportStatus {
  /** Names the job, also after it is resumed: 32 hexadecimal digits. */
  readonly id: string
  readonly phase: 'gathering' | 'exporting' | 'complete' | 'incomplete'
  readonly startedAt: string
  readonly gatheredAt?: string | undefined
  readonly finishedAt?: string | undefined
  /** Number of unique ids. */
  readonly ids?: number | undefined
  /** Number of outputs that are planned. */
  readonly items?: number | undefined
  /** Resources that were found so far, by type; those that were found again do not count. */
  readonly resources: Readonly<Record<string, number>>
}

export interface AltExportReport {
  readonly id: string
  readonly base: string
  readonly kind: AltExportDefinition['kind']
  readonly startedAt: string
  readonly gatheredAt: string
  readonly finishedAt: string
  /** For a type: the end of the exported time, where the next export begins. */
  readonly until?: string | undefined
  /** For a cohort: number of unique ids, and what else the query found. */
  readonly ids?: (CohortCounts & { readonly unique: number }) | undefined
  /** Issues that the server reported among the entries, counted by `severity/code`. */
  readonly issues: IssueCounts
  /** Number of planned outputs; empty ones are not written. */
  readonly items: number
  /** Whether an earlier run began the job. */
  readonly isContinued: boolean
  readonly isComplete: boolean
  readonly isEmpty: boolean
  /** Digest of the configuration, or `raw`. */
  readonly planFingerprint: string
  readonly run: RunReport | RawReport
}
