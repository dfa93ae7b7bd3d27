import { createHash, randomBytes } from 'node:crypto'
import { sluiceError } from '../../errors.js'
import { baseOf } from '../../fhir-client/connect.js'
import { readLedger } from '../../pipeline/checkpoint/output-ledger.js'
import { COMPLETED_RUN_NAMES, REPORT_NAME } from '../../published/names.js'
import { InvalidReport, readPublished } from '../../published/read.js'
import { gatherCohort } from '../cohort/gather.js'
import { windowsOf } from '../cohort/windows.js'
import { type ExportItem, itemsOf } from '../items/plan.js'
import type { AltExportOptions, AltExportReport } from '../options.js'
import type { SearchClient } from '../search/client.js'
import {
  forgetContents,
  type Gathered,
  type KeptJob,
  readIds,
  readJob,
  writeIds,
  writeJob,
} from './kept-job.js'

const DEFAULT_IDS_PER_REQUEST = 50
const DEFAULT_IDS_PER_ITEM = 1000

/** What an export fetches, settled once for all runs of the job. */
export interface ExportPlan {
  readonly gathered: Gathered
  readonly ids: readonly string[]
  readonly items: readonly ExportItem[]
}

/** An export that starts or is resumed. */
export class ExportJob {
  readonly #options: AltExportOptions
  #kept: KeptJob

  private constructor(
    options: AltExportOptions,
    kept: KeptJob,
    /** Whether an earlier run began it. */
    readonly isContinued: boolean,
  ) {
    this.#options = options
    this.#kept = kept
  }

  /** Resumes the job in the state or begins a new one. Throws SINK_CONFLICT if the job there is of another definition. */
  static async open(options: AltExportOptions): Promise<ExportJob> {
    const { state } = options.sink
    const kept = await usable(options)
    if (kept !== undefined && options.restart !== true) {
      checkSame(kept, options)
      if (kept.phase === 'delivered') await forgetContents(state, kept)
      // An unfinished export may go on with another configuration: its outputs are then made again.
      return new ExportJob(options, { ...kept, planFingerprint: planFingerprintOf(options) }, true)
    }
    const earlier = kept ?? (await readJob(state))
    if (earlier !== undefined) await forgetContents(state, earlier)
    const replaces = [
      ...(await earlierOutputs(options)),
      ...(earlier?.replaces ?? []),
      ...(earlier?.items ?? []),
    ]
    const job = newJob(options, [...new Set(replaces)])
    await writeJob(state, job)
    return new ExportJob(options, job, false)
  }

  get kept(): KeptJob {
    return this.#kept
  }

  /** The report of an export that is already complete. */
  get delivered(): AltExportReport | undefined {
    return this.#kept.phase === 'delivered' ? (this.#kept.report as AltExportReport) : undefined
  }

  /** Asks what is to be fetched, or reads what an earlier run was told. Throws what requests throw. */
  async plan(client: SearchClient): Promise<ExportPlan> {
    const { sink } = this.#options
    const before = this.#kept.gathered
    const known = before && (await readIds(sink.state, before.idCount))
    if (before !== undefined && known !== undefined) return this.#planOf(before, known)
    const { gathered, ids } = await this.#gather(client)
    await writeIds(sink.state, ids)
    const plan = this.#planOf(gathered, ids)
    this.#kept = { ...this.#kept, gathered, items: plan.items.map(({ name }) => name) }
    await writeJob(sink.state, this.#kept)
    return plan
  }

  /** Removes the outputs of an export that this one replaces. */
  async removeReplaced({ run }: AltExportReport): Promise<void> {
    const outputs = new Set(run.outputs.map(({ name }) => name))
    for (const name of this.#kept.replaces) if (!outputs.has(name)) await this.#options.sink.remove(name)
  }

  /** Records that everything is delivered, and forgets the ids. */
  async markDelivered(report: AltExportReport): Promise<void> {
    const { sink } = this.#options
    this.#kept = { ...this.#kept, phase: 'delivered', replaces: [], report }
    await writeJob(sink.state, this.#kept)
    await forgetContents(sink.state, this.#kept)
  }

  #planOf(gathered: Gathered, ids: readonly string[]): ExportPlan {
    const { sizes, ending } = this.#kept
    const { idCount, windows } = gathered
    const items = itemsOf(this.#options.definition, { idCount, windows }, { sizes, ending })
    return { gathered, ids, items }
  }

  async #gather(
    client: SearchClient,
  ): Promise<{ readonly gathered: Gathered; readonly ids: readonly string[] }> {
    const { definition, now = () => new Date() } = this.#options
    if (definition.kind === 'cohort') {
      const { ids, counts, issues } = await gatherCohort(client, definition, new Date(this.#kept.startedAt))
      return { gathered: { at: now().toISOString(), idCount: ids.length, counts, issues, windows: [] }, ids }
    }
    // Resources that change while the export runs leave their slice; the next export begins where this one ends.
    const until = definition.until ?? this.#kept.startedAt
    const windows = await windowsOf(client, { ...definition, until })
    return { gathered: { at: now().toISOString(), idCount: 0, issues: {}, windows }, ids: [] }
  }
}

/** A delivered export counts only while its outputs exist. */
async function usable({ sink }: AltExportOptions): Promise<KeptJob | undefined> {
  const kept = await readJob(sink.state)
  return kept?.phase === 'delivered' && (await sink.get(REPORT_NAME)) === undefined ? undefined : kept
}

function newJob(options: AltExportOptions, replaces: readonly string[]): KeptJob {
  const { idsPerRequest = DEFAULT_IDS_PER_REQUEST, idsPerItem = DEFAULT_IDS_PER_ITEM } = options
  const { now = () => new Date() } = options
  return {
    altExport: 1,
    id: randomBytes(16).toString('hex'),
    identity: altExportIdentity(options),
    planFingerprint: planFingerprintOf(options),
    startedAt: now().toISOString(),
    salt: randomBytes(16).toString('hex'),
    sizes: { idsPerRequest, idsPerItem: Math.max(idsPerItem, idsPerRequest) },
    ending: options.ending ?? 'xndjson',
    phase: 'running',
    replaces,
  }
}

function checkSame(kept: KeptJob, options: AltExportOptions): void {
  const isRunning = kept.phase === 'running'
  const isSamePlan = isRunning || kept.planFingerprint === planFingerprintOf(options)
  if (kept.identity === altExportIdentity(options) && isSamePlan) return
  throw sluiceError('SINK_CONFLICT', {
    at: options.sink.place,
    message: `holds ${isRunning ? 'an unfinished export' : 'a complete export'} with another definition or other options`,
    help: `choose another output, or --restart to ${isRunning ? 'forget' : 'replace'} it`,
  })
}

/** Identifies the requested data without revealing the queries, which may name patients. */
export const altExportIdentity = ({
  base,
  definition,
}: Pick<AltExportOptions, 'base' | 'definition'>): string =>
  createHash('sha256')
    .update(JSON.stringify([baseOf(base).href, definition]))
    .digest('hex')

export const planFingerprintOf = ({ plan }: Pick<AltExportOptions, 'plan'>): string =>
  plan?.fingerprint ?? 'raw'

/** Outputs named in the sink's last report. */
async function earlierOutputs({ sink }: AltExportOptions): Promise<readonly string[]> {
  const text = await sink.get(REPORT_NAME)
  if (text === undefined) return []
  const report = readPublished(text)
  if (report instanceof InvalidReport) return []
  const { outputs } = report
  const names = 'file' in outputs ? await readLedger(sink.state) : outputs.map(({ name }) => name)
  return [...names, ...Object.values(COMPLETED_RUN_NAMES)]
}

/** Exports with the same name resume in each other's folder. */
export const altExportFingerprint = (
  options: Pick<AltExportOptions, 'base' | 'definition' | 'plan'>,
): string =>
  createHash('sha256')
    .update(JSON.stringify([altExportIdentity(options), planFingerprintOf(options)]))
    .digest('hex')
