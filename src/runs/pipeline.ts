import { createHash } from 'node:crypto'
import { altExportIdentity } from '../alt-export/job/export-job.js'
import type { AltExportEvent, AltExportOptions } from '../alt-export/options.js'
import type { CompressionOptions } from '../compression/compression.js'
import { identityOf } from '../export/job/kick-off.js'
import type { ExportEvent, ExportOptions } from '../export/options.js'
import { baseOf } from '../fhir-client/connect.js'
import type { LayoutFacts } from '../pipeline/layout.js'
import type { RunEvent, RunOptions } from '../pipeline/options.js'
import type { AnonymizerPlan } from '../pipeline/plan.js'
import type { Lake, Source } from '../storage/store.js'
import type { Retention } from './retention.js'

/** A whole pipeline: source, anonymization and lake. */
export interface Pipeline {
  /** Runs with the same name belong together, whatever their source; default: runs of the same source and request. */
  readonly name?: string | undefined
  readonly source: PipelineSource
  readonly plan: AnonymizerPlan
  readonly lake: Lake
  readonly layout: 'dated' | 'dated-output'
  readonly splitBytes?: number | undefined
  /** Deliver only what changed since the last complete run of the same source and configuration. */
  readonly onlyNew: boolean
  readonly retention?: Retention | undefined
  /** Whether an empty full run is a success; default false. */
  readonly allowEmpty?: boolean
  readonly settings: RunSettings
}

export type PipelineSource =
  | {
      readonly kind: 'server'
      readonly options: ServerOptions
      /** How to treat an export that the server could not complete; the rest is delivered in any case. */
      readonly onServerErrors: 'fail' | 'warn'
    }
  | { readonly kind: 'queries'; readonly options: QueryOptions }
  | { readonly kind: 'store'; readonly source: Source }

export type QueryOptions = Pick<
  AltExportOptions,
  | 'base'
  | 'auth'
  | 'definition'
  | 'trustedOrigins'
  | 'silenceMs'
  | 'outageLimitMs'
  | 'clock'
  | 'proxies'
  | 'connections'
  | 'idsPerRequest'
  | 'idsPerItem'
  | 'isLenient'
  | 'onMismatch'
>

export type ServerOptions = Pick<
  ExportOptions,
  | 'base'
  | 'auth'
  | 'request'
  | 'trustedOrigins'
  | 'pollIntervalMs'
  | 'pollLimitMs'
  | 'silenceMs'
  | 'outageLimitMs'
  | 'clock'
  | 'proxies'
  | 'downloads'
  | 'onMismatch'
  | 'onInterrupt'
  | 'openStore'
>

export type RunSettings = Pick<
  RunOptions,
  | 'workers'
  | 'memoryBudgetBytes'
  | 'maxLineBytes'
  | keyof CompressionOptions
  | 'onBadLine'
  | 'quarantineContent'
  | 'maxQuarantined'
>

/** An event with its fields; never a value from a resource. */
export interface PipelineEvent {
  readonly event:
    | 'pipeline.started'
    | 'pipeline.resumed'
    | 'pipeline.no-transaction-time'
    | 'pipeline.empty'
    | 'pipeline.shrank'
    | 'retention.removed'
    | 'retention.held'
    | 'retention.failed'
  readonly level: 'info' | 'warn'
  readonly item?: string | undefined
  readonly [field: string]: unknown
}

export interface RunHooks extends Pick<RunOptions, 'signal' | 'onProgress' | 'metrics'> {
  readonly onEvent?: (event: RunEvent | ExportEvent | AltExportEvent | PipelineEvent) => void
  readonly now?: () => Date
}

/** Identifies a source and the request to it, without what a run adds for `onlyNew`. */
function sourceIdentity({ source }: Pick<Pipeline, 'source'>): string {
  if (source.kind === 'store') return hashOf('store', source.source.place)
  if (source.kind === 'queries') return altExportIdentity(source.options)
  const { base, request } = source.options
  return identityOf(baseOf(base), request)
}

/** Key of runs that belong together for history and retention. */
export const familyOf = (pipeline: Pick<Pipeline, 'source' | 'name'>): string =>
  hashOf(pipeline.name === undefined ? ['source', sourceIdentity(pipeline)] : ['name', pipeline.name])

/** Key of runs whose outputs complement each other: with `onlyNew`, each begins where the last one ended. */
export const chainOf = (pipeline: Pipeline): string =>
  hashOf(sourceIdentity(pipeline), pipeline.plan.fingerprint)

export const factsOf = ({ plan, settings, splitBytes }: Pipeline): LayoutFacts => ({
  plan,
  gzip: settings.gzip,
  zstd: settings.zstd,
  quarantineContent: settings.quarantineContent,
  splitBytes,
})

export const hashOf = (...parts: readonly unknown[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex')
