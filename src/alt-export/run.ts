import type { ErrorCode } from '../errors.js'
import { answerLog } from '../fhir-client/answers.js'
import { connect } from '../fhir-client/connect.js'
import { addIssues, type IssueCounts } from '../fhir-client/outcomes.js'
import { createPace } from '../fhir-client/pace.js'
import { retryFields } from '../fhir-client/retry-fields.js'
import type { FhirServer } from '../fhir-client/server.js'
import { keepRaw, type RawReport } from '../pipeline/raw/raw-files.js'
import type { RunReport } from '../pipeline/report/report.js'
import { runPipeline } from '../pipeline/run.js'
import { lockState, withHeldLock } from '../storage/held-lock.js'
import { writeCompletedRun } from './completed-run.js'
import { typeOf } from './definition.js'
import { itemSource } from './items/item-source.js'
import { Ownership } from './items/ownership.js'
import { ExportJob, type ExportPlan, planFingerprintOf } from './job/export-job.js'
import type { AltExportEvent, AltExportOptions, AltExportReport, AltExportStatus } from './options.js'
import { createSearchClient, type SearchClient } from './search/client.js'

const DEFAULT_CONNECTIONS = 8
// How often items are read again in one run that failed so: data that changes all the time would make no end of it.
const REPEATED: Readonly<Partial<Record<ErrorCode, number>>> = { SOURCE_CHANGED: 5, SOURCE_INCOMPLETE: 1 }

// The server's times have whole seconds, and answers take time.
const MAX_AHEAD_MS = 5000

/**
 * Exports what queries find from a FHIR server into a sink: gathers ids, asks for the resources of each group of them,
 * and anonymizes these as they arrive. A run that is killed or fails is resumed: finished outputs stay, the others are
 * asked for again. An export that the sink already holds is reported, not repeated. Searches that fail are listed in
 * `run.failed`. Throws what `runPipeline` throws, EXPORT_REFUSED, EXPORT_FAILED, EXPORT_INVALID, AUTH_FAILED,
 * SERVICE_UNAVAILABLE, SINK_CONFLICT.
 */
export async function runAltExport(options: AltExportOptions): Promise<AltExportReport> {
  const server = connectTo(options)
  const unlock = await lockState(options.sink.state, options)
  try {
    const job = await ExportJob.open(options)
    return job.delivered ?? (await new AltExport(options, job, server).run())
  } finally {
    server.http.close()
    await unlock()
  }
}

function connectTo(options: AltExportOptions): FhirServer {
  const { definition, onEvent, sink } = options
  const types =
    definition.kind === 'type'
      ? [definition.type]
      : [...new Set([definition.query, ...definition.include].map(typeOf))].sort()
  return connect({
    ...options,
    answers: answerLog(sink.state, onEvent),
    use: { access: 'read', types, refused: 'EXPORT_REFUSED', invalid: 'EXPORT_INVALID' },
    onRetry: (retry) => onEvent?.({ event: 'export.retry', level: 'info', ...retryFields(retry) }),
  })
}

/** Whether no resource was delivered. */
const isEmptyRun = (run: RunReport | RawReport): boolean =>
  'raw' in run ? run.outputs.length === 0 : run.outputs.every(({ lines }) => lines.delivered === 0)

/** One run of a job. */
class AltExport {
  readonly #options: AltExportOptions
  readonly #job: ExportJob
  readonly #client: SearchClient
  readonly #connections: number
  readonly #resources: Record<string, number> = {}
  #issues: IssueCounts = {}
  /** How far this machine's clock is ahead of the server's. */
  #aheadMs = 0
  #status: AltExportStatus

  constructor(options: AltExportOptions, job: ExportJob, server: FhirServer) {
    this.#options = options
    this.#job = job
    this.#connections = options.connections ?? DEFAULT_CONNECTIONS
    const pace = createPace({ max: this.#connections, clock: server.clock, signal: options.signal })
    this.#client = createSearchClient({
      server,
      pace,
      isLenient: options.isLenient ?? false,
      onMismatch:
        options.onMismatch === 'warn'
          ? ({ at, fact }) => this.#emit('alt-export.mismatch', { item: at, message: fact }, 'warn')
          : 'fail',
      onServerTime: (serverMs) => {
        const { now = () => new Date() } = options
        this.#aheadMs = Math.max(this.#aheadMs, now().getTime() - serverMs)
      },
    })
    const { id, startedAt } = job.kept
    this.#status = { id, startedAt, phase: 'gathering', resources: this.#resources }
  }

  async run(): Promise<AltExportReport> {
    const { kept, isContinued } = this.#job
    this.#emit(isContinued ? 'alt-export.continued' : 'alt-export.started', { startedAt: kept.startedAt })
    this.#tell({})
    const plan = await this.#job.plan(this.#client)
    this.#tellPlan(plan)
    const run = await this.#deliver(plan)
    const report = this.#reportOf(plan, run)
    this.#tell({ phase: report.isComplete ? 'complete' : 'incomplete', finishedAt: report.finishedAt })
    if (Object.keys(report.issues).length > 0) this.#emit('alt-export.issues', { issues: report.issues })
    if (!report.isComplete) return report
    if (report.isEmpty) this.#emit('alt-export.empty', {}, 'warn')
    await this.#job.removeReplaced(report)
    await writeCompletedRun(this.#options.sink, report, kept.ending)
    await this.#job.markDelivered(report)
    return report
  }

  /** Makes passes until no item has to be read again because of another one. */
  async #deliver(plan: ExportPlan): Promise<RunReport | RawReport> {
    for (let pass = 1; ; pass += 1) {
      const { id } = this.#job.kept
      const names = plan.items.map(({ name }) => name)
      const ownership = await Ownership.open(this.#options.sink.state, id, names)
      const run = await this.#pass(plan, ownership)
      const isToRepeat =
        run.failed.length > 0 &&
        run.failed.every(({ code }) => REPEATED[code] !== undefined && pass <= REPEATED[code])
      if (!isToRepeat) return run
      this.#emit('alt-export.repeated', { pass })
    }
  }

  #pass({ items, ids }: ExportPlan, ownership: Ownership): Promise<RunReport | RawReport> {
    const { plan, overwrite = false, restart = false, signal } = this.#options
    const itemsAtOnce = Math.max(1, Math.min(this.#connections, items.length))
    const sink = withHeldLock(this.#options.sink)
    const source = itemSource({
      client: this.#client,
      items,
      ids,
      ownership,
      state: sink.state,
      salt: this.#job.kept.salt,
      searchesAtOnce: Math.ceil(this.#connections / itemsAtOnce),
      onPage: (_, { issues }, lines) => {
        this.#issues = addIssues(this.#issues, issues)
        for (const { type } of lines) this.#resources[type] = (this.#resources[type] ?? 0) + 1
        this.#tell({})
      },
    })
    const shared = { source, sink, overwrite: overwrite || restart }
    if (plan === undefined) return keepRaw({ ...shared, atOnce: itemsAtOnce, signal })
    return runPipeline({ ...this.#options, ...shared, plan, itemsAtOnce, prune: true })
  }

  #reportOf({ gathered, items }: ExportPlan, run: RunReport | RawReport): AltExportReport {
    const { definition, now = () => new Date() } = this.#options
    const { counts, idCount, at, issues } = gathered
    const last = gathered.windows.at(-1)
    return {
      id: this.#job.kept.id,
      base: this.#client.server.base.href,
      kind: definition.kind,
      startedAt: this.#job.kept.startedAt,
      gatheredAt: at,
      finishedAt: now().toISOString(),
      ...(last === undefined ? {} : { until: this.#endOf(last.until) }),
      ...(counts === undefined ? {} : { ids: { unique: idCount, ...counts } }),
      issues: addIssues(issues, this.#issues),
      items: items.length,
      isContinued: this.#job.isContinued,
      isComplete: run.failed.length === 0,
      isEmpty: isEmptyRun(run),
      planFingerprint: planFingerprintOf(this.#options),
      run,
    }
  }

  /**
   * Where the next export begins. With a clock ahead of the server's, what is written on the server before `until` may
   * come after this export has asked: the next one begins earlier, and brings a little twice rather than nothing.
   */
  #endOf(until: string): string {
    const serverMs = Date.parse(this.#job.kept.startedAt) - this.#aheadMs
    const isAhead = this.#aheadMs > MAX_AHEAD_MS && serverMs < Date.parse(until)
    return isAhead ? new Date(serverMs).toISOString() : until
  }

  #tellPlan({ gathered, items }: ExportPlan): void {
    const { counts, idCount, windows, at } = gathered
    const without = counts?.without ?? {}
    const level = Object.keys(without).length > 0 ? 'warn' : 'info'
    if (counts === undefined) this.#emit('alt-export.slices', { slices: windows.length })
    else
      this.#emit(
        'alt-export.ids',
        { unique: idCount, found: counts.found, repeated: counts.repeated, without },
        level,
      )
    this.#tell({ phase: 'exporting', gatheredAt: at, ids: idCount, items: items.length })
  }

  #tell(change: Partial<AltExportStatus>): void {
    this.#status = { ...this.#status, ...change, resources: { ...this.#resources } }
    this.#options.onStatus?.(this.#status)
  }

  #emit(
    event: AltExportEvent['event'],
    fields: Readonly<Record<string, unknown>>,
    level: AltExportEvent['level'] = 'info',
  ): void {
    this.#options.onEvent?.({ ...fields, event, level })
  }
}
