import type { ProxySettings } from '../http/proxy.js'
import type { RetryClock } from '../http/retry.js'
import type { RunEvent, RunOptions } from '../pipeline/options.js'
import type { AnonymizerPlan } from '../pipeline/plan.js'
import type { RunReport } from '../pipeline/report/report.js'
import type { ExportAuth } from './auth/auth.js'
import type { Contents } from './contents.js'
import type { RawReport } from './download/raw-files.js'
import type { OpenStore } from './download/stored-source.js'
import type { ExportRequest } from './job/request.js'
import type { IssueCounts } from './outcomes.js'

/** What an export is asked to do; everything of `RunOptions` goes to the pipeline. */
export interface ExportOptions extends Omit<RunOptions, 'source' | 'plan' | 'itemsAtOnce' | 'onEvent'> {
  /** FHIR base address. */
  readonly base: string
  /** Default none. */
  readonly auth?: ExportAuth
  readonly request: ExportRequest
  /** How the files are anonymized; without it they are kept as they come (`--raw`). */
  readonly plan?: AnonymizerPlan
  /** Origins besides the base's own that may see the token. */
  readonly trustedOrigins?: readonly string[]
  /** Between two polls where the server names no time; default 5 min, at least 1 s. */
  readonly pollIntervalMs?: number
  /** How long to wait for the server's job in one run; default 24 h. */
  readonly pollLimitMs?: number
  /** How long the server may be silent before a connection counts as lost; default 60 s. */
  readonly silenceMs?: number
  /** How long the server may fail before this gives up; default 30 min. */
  readonly outageLimitMs?: number
  /** For tests. */
  readonly clock?: RetryClock
  /** Which proxies requests go through; default none. */
  readonly proxies?: ProxySettings
  /** Files downloaded at once, default 4. */
  readonly downloads?: number
  /** Whether a file that is not what the manifest says fails; default `fail`. */
  readonly onMismatch?: 'fail' | 'warn'
  /** Cancel the unfinished export that is kept, or replace the finished one. */
  readonly restart?: boolean
  /** What becomes of the server's job when the signal comes; default `keep`: a later run goes on with it. */
  readonly onInterrupt?: 'keep' | 'cancel'
  /** For files that the server writes into a store (`_container`). */
  readonly openStore?: OpenStore
  readonly onEvent?: (event: RunEvent | ExportEvent) => void
}

/** What happened, with fields; never a value from a resource, never a status address. */
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
  readonly item?: string
  readonly [field: string]: unknown
}

export interface ExportReport extends Contents {
  readonly base: string
  readonly level: ExportRequest['level']
  readonly startedAt: string
  readonly finishedAt: string
  /** The next `_since`; undefined where the server gives none. */
  readonly transactionTime?: string
  readonly files: { readonly output: number; readonly deleted: number; readonly outcome: number }
  /** Of the server's outcome files, by `severity/code`. */
  readonly issues: IssueCounts
  /** An earlier run had started the job. */
  readonly isContinued: boolean
  /** Everything was delivered, now or by an earlier run. */
  readonly isComplete: boolean
  /** The server was told that the job's files are no longer needed. */
  readonly isReleased: boolean
  /** Of the configuration, or `raw`. */
  readonly planFingerprint: string
  readonly run: RunReport | RawReport
}
