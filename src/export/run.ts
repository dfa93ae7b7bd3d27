import { answerLog } from '../fhir-client/answers.js'
import { hasErrors, type IssueCounts } from '../fhir-client/outcomes.js'
import { forDeletions } from '../pipeline/plan.js'
import { keepRaw, type RawReport } from '../pipeline/raw/raw-files.js'
import type { RunReport } from '../pipeline/report/report.js'
import { runPipeline } from '../pipeline/run.js'
import { lockState, withHeldLock } from '../storage/held-lock.js'
import type { Source } from '../storage/store.js'
import { connectForExport } from './connection.js'
import { type Contents, contentsOf, isIncremental } from './contents.js'
import { type ExportFiles, exportSource } from './download/manifest-source.js'
import { readOutcomes } from './download/outcome-files.js'
import { storedSource } from './download/stored-source.js'
import type { Links } from './job/links.js'
import type { ExportFile, Manifest } from './job/manifest.js'
import type { ExportOptions, ExportReport } from './options.js'
import { cancelKept, planFingerprintOf, ServerJob } from './server-job.js'

const DEFAULT_DOWNLOADS = 4

/**
 * Exports from a FHIR server into a sink: starts a job or resumes that of an earlier run, waits for it, anonymizes its
 * files as they download, and deletes the job. An export that the sink already holds is reported, not repeated. Files
 * that cannot be fetched are listed in `run.failed`. Throws what `runPipeline` throws, EXPORT_REFUSED, EXPORT_FAILED, EXPORT_INVALID, EXPORT_OVERDUE, AUTH_FAILED, SERVICE_UNAVAILABLE, SINK_CONFLICT.
 */
export async function runExport(options: ExportOptions): Promise<ExportReport> {
  const answers = answerLog(options.sink.state, options.onEvent)
  const server = connectForExport(options, { answers })
  const unlock = await lockState(options.sink.state, options)
  try {
    const job = await ServerJob.open(server, options)
    if (job.delivered !== undefined) return await job.release(job.delivered)
    try {
      return await deliver(job, options)
    } catch (error) {
      await job.afterFailure(error)
      throw error
    }
  } finally {
    server.http.close()
    await unlock()
  }
}

/** Cancels the unfinished export recorded in the sink. Returns false if there is none or the server refuses. */
export async function cancelExport(options: ExportOptions): Promise<boolean> {
  const unlock = await lockState(options.sink.state, options)
  try {
    return await cancelKept(options)
  } finally {
    await unlock()
  }
}

async function deliver(job: ServerJob, options: ExportOptions): Promise<ExportReport> {
  const { manifest, links } = await job.complete()
  const { output, deleted, outcomes } = manifest
  const said = openFiles(job, options, { links, files: outcomes, isStrict: false })
  const issues = await readIssues(said, manifest, options)
  const isStrict = options.onMismatch !== 'warn' && !manifest.isOrganized
  const files = openFiles(job, options, { links, files: [...output, ...deleted], isStrict })
  const run = await keep(files, options, deleted.length > 0)
  if (!isStrict) warnOfCounts([...output, ...deleted], run, options)
  const contents = contentsOf(options.request, run)
  if (run.failed.length === 0) tellContents(contents, options)
  const report: ExportReport = {
    base: job.server.base.href,
    level: options.request.level,
    startedAt: job.startedAt,
    finishedAt: new Date().toISOString(),
    transactionTime: manifest.transactionTime,
    files: { output: output.length, deleted: deleted.length, outcome: outcomes.length },
    issues,
    ...contents,
    isContinued: job.isContinued,
    isComplete: run.failed.length === 0,
    isReleased: false,
    planFingerprint: planFingerprintOf(options),
    run,
  }
  if (!report.isComplete) {
    // A failed export starts again from kick-off: its cause may have been fixed by then.
    await files.forget(new Set(run.failed.map(({ item }) => item)))
    return report
  }
  await job.markDelivered(report)
  await said.forget()
  await files.forget()
  return job.release(report)
}

interface FilesOptions {
  readonly links: Links
  readonly files: readonly ExportFile[]
  readonly isStrict: boolean
}

function openFiles(
  job: ServerJob,
  { openStore, sink }: ExportOptions,
  { links, files, isStrict }: FilesOptions,
): ExportFiles {
  const shared = { files, isStrict, jobId: job.id }
  return openStore === undefined
    ? exportSource({ ...shared, server: job.server, links, state: sink.state })
    : { ...storedSource({ ...shared, place: job.server.base.href, openStore }), forget: async () => {} }
}

async function readIssues(
  source: Source,
  { outcomes }: Manifest,
  { sink, onEvent }: ExportOptions,
): Promise<IssueCounts> {
  if (outcomes.length === 0) return {}
  const issues = await readOutcomes(source, sink.state)
  onEvent?.({ event: 'export.issues', level: hasErrors(issues) ? 'warn' : 'info', issues })
  return issues
}

function keep(source: Source, options: ExportOptions, hasDeletions: boolean): Promise<RunReport | RawReport> {
  const { plan, restart = false, signal } = options
  const overwrite = options.overwrite === true || restart
  const sink = withHeldLock(options.sink)
  const atOnce = options.downloads ?? DEFAULT_DOWNLOADS
  if (plan === undefined) return keepRaw({ source, sink, atOnce, overwrite, signal })
  return runPipeline({
    ...options,
    source,
    sink,
    plan: hasDeletions ? forDeletions(plan) : plan,
    overwrite,
    itemsAtOnce: atOnce,
  })
}

/** Compares counts if they are not enforced. */
function warnOfCounts(
  files: readonly ExportFile[],
  run: RunReport | RawReport,
  { onEvent }: ExportOptions,
): void {
  if ('raw' in run) return
  const lines = new Map(run.outputs.map(({ source, lines }) => [source.name, lines.read - lines.blank]))
  for (const { name, count } of files) {
    const found = lines.get(name)
    if (count === undefined || found === undefined || count === found) continue
    onEvent?.({ event: 'export.mismatch', level: 'warn', item: name, announced: count, found })
  }
}

/** An empty export is more often a fault of the server or the request than an empty server. */
function tellContents({ isEmpty, missingTypes }: Contents, { request, onEvent }: ExportOptions): void {
  const level = isIncremental(request) ? 'info' : 'warn'
  if (isEmpty) onEvent?.({ event: 'export.empty', level })
  if (missingTypes.length > 0) onEvent?.({ event: 'export.types-missing', level, types: missingTypes })
}
