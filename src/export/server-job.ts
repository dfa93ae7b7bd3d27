import { createHash } from 'node:crypto'
import { compressionOf, outputName } from '../compression/compression.js'
import { isSluiceError, sluiceError } from '../errors.js'
import { baseOf } from '../fhir-client/connect.js'
import { cancelJob } from '../fhir-client/job-start.js'
import type { FhirServer } from '../fhir-client/server.js'
import { readLedger } from '../pipeline/checkpoint/output-ledger.js'
import { REPORT_NAME } from '../published/names.js'
import { InvalidReport, readPublished } from '../published/read.js'
import { connectForExport } from './connection.js'
import { forgetJob, type KeptJob, readJob, writeJob } from './job/job.js'
import { identityOf, kickOff } from './job/kick-off.js'
import { type Links, linksOf } from './job/links.js'
import type { Manifest } from './job/manifest.js'
import { type Polled, pollManifest } from './job/poll.js'
import type { ExportEvent, ExportOptions, ExportReport } from './options.js'

const DEFAULT_POLL_INTERVAL_MS = 300_000
const DEFAULT_POLL_LIMIT_MS = 24 * 3_600_000
const CANCEL_TIMEOUT_MS = 15_000

/** The server's job behind an export; its address is kept in the sink's state until the job is released. */
export class ServerJob {
  readonly #options: ExportOptions
  #kept: KeptJob

  private constructor(
    readonly server: FhirServer,
    options: ExportOptions,
    kept: KeptJob,
    readonly isContinued: boolean,
  ) {
    this.#options = options
    this.#kept = kept
  }

  /** Resumes the recorded job or starts a new one. Throws SINK_CONFLICT if the recorded job is of another request. */
  static async open(server: FhirServer, options: ExportOptions): Promise<ServerJob> {
    const kept = await usable(options)
    if (kept !== undefined && options.restart !== true) {
      checkSame(kept, server, options)
      if (kept.phase === 'running') emit(options, 'export.continued', { startedAt: kept.startedAt })
      return new ServerJob(server, options, kept, true)
    }
    const replaces = [...(await earlierOutputs(options)), ...(kept === undefined ? [] : leftBy(kept))]
    if (kept !== undefined && !kept.isReleased) await cancel(kept, server)
    await forgetJob(options.sink.state)
    return new ServerJob(server, options, await start(server, options, replaces), false)
  }

  /** Identifies the job without revealing its address. */
  get id(): string {
    return createHash('sha256').update(`${this.#kept.statusUrl} ${this.#kept.startedAt}`).digest('hex')
  }

  get startedAt(): string {
    return this.#kept.startedAt
  }

  /** The report of an export that is already complete. */
  get delivered(): ExportReport | undefined {
    if (this.#kept.phase !== 'delivered') return undefined
    // Reports of earlier versions lack newer fields.
    return {
      isEmpty: false,
      missingTypes: [],
      ...(this.#kept.report as Partial<ExportReport>),
    } as ExportReport
  }

  /** Waits for the manifest. A job that the server has forgotten is started again, once. */
  async complete(): Promise<{ readonly manifest: Manifest; readonly links: Links }> {
    for (let attempt = 1; ; attempt += 1) {
      const polled = await this.#poll()
      if (polled.kind === 'complete') {
        const { manifest } = polled
        await this.#noteNames(manifest)
        emit(this.#options, 'export.listed', {
          files: manifest.output.length,
          deleted: manifest.deleted.length,
          outcomes: manifest.outcomes.length,
          transactionTime: manifest.transactionTime,
        })
        return { manifest, links: linksOf(manifest, () => this.#pollAgain()) }
      }
      if (attempt > 1) throw this.#forgotten()
      emit(this.#options, 'export.lost', {}, 'warn')
      // Another node may still know the job.
      await cancel(this.#kept, this.server)
      this.#kept = await start(this.server, this.#options, leftBy(this.#kept))
    }
  }

  /** Called before the first item is written. */
  async #noteNames({ output, deleted }: Manifest): Promise<void> {
    if (this.#kept.phase === 'delivered') return
    const { plan } = this.#options
    const compression = plan === undefined ? undefined : compressionOf(this.#options)
    this.#kept = {
      ...this.#kept,
      names: [...output, ...deleted].map(({ name }) => outputName(name, compression)),
    }
    await writeJob(this.#options.sink.state, this.#kept)
  }

  /** Records that everything is delivered, and removes the outputs of an export that this one replaces. */
  async markDelivered(report: ExportReport): Promise<void> {
    const outputs = new Set(report.run.outputs.map(({ name }) => name))
    for (const name of this.#kept.replaces ?? [])
      if (!outputs.has(name)) await this.#options.sink.remove(name)
    this.#kept = { ...this.#kept, phase: 'delivered', replaces: [], names: [], report }
    await writeJob(this.#options.sink.state, this.#kept)
  }

  /** Deletes the job on the server. A server that does not answer causes only a warning. */
  async release(report: ExportReport): Promise<ExportReport> {
    if (this.#kept.isReleased) return report
    const isReleased = await cancel(this.#kept, this.server)
    emit(
      this.#options,
      isReleased ? 'export.released' : 'export.not-released',
      {},
      isReleased ? 'info' : 'warn',
    )
    const final = { ...report, isReleased }
    this.#kept = { ...this.#kept, isReleased, report: final }
    await writeJob(this.#options.sink.state, this.#kept)
    return final
  }

  /** Cancels a job that no later run can use, or that must not be kept. */
  async afterFailure(error: unknown): Promise<void> {
    const { onInterrupt, sink } = this.#options
    const code = isSluiceError(error) ? error.code : undefined
    const isUseless = code === 'EXPORT_FAILED' || code === 'EXPORT_INVALID'
    if (!isUseless && !(code === 'INTERRUPTED' && onInterrupt === 'cancel')) return
    await cancelAnew(this.#kept, this.#options)
    await forgetJob(sink.state)
    emit(this.#options, 'export.cancelled', {})
  }

  #poll(): Promise<Polled> {
    const { pollIntervalMs = DEFAULT_POLL_INTERVAL_MS, pollLimitMs = DEFAULT_POLL_LIMIT_MS } = this.#options
    const startedMs = performance.now()
    return pollManifest(this.server, new URL(this.#kept.statusUrl), {
      intervalMs: pollIntervalMs,
      limitMs: pollLimitMs,
      onProgress: (progress) =>
        emit(this.#options, 'export.polled', {
          progress: progress ?? 'in progress',
          seconds: Math.round((performance.now() - startedMs) / 1000),
        }),
    })
  }

  async #pollAgain(): Promise<Manifest> {
    const polled = await this.#poll()
    if (polled.kind === 'complete') return polled.manifest
    throw this.#forgotten()
  }

  #forgotten() {
    return sluiceError('EXPORT_FAILED', {
      at: this.server.base.href,
      message: 'the server has forgotten the export',
    })
  }
}

/** Cancels the unfinished export recorded in the sink, if any. */
export async function cancelKept(options: ExportOptions): Promise<boolean> {
  const kept = await readJob(options.sink.state)
  if (kept === undefined || kept.phase === 'delivered') return false
  const isCancelled = await cancelAnew(kept, options)
  await forgetJob(options.sink.state)
  emit(options, isCancelled ? 'export.cancelled' : 'export.not-released', {})
  return isCancelled
}

/** A delivered export counts only while its outputs exist. */
async function usable({ sink }: ExportOptions): Promise<KeptJob | undefined> {
  const kept = await readJob(sink.state)
  return kept?.phase === 'delivered' && (await sink.get(REPORT_NAME)) === undefined ? undefined : kept
}

function checkSame(kept: KeptJob, server: FhirServer, options: ExportOptions): void {
  const isSameRequest = kept.identity === identityOf(server.base, options.request)
  const { planFingerprint } = (kept.report ?? {}) as Partial<ExportReport>
  const isSamePlan = kept.phase === 'running' || planFingerprint === planFingerprintOf(options)
  if (isSameRequest && isSamePlan) return
  const what = kept.phase === 'running' ? 'an unfinished export' : 'a complete export'
  throw sluiceError('SINK_CONFLICT', {
    at: options.sink.place,
    message: `holds ${what} with other options`,
    help: `choose another output, or --restart to ${kept.phase === 'running' ? 'cancel' : 'replace'} it`,
  })
}

/** Exports with the same name resume in each other's folder. */
export const exportFingerprint = (options: Omit<ExportOptions, 'sink'>): string =>
  createHash('sha256')
    .update(JSON.stringify([identityOf(baseOf(options.base), options.request), planFingerprintOf(options)]))
    .digest('hex')

export const planFingerprintOf = ({ plan }: Pick<ExportOptions, 'plan'>): string => plan?.fingerprint ?? 'raw'

async function start(
  server: FhirServer,
  options: ExportOptions,
  replaces: readonly string[] | undefined,
): Promise<KeptJob> {
  const statusUrl = await kickOff(server, options.request)
  const job: KeptJob = {
    export: 1,
    identity: identityOf(server.base, options.request),
    statusUrl: statusUrl.href,
    startedAt: new Date().toISOString(),
    phase: 'running',
    isReleased: false,
    ...(replaces === undefined ? {} : { replaces }),
  }
  await writeJob(options.sink.state, job)
  emit(options, 'export.started', { of: options.request.level })
  return job
}

/** Names under which the sink may hold outputs of an unfinished job or of earlier ones. */
const leftBy = ({ replaces = [], names = [] }: KeptJob): readonly string[] => [
  ...new Set([...replaces, ...names]),
]

/** Outputs named in the sink's last report. */
async function earlierOutputs({ sink }: ExportOptions): Promise<readonly string[]> {
  const text = await sink.get(REPORT_NAME)
  if (text === undefined) return []
  const report = readPublished(text)
  if (report instanceof InvalidReport) return []
  const { outputs } = report
  return 'file' in outputs ? readLedger(sink.state) : outputs.map(({ name }) => name)
}

/** A job that the server no longer has counts as cancelled. */
async function cancel({ statusUrl }: KeptJob, server: FhirServer): Promise<boolean> {
  const status = await cancelJob(server, statusUrl)
  return status !== undefined && (status < 300 || status === 404 || status === 410)
}

/** Uses its own signal, because the run's may already be aborted. */
async function cancelAnew(kept: KeptJob, options: ExportOptions): Promise<boolean> {
  const server = connectForExport(options, { signal: AbortSignal.timeout(CANCEL_TIMEOUT_MS) })
  try {
    return await cancel(kept, server)
  } finally {
    server.http.close()
  }
}

function emit(
  { onEvent }: ExportOptions,
  event: ExportEvent['event'],
  fields: Readonly<Record<string, unknown>>,
  level: ExportEvent['level'] = 'info',
): void {
  onEvent?.({ ...fields, event, level })
}
