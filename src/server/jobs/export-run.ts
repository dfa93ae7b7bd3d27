import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isSluiceError, sluiceError } from '../../errors.js'
import type { FhirVersion } from '../../fhir/version.js'
import type { RunEvent, RunMetrics, RunProgress } from '../../pipeline/options.js'
import { type AnonymizerPlan, forDeletions } from '../../pipeline/plan.js'
import type { RunReport } from '../../pipeline/report/report.js'
import { runPipeline } from '../../pipeline/run.js'
import { folderSource } from '../../storage/folder/folder.js'
import { makeFolders, readText, writeWhole } from '../../storage/folder/folder-files.js'
import { folderState } from '../../storage/folder/folder-state.js'
import { createOwn } from '../../storage/folder/own-file.js'
import type { Sink, Source, SourceItem, State } from '../../storage/store.js'
import type { Catalog, Snapshot } from '../catalog/catalog.js'
import { deletionsOf } from '../query/deletion-selection.js'
import { type Selected, selectLines } from '../query/select.js'
import type { Selection } from '../query/selection.js'
import { openSelection, selectionSource } from '../query/selection-source.js'
import { writeSelection } from '../query/write-selection.js'
import { badRequest, type Issue, onlyAnonymizedData, operationOutcome } from '../refusal.js'
import { type AnonymizeOrder, containerFolder, type JobRecord, type OutputFile } from './job.js'
import type { ReportProgress } from './job-queue.js'
import type { JobStore } from './job-store.js'

/** Finds anonymizer configurations. */
export interface ConfigStore {
  /** Whether this server has the collection that a request names. */
  hasCollection(collection: string): Promise<boolean>
  /** Throws Refusal 400 in the words of Azure's server, CONFIG_INVALID, KEY_MISSING. */
  load(order: AnonymizeOrder): Promise<{ readonly plan: AnonymizerPlan; readonly digest: string }>
}

/** Containers below one root, to which anonymized exports are written. */
export interface ContainerStore {
  /** Opens the folder of one export. */
  open(container: string, folder: string): Promise<ContainerFolder>
}

export interface ContainerFolder {
  /** Opens the folder for writing, with the run's state elsewhere. */
  sink(state: State): Sink
  /** Opens the written files for reading. */
  files(): Promise<Source>
  /** Removes the folder. */
  discard(): Promise<void>
}

export interface ExportRunOptions {
  readonly source: Source
  readonly catalog: Catalog
  readonly store: JobStore
  readonly version: FhirVersion
  readonly maxFileBytes: number
  readonly onlyAnonymized: boolean
  readonly anonymization?: { readonly configs: ConfigStore; readonly containers: ContainerStore }
  readonly pipeline: {
    readonly workers?: number | undefined
    readonly memoryBudgetBytes?: number | undefined
    readonly maxLineBytes?: number | undefined
    readonly metrics?: RunMetrics | undefined
  }
  readonly onRunEvent: (job: string, event: RunEvent) => void
}

interface RunContext {
  readonly signal: AbortSignal
  readonly save: (job: JobRecord) => Promise<void>
  readonly progress: ReportProgress
}

const SELECTIONS = 'selections.json'
const ERRORS = 'errors.ndjson'

/** Performs an export: selects lines, then serves, copies or anonymizes them. A stopped job resumes. */
export async function runExport(
  options: ExportRunOptions,
  queued: JobRecord,
  context: RunContext,
): Promise<JobRecord> {
  // The export may have been requested when this was still allowed.
  if (options.onlyAnonymized && queued.anonymize === undefined) throw onlyAnonymizedData()
  const folder = options.store.folderOf(queued.id)
  const job = await started(queued, context)
  const selected = await selectedBefore(options, job, { folder, signal: context.signal })
  const work = { folder, selections: selected.selections, ...context }
  const done =
    job.anonymize === undefined
      ? { job, output: await copyAll(options, job, work), issues: [] }
      : await anonymizeAll(options, { ...job, anonymize: job.anonymize }, work)
  const issues = [...job.notes, ...selected.issues, ...done.issues]
  const errors = issues.length === 0 ? [] : [await writeErrors(join(folder, 'files'), issues)]
  const isDeletion = ({ names }: OutputFile): boolean => names !== undefined
  return {
    ...done.job,
    transactionTime: selected.transactionTime,
    output: done.output.filter((file) => !isDeletion(file)),
    deleted: done.output.filter(isDeletion),
    errors,
  }
}

/** Group members are judged active at the time of the job's first start. */
async function started(job: JobRecord, { save }: RunContext): Promise<JobRecord> {
  if (job.transactionTime !== undefined) return job
  const started = { ...job, transactionTime: new Date().toISOString() }
  await save(started)
  return started
}

interface KeptSelections {
  /** For the manifest: the latest `_since` with which the next export misses nothing. */
  readonly transactionTime: string
  readonly selections: readonly Selection[]
  readonly issues: readonly Issue[]
}

/** Reads the selections of an earlier process, or makes them. */
async function selectedBefore(
  options: ExportRunOptions,
  job: JobRecord,
  { folder, signal }: { readonly folder: string; readonly signal: AbortSignal },
): Promise<KeptSelections> {
  const path = join(folder, SELECTIONS)
  const text = await readText(path)
  if (text !== undefined) return JSON.parse(text) as KeptSelections
  const startedMs = Date.parse(job.transactionTime ?? job.createdAt)
  const snapshot = await orAborted(options.catalog.refresh(), signal)
  const current = await orAborted(options.catalog.current(snapshot), signal)
  const selecting = {
    source: options.source,
    snapshot,
    current,
    indexFolder: options.catalog.folder,
    folder,
    criteria: job.criteria,
    mayHandOut: job.anonymize === undefined,
    maxFileBytes: options.maxFileBytes,
    nowMs: startedMs,
    signal,
  }
  const found = await selectLines(selecting)
  const selected = {
    transactionTime: timeOf(snapshot, startedMs),
    selections: [...found.selections, ...(await deletionsOf(selecting, found.deleted))],
    issues: issuesOfSelection(snapshot, found),
  }
  await writeWhole(path, JSON.stringify(selected), 0o600)
  return selected
}

function issuesOfSelection(snapshot: Snapshot, { withheld, badMembers }: Selected): Issue[] {
  const badLines = snapshot.items.reduce((sum, index) => sum + index.badLines, 0)
  const notes: readonly (readonly [number, string])[] = [
    [badLines, 'lines of the store are not FHIR resources and were left out.'],
    [badMembers, 'members of the group could not be read and were left out.'],
    [withheld, 'resources also name patients outside this export and were left out.'],
  ]
  return notes
    .filter(([count]) => count > 0)
    .map(([count, what]) => ({ severity: 'warning', code: 'processing', text: `${count} ${what}` }))
}

/** Stops waiting when the job is aborted; the shared work continues for others. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason)
    work.catch(() => undefined)
    if (signal.aborted) return onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

/** Files are written after their contents changed, so the time is never later than their newest resource. */
function timeOf({ listedAtMs, items }: Snapshot, startedMs: number): string {
  const newestMs = items.reduce((newest, item) => Math.max(newest, item.newestMs ?? -Infinity), -Infinity)
  const dataMs = newestMs === -Infinity ? listedAtMs : newestMs
  return new Date(Math.min(startedMs, listedAtMs, dataMs)).toISOString()
}

interface Work extends RunContext {
  readonly folder: string
  readonly selections: readonly Selection[]
}

/** Serves whole items from the source and copies the others. */
async function copyAll(options: ExportRunOptions, job: JobRecord, work: Work): Promise<OutputFile[]> {
  const { selections, signal, progress } = work
  const folder = join(work.folder, 'files')
  await makeFolders(folder, 0o700)
  const output: OutputFile[] = []
  const allBytes = selections.reduce((sum, { bytes }) => sum + bytes, 0)
  let doneBytes = 0
  for (const selection of selections) {
    const { type, count, item, isGzip, bytes, runs, isDeletions } = selection
    const name = urlName(selection.name)
    const names = namesOf(selection)
    if (runs === undefined && !isDeletions)
      output.push({ name, type, count, place: 'item', item, isGzip, bytes })
    else {
      const copied = await copyOne(options, selection, {
        job,
        work,
        folder,
        onBytes: (done) => progress(doneBytes + done, allBytes),
      })
      output.push({
        name,
        type,
        ...names,
        count,
        place: 'job',
        item: copied,
        isGzip: false,
        bytes: copied.bytes,
      })
    }
    doneBytes += bytes
    progress(doneBytes, allBytes)
    signal.throwIfAborted()
  }
  return output
}

/** Makes the last segment of a file's URL. */
const urlName = (name: string): string => name.replaceAll('/', '.')

const namesOf = ({ names }: Selection): Pick<OutputFile, 'names'> => (names === undefined ? {} : { names })

interface CopyWork {
  readonly job: JobRecord
  readonly work: Work
  readonly folder: string
  readonly onBytes: (bytes: number) => void
}

/** Writes a file that appears whole; one from an earlier process is kept. */
async function copyOne(
  { source, version }: ExportRunOptions,
  selection: Selection,
  { job, work, folder, onBytes }: CopyWork,
): Promise<SourceItem> {
  const files = folderSource(folder)
  const name = urlName(selection.name)
  const there = await files.head(name)
  if (there !== undefined) return there
  const path = join(folder, name)
  const reader = await openSelection(source, selection, { folder: work.folder, fromByte: 0 })
  const file = await createOwn(`${path}.part`, 0o600)
  try {
    const { elements } = job.criteria
    const lineCount = await writeSelection(reader, file, {
      signal: work.signal,
      onBytes,
      ...(elements === undefined || selection.isDeletions ? {} : { elements, version, type: selection.type }),
    })
    if (lineCount !== selection.count) throw damagedSelection(selection)
    await file.datasync()
    await file.close()
    await rename(`${path}.part`, path)
  } finally {
    await reader.close()
    await file.close().catch(() => undefined)
    await rm(`${path}.part`, { force: true })
  }
  const item = await files.head(name)
  if (item === undefined) throw badRequest('The export was removed while it was written.')
  return item
}

const damagedSelection = ({ name, item }: Selection) =>
  sluiceError('STATE_DAMAGED', {
    at: item.name,
    message: `lines that were selected for ${name} are missing`,
    help: 'start a new export',
  })

interface Anonymized {
  readonly job: JobRecord
  readonly output: readonly OutputFile[]
  readonly issues: readonly Issue[]
}

async function anonymizeAll(
  options: ExportRunOptions,
  job: JobRecord & { readonly anonymize: AnonymizeOrder },
  { folder, selections, signal, save, progress }: Work,
): Promise<Anonymized> {
  if (options.anonymization === undefined) throw badRequest('The anonymized export operation is not enabled.')
  const { configs, containers } = options.anonymization
  const { plan, digest } = await configs.load(job.anonymize)
  if (job.configDigest !== undefined && job.configDigest !== digest)
    throw badRequest(
      'The anonymization configuration changed while the export was in progress; start a new export.',
    )
  const pinned = { ...job, configDigest: digest }
  await save(pinned)
  const container = await containers.open(job.anonymize.container, containerFolder(job))
  const report = await runPipeline({
    ...options.pipeline,
    source: selectionSource(options.source, selections, folder),
    sink: container.sink(folderState(join(folder, 'run'))),
    plan: selections.some(({ isDeletions }) => isDeletions) ? forDeletions(plan) : plan,
    signal,
    onProgress: ({ bytesRead, bytesTotal }: RunProgress) => progress(bytesRead, bytesTotal),
    onEvent: (event) => options.onRunEvent(job.id, event),
  }).catch((error: unknown) => {
    if (isSluiceError(error) && error.code === 'INTERRUPTED') signal.throwIfAborted()
    throw error
  })
  const files = await container.files()
  const selectionOf = new Map(selections.map((selection) => [selection.name, selection]))
  const output: OutputFile[] = []
  for (const { name, bytes, lines } of report.outputs) {
    const item = await files.head(name)
    const selection = selectionOf.get(name)
    if (item === undefined || selection === undefined || lines.delivered === 0) continue
    output.push({
      name: urlName(name),
      type: selection.type,
      ...namesOf(selection),
      count: lines.delivered,
      place: 'container',
      item,
      isGzip: false,
      bytes,
    })
  }
  return { job: pinned, output, issues: issuesOf(report) }
}

function issuesOf({ quarantinedByCode, failed }: RunReport): Issue[] {
  const quarantined = Object.entries(quarantinedByCode).map(
    ([code, count]): Issue => ({
      severity: 'error',
      code: 'processing',
      text: `Failed to anonymize resource: ${count} resources were left out (${code}).`,
    }),
  )
  return [
    ...quarantined,
    ...failed.map(
      ({ item, code }): Issue => ({
        severity: 'error',
        code: 'exception',
        text: `${item} could not be read (${code}).`,
      }),
    ),
  ]
}

async function writeErrors(folder: string, issues: readonly Issue[]): Promise<OutputFile> {
  const lines = issues.map((issue) => `${JSON.stringify(operationOutcome([issue]))}\n`)
  await writeWhole(join(folder, ERRORS), lines.join(''), 0o600)
  const item = await folderSource(folder).head(ERRORS)
  if (item === undefined) throw new Error('the error file is gone')
  return {
    name: ERRORS,
    type: 'OperationOutcome',
    count: lines.length,
    place: 'job',
    item,
    isGzip: false,
    bytes: item.bytes,
  }
}
