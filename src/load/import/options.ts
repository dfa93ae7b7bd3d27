import type { AnswerEvent } from '../../fhir-client/answers.js'
import type { ConnectOptions } from '../../fhir-client/connect.js'
import type { IssueCounts } from '../../fhir-client/outcomes.js'
import type { RunEvent } from '../../pipeline/options.js'
import type { Sink, Source } from '../../storage/store.js'
import type { LoadEvent, LoadOptions, UnreadableItem } from '../options.js'
import type { ImportFaultPoint } from './fault-points.js'
import type { StagingLimits } from './staging.js'

/** How the server imports. */
export type ImportTarget =
  | {
      readonly kind: 'azure'
      /** Default `incremental`. `initial` needs a switch of the server that blocks other writes. */
      readonly mode?: 'initial' | 'incremental' | undefined
      /** Faster; the resources can be searched only later. */
      readonly eventualConsistency?: boolean | undefined
      readonly allowNegativeVersions?: boolean | undefined
      /** How the addresses of the storage account begin; the server's error files are read nowhere else. */
      readonly account: string
      /** The address of a staged file for the server: absolute, without a query. */
      urlOf(name: string): string
    }
  | {
      readonly kind: 'hapi'
      /** Where the staged files are served while the import runs; the server must reach it. Port 0: a free one. */
      readonly serveAt: { readonly host: string; readonly port: number }
      readonly maxBatchResourceCount?: number | undefined
    }

/** Opens the folder of a store, for reading the error files that the server writes there. */
export type OpenFolder = (address: string) => Promise<Source>

/** Options of a load that an import has, too. */
type SharedOptions =
  | keyof ConnectOptions
  | 'source'
  | 'keepVersions'
  | 'plan'
  | 'workers'
  | 'allowEmpty'
  | 'repeatsFailures'

export interface ImportOptions extends Pick<LoadOptions, Extract<SharedOptions, keyof LoadOptions>> {
  readonly target: ImportTarget
  /** The staging place. Its state is that of the load. */
  readonly stage: Sink
  /** Reads what is staged. */
  readonly staged: Source
  readonly openFolder: OpenFolder
  /** Staged files are kept after the import; by default they are removed once everything is settled. */
  readonly keepStaged?: boolean | undefined
  /** What happens to the server's job on abort; default `keep`, so that a later run resumes it. */
  readonly onInterrupt?: 'keep' | 'cancel' | undefined
  /** Time between polls if the server does not say when to return; default 30 s. */
  readonly pollIntervalMs?: number | undefined
  /** How long one run waits for the server's job; default 7 days. */
  readonly pollLimitMs?: number | undefined
  readonly limits?: Partial<StagingLimits> | undefined
  readonly onEvent?: ((event: ImportEvent | LoadEvent | RunEvent) => void) | undefined
  /** Called at each named point, where fault tests kill the process. */
  readonly faultPoint?: ((point: ImportFaultPoint) => void) | undefined
}

/** Beside those of a load. Never a value from a resource, never a status address. */
export type ImportEvent =
  | AnswerEvent<'import'>
  | {
      readonly event:
        | 'import.staged'
        | 'import.started'
        | 'import.continued'
        | 'import.unrecorded'
        | 'import.polled'
        | 'import.settled'
        | 'import.cancelled'
        | 'import.not-cancelled'
        | 'import.uncounted'
        | 'item.failed'
      readonly level: 'info' | 'warn'
      readonly item?: string | undefined
      readonly [field: string]: unknown
    }

/** How the numbers of loaded and failed resources are known. */
export type ImportCounting =
  /** The server gave them for each file. */
  | 'given'
  /** The server gives none. Every resource of the import was found on the server afterwards, or is listed as failed. */
  | 'looked-up'
  /** The server gives none, and could not be asked for the resources. */
  | 'unknown'

export interface ImportReport {
  readonly via: 'import'
  readonly base: string
  readonly startedAt: string
  readonly finishedAt: string
  /** Whether an earlier run started the job. */
  readonly isContinued: boolean
  /** Entries of the input, with what earlier runs settled; the next four add up to it. */
  readonly read: number
  readonly loaded: number
  /** Refused by the server, or not sent at all (`rejected`). */
  readonly failed: number
  readonly rejected: number
  /** It is not known whether the server has them. */
  readonly ambiguous: number
  readonly counting: ImportCounting
  /** Issues in the server's error files, counted by `severity/code`. */
  readonly issues: IssueCounts
  readonly files: readonly ImportedFile[]
  /** Items that could not be read to their end; what they hold is not in the counts. */
  readonly unreadable: readonly UnreadableItem[]
  readonly byType: Readonly<Record<string, { readonly loaded: number; readonly failed: number }>>
  readonly bytes: number
}

/** A staged file and what the server made of it. */
export interface ImportedFile {
  readonly name: string
  readonly type: string
  readonly lines: number
  readonly bytes: number
  /** Undefined where the server does not say. */
  readonly loaded?: number | undefined
  readonly failed?: number | undefined
}
