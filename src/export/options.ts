import type { ServerAuth } from '../fhir-client/auth/auth.js'
import type { IssueCounts } from '../fhir-client/outcomes.js'
import type { ProxySettings } from '../http/proxy.js'
import type { RetryClock } from '../http/retry-clock.js'
import type { RunEvent, RunOptions } from '../pipeline/options.js'
import type { AnonymizerPlan } from '../pipeline/plan.js'
import type { RawReport } from '../pipeline/raw/raw-files.js'
import type { RunReport } from '../pipeline/report/report.js'
import type { Contents } from './contents.js'
import type { OpenStore } from './download/stored-source.js'
import type { ExportRequest } from './job/request.js'

/** Options of an export; those of `RunOptions` go to the pipeline. */
export interface ExportOptions extends Omit<RunOptions, 'source' | 'plan' | 'itemsAtOnce' | 'onEvent'> {
  /** FHIR base address. */
  readonly base: string
  /** Default none. */
  readonly auth?: ServerAuth | undefined
  readonly request: ExportRequest
  /** How the files are anonymized; without it they are stored unchanged (`--raw`). */
  readonly plan?: AnonymizerPlan | undefined
  /** Origins, besides that of the base, that may receive the token. */
  readonly trustedOrigins?: readonly string[]
  /** Time between polls if the server does not say when to return; default 5 min, at least 1 s. */
  readonly pollIntervalMs?: number
  /** How long one run waits for the server's job; default 24 h. */
  readonly pollLimitMs?: number
  /** How long a connection may be idle before it counts as lost; default 60 s. */
  readonly silenceMs?: number
  /** How long to retry while the server fails; default 30 min. */
  readonly outageLimitMs?: number
  /** Replaced in tests. */
  readonly clock?: RetryClock
  /** Proxies for the requests; default none. */
  readonly proxies?: ProxySettings
  /** Number of files downloaded at once; default 4. */
  readonly downloads?: number
  /** What to do if a file differs from the manifest; default `fail`. */
  readonly onMismatch?: 'fail' | 'warn'
  /** Cancel the unfinished export in the state, or replace the finished one. */
  readonly restart?: boolean
  /** What happens to the server's job on abort; default `keep`, so that a later run resumes it. */
  readonly onInterrupt?: 'keep' | 'cancel'
  /** Opens the store that the server writes files to (`_container`). */
  readonly openStore?: OpenStore | undefined
  readonly onEvent?: ((event: RunEvent | ExportEvent) => void) | undefined
}

/** An event with its fields; never a value from a resource, never a status address. */
export interface ExportEvent {
  readonly event:
    | 'export.started'
    | 'export.continued'
    | 'export.polled'
    | 'export.lost'
    | 'export.listed'
    | 'export.issues'
    | 'export.mismatch'
    | 'export.answered'
    | 'export.empty'
    | 'export.types-missing'
    | 'export.retry'
    | 'export.released'
    | 'export.cancelled'
    | 'export.not-released'
  readonly level: 'info' | 'warn'
  readonly item?: string | undefined
  readonly [field: string]: unknown
}

export interface ExportReport extends Contents {
  readonly base: string
  readonly level: ExportRequest['level']
  readonly startedAt: string
  readonly finishedAt: string
  /** The next `_since`; undefined if the server gives no time. */
  readonly transactionTime?: string | undefined
  readonly files: { readonly output: number; readonly deleted: number; readonly outcome: number }
  /** Issues in the server's outcome files, counted by `severity/code`. */
  readonly issues: IssueCounts
  /** Whether an earlier run started the job. */
  readonly isContinued: boolean
  /** Whether everything was delivered, by this run or an earlier one. */
  readonly isComplete: boolean
  /** Whether the job was deleted on the server. */
  readonly isReleased: boolean
  /** Digest of the configuration, or `raw`. */
  readonly planFingerprint: string
  readonly run: RunReport | RawReport
}
