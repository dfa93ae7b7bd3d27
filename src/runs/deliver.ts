import { runAltExport } from '../alt-export/run.js'
import { type Contents, isEmptyRun } from '../export/contents.js'
import type { ExportReport } from '../export/options.js'
import { runExport } from '../export/run.js'
import { hasErrors, type IssueCounts } from '../fhir-client/outcomes.js'
import { destroySecrets } from '../pipeline/checkpoint/run-secrets.js'
import type { RunReport } from '../pipeline/report/report.js'
import { readRunReport } from '../pipeline/report/state-report.js'
import { runPipeline } from '../pipeline/run.js'
import { REPORT_NAME } from '../published/names.js'
import type { Sink, Source } from '../storage/store.js'
import type { Pipeline, PipelineSource, RunHooks } from './pipeline.js'
import { newItemsOf, type Versions } from './versions.js'

/** Result of a delivery. */
export interface Delivery extends Contents {
  readonly report: RunReport
  /** For an export: the server's time at which the next one begins. */
  readonly transactionTime?: string | undefined
  /** For an export: the server's issues, counted by severity and code. */
  readonly issues?: IssueCounts
  /** Whether the server could not export everything and that counts as a failure. */
  readonly hasServerErrors: boolean
}

export interface DeliveryOptions {
  readonly sink: Sink
  readonly hooks: RunHooks
  readonly since: string | undefined
  readonly before: Versions | undefined
}

/** Delivers the source, or what is new in it, to the sink. */
export function deliver(pipeline: Pipeline, options: DeliveryOptions): Promise<Delivery> {
  const { source } = pipeline
  if (source.kind === 'server') return fromServer(pipeline, source, options)
  if (source.kind === 'queries') return fromQueries(pipeline, source, options)
  return fromStore(pipeline, source.source, options)
}

async function fromServer(
  { plan, settings, onlyNew }: Pipeline,
  { options, onServerErrors }: Extract<PipelineSource, { kind: 'server' }>,
  { sink, hooks, since }: DeliveryOptions,
): Promise<Delivery> {
  const { request } = options
  const parameters =
    since === undefined
      ? request.parameters
      : [...request.parameters.filter(([name]) => name !== '_since'), ['_since', since] as const]
  const { signal, onProgress, onEvent, metrics } = hooks
  const exported = await runExport({
    ...settings,
    ...options,
    request: { ...request, parameters },
    plan,
    sink,
    signal,
    onProgress,
    onEvent,
    metrics,
  })
  const { transactionTime, issues, isEmpty, missingTypes } = exported
  if (onlyNew && transactionTime === undefined)
    onEvent?.({
      event: 'pipeline.no-transaction-time',
      level: 'warn',
      advice: 'the next run exports everything',
    })
  return {
    report: reportOf(exported),
    transactionTime,
    issues,
    isEmpty,
    missingTypes,
    hasServerErrors: onServerErrors === 'fail' && hasErrors(issues),
  }
}

/** A type is exported from where the last run ended; a cohort is always exported as a whole. */
async function fromQueries(
  { plan, settings }: Pipeline,
  { options }: Extract<PipelineSource, { kind: 'queries' }>,
  { sink, hooks, since }: DeliveryOptions,
): Promise<Delivery> {
  const { definition } = options
  const { signal, onProgress, onEvent, metrics } = hooks
  const exported = await runAltExport({
    ...settings,
    ...options,
    definition: since !== undefined && definition.kind === 'type' ? { ...definition, since } : definition,
    plan,
    sink,
    signal,
    onProgress,
    onEvent,
    metrics,
  })
  const { until, issues, isEmpty } = exported
  return {
    report: reportOf(exported),
    transactionTime: until,
    issues,
    isEmpty,
    missingTypes: [],
    hasServerErrors: false,
  }
}

function reportOf({ run }: Pick<ExportReport, 'run'>): RunReport {
  if ('raw' in run) throw new TypeError('an export with a plan is never raw')
  return run
}

async function fromStore(
  { plan, settings }: Pipeline,
  source: Source,
  { sink, hooks, before }: DeliveryOptions,
): Promise<Delivery> {
  const { signal, onProgress, onEvent, metrics } = hooks
  const report =
    (await finishedReport(sink)) ??
    (await runPipeline({
      ...settings,
      source: before === undefined ? source : newItemsOf(source, before),
      sink,
      plan,
      signal,
      onProgress,
      onEvent,
      metrics,
    }))
  return { report, isEmpty: isEmptyRun(report), missingTypes: [], hasServerErrors: false }
}

/** Settles a run that ended before it could record that: its outputs may be in use; any keys left are destroyed. */
export async function finishedReport(sink: Sink): Promise<RunReport | undefined> {
  if ((await sink.get(REPORT_NAME)) === undefined) return undefined
  const report = await readRunReport(sink.state)
  if (report !== undefined) await destroySecrets(sink.state)
  return report
}
