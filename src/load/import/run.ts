import { createHash } from 'node:crypto'
import { isSluiceError, sluiceError } from '../../errors.js'
import { answerLog } from '../../fhir-client/answers.js'
import { connect } from '../../fhir-client/connect.js'
import type { FhirServer } from '../../fhir-client/server.js'
import { lockState } from '../../storage/held-lock.js'
import { Audit } from '../audit/audit.js'
import type { LoadItem, RejectedEntry } from '../unit.js'
import { cancelImportJob, forgetImport } from './clean-up.js'
import { contextOf, type ImportContext } from './context.js'
import {
  backToStaged,
  type ImportJob,
  newJob,
  readItems,
  readJob,
  type StagedItem,
  writeItems,
  writeJob,
} from './job.js'
import type { ImportOptions, ImportReport } from './options.js'
import { reportOf } from './report.js'
import { importStaged } from './round.js'
import type { FileSettlement } from './settlement.js'
import { StagedRecord } from './staged-record.js'
import { STAGING_LIMITS, stage } from './staging.js'

const REPORT_NAME = 'import/report.json'
const CANCEL_TIMEOUT_MS = 15_000
const REJECTED_AT_ONCE = 1000

/**
 * Loads through the server's `$import`: stages the resources as files, has the server import them, and settles each
 * line in the audit. Continues the staging and the job of an earlier run. Throws SOURCE_*, SINK_*, LOAD_REFUSED,
 * LOAD_INVALID, IMPORT_FAILED, IMPORT_INCOMPLETE, IMPORT_OVERDUE, AUTH_FAILED, SERVICE_UNAVAILABLE, INTERRUPTED.
 */
export async function runImport(options: ImportOptions): Promise<ImportReport> {
  return withContext(options, async (context) => {
    const startedAt = new Date().toISOString()
    const items = await collected(options.items)
    await context.audit.begin({ via: 'import', base: context.server.base.href })
    if (options.restart === true) await abandon(context)
    const earlier = await readJob(context.state)
    const isContinued = earlier?.phase === 'running'
    const files: FileSettlement[] = []
    // What the server may already work on comes first, whatever the source holds by now.
    if (earlier !== undefined && isStarted(earlier, fingerprintOf(items, options)))
      files.push(...(await finish(context, earlier)))
    if (files.every(({ isComplete }) => isComplete)) {
      const job = await staged(context, items)
      if (job !== undefined) files.push(...(await finish(context, job)))
    }
    context.faultPoint('before-report')
    const report = reportOf(context, { startedAt, isContinued, items, files })
    await context.state.write(REPORT_NAME, `${JSON.stringify(report, null, 2)}\n`)
    context.faultPoint('after-report')
    checkComplete(context, files)
    return report
  })
}

/** Cancels the unfinished import recorded in the state. Returns false if there is none or the server refuses. */
export function cancelImport(options: ImportOptions): Promise<boolean> {
  return withContext(options, abandon)
}

async function withContext<T>(
  options: ImportOptions,
  act: (context: ImportContext) => Promise<T>,
): Promise<T> {
  const { stage, repeatsFailures, onEvent } = options
  const { state } = stage
  const unlock = await lockState(state, { signal: options.signal, onEvent: (event) => onEvent?.(event) })
  try {
    const server = connected(options)
    try {
      const audit = await Audit.open({
        state,
        repeatsFailures,
        onDamaged: (lineCount) => onEvent?.({ event: 'import.damaged', level: 'warn', lineCount }),
      })
      try {
        return await act(contextOf(options, server, audit))
      } finally {
        await audit.close()
      }
    } finally {
      server.http.close()
    }
  } finally {
    await unlock()
  }
}

function connected(options: ImportOptions, signal = options.signal): FhirServer {
  const { stage, onEvent } = options
  return connect({
    ...options,
    signal,
    use: { access: 'write', types: [], refused: 'LOAD_REFUSED', invalid: 'LOAD_INVALID' },
    answers: answerLog(stage.state, onEvent),
    onRetry: ({ at, code, status, attempt, waitMs }) =>
      onEvent?.({
        event: 'import.retry',
        level: 'info',
        item: at,
        reason: status ?? code,
        attempt,
        waitMs: Math.round(waitMs),
      }),
  })
}

async function collected(items: AsyncIterable<LoadItem>): Promise<readonly LoadItem[]> {
  const all: LoadItem[] = []
  for await (const item of items) all.push(item)
  return all
}

/** Whether the server has the job, or would get exactly what is staged. */
const isStarted = ({ phase, fingerprint }: ImportJob, expected: string): boolean =>
  phase === 'running' || phase === 'starting' || (phase === 'staged' && fingerprint === expected)

function fingerprintOf(items: readonly LoadItem[], { preparation, limits }: ImportOptions): string {
  const { fileBytes, indexBytes } = { ...STAGING_LIMITS, ...limits }
  const hash = createHash('sha256').update(JSON.stringify([1, preparation, fileBytes, indexBytes]))
  for (const { name, version } of items) hash.update(JSON.stringify([name, version]))
  return hash.digest('hex')
}

/** Stages what is not settled. Returns undefined if that is nothing. */
async function staged(context: ImportContext, items: readonly LoadItem[]): Promise<ImportJob | undefined> {
  const { audit, state, options, emit, faultPoint } = context
  if (items.every((item) => audit.recordOf(item).isDone)) return undefined
  const fingerprint = fingerprintOf(items, options)
  const earlier = await readJob(state)
  if (earlier !== undefined && earlier.fingerprint !== fingerprint) await forgetImport(state, options.stage)
  const job = earlier?.fingerprint === fingerprint ? earlier : newJob(fingerprint)
  await writeJob(state, job)
  const record = await StagedRecord.open(state)
  try {
    await record.recover(options.stage, fingerprint)
    await writeItems(state, await stageItems(context, { job, items, record }))
    emit('import.staged', { files: record.files.length, lines: sumOf(record.files, ({ lines }) => lines) })
  } finally {
    await record.close()
  }
  const ready: ImportJob = { ...job, phase: 'staged' }
  await writeJob(state, ready)
  faultPoint('staged')
  return ready
}

interface Staging {
  readonly job: ImportJob
  readonly items: readonly LoadItem[]
  readonly record: StagedRecord
}

async function stageItems(
  { audit, driver, options, faultPoint }: ImportContext,
  { job, items, record }: Staging,
): Promise<readonly StagedItem[]> {
  let rejected: { readonly item: LoadItem; readonly entry: RejectedEntry }[] = []
  const flushRejected = async (): Promise<void> => {
    const batch = rejected
    rejected = []
    if (batch.length > 0) await audit.settle(batch.map(settledOf), batch.map(errorOf))
  }
  return stage({
    sink: options.stage,
    record,
    folder: job.folder,
    fingerprint: job.fingerprint,
    items,
    preparer: options.preparer,
    limits: { ...STAGING_LIMITS, ...options.limits },
    refusedTypes: driver.refusedTypes,
    isDone: (item) => audit.recordOf(item).isDone,
    isSettled: (item, ordinal) => audit.recordOf(item).isSettled(ordinal),
    async addRejected(item, entry) {
      rejected.push({ item, entry })
      if (rejected.length === REJECTED_AT_ONCE) await flushRejected()
    },
    flushRejected,
    signal: options.signal,
    faultPoint,
  })
}

const settledOf = ({ item, entry }: { readonly item: LoadItem; readonly entry: RejectedEntry }) => ({
  item,
  ordinal: entry.ordinal,
  offset: entry.offset,
  fate: 'rejected' as const,
  status: entry.code,
})

const errorOf = ({ item, entry }: { readonly item: LoadItem; readonly entry: RejectedEntry }) => ({
  item: item.name,
  version: item.version,
  ordinal: entry.ordinal,
  offset: entry.offset,
  fate: 'rejected' as const,
  code: entry.code,
  message: entry.message,
})

/** Imports what is staged; if that settles everything, nothing of it is kept. */
async function finish(context: ImportContext, job: ImportJob): Promise<readonly FileSettlement[]> {
  const { audit, state, options } = context
  const files = await importStaged(context, job).catch(async (error: unknown) => {
    await cancelAfter(error, context)
    throw error
  })
  if (!files.every(({ isComplete }) => isComplete)) return files
  for (const { name, version, lastOrdinal } of await readItems(state)) {
    const item = audit.recordOf({ name, version })
    item.readToEnd(lastOrdinal)
    await audit.settleEnd(item)
  }
  await forgetImport(state, options.stage, { keepStaged: options.keepStaged })
  return files
}

async function cancelAfter(error: unknown, { options, state, emit }: ImportContext): Promise<void> {
  const isInterrupted = isSluiceError(error) && error.code === 'INTERRUPTED'
  const job = isInterrupted && options.onInterrupt === 'cancel' ? await readJob(state) : undefined
  if (job?.phase !== 'running') return
  // The run's own signal is aborted.
  const server = connected(options, AbortSignal.timeout(CANCEL_TIMEOUT_MS))
  try {
    const isCancelled = await cancelImportJob(server, job)
    if (isCancelled) await writeJob(state, backToStaged(job))
    emit(isCancelled ? 'import.cancelled' : 'import.not-cancelled', {}, isCancelled ? 'info' : 'warn')
  } finally {
    server.http.close()
  }
}

async function abandon({ server, state, options, emit }: ImportContext): Promise<boolean> {
  const job = await readJob(state)
  if (job === undefined) return false
  const isCancelled = await cancelImportJob(server, job)
  emit(isCancelled ? 'import.cancelled' : 'import.not-cancelled', {}, isCancelled ? 'info' : 'warn')
  if (isCancelled) await forgetImport(state, options.stage)
  return isCancelled
}

const sumOf = <T>(values: readonly T[], of: (value: T) => number): number =>
  values.reduce((sum, value) => sum + of(value), 0)

/** Throws IMPORT_INCOMPLETE. */
function checkComplete({ server }: ImportContext, files: readonly FileSettlement[]): void {
  const open = files.flatMap(({ isComplete, imported }) => (isComplete ? [] : [imported]))
  const [first] = open
  if (first === undefined) return
  const { name, lines, loaded, failed } = first
  const more = open.length === 1 ? '' : `, and ${open.length - 1} files more`
  throw sluiceError('IMPORT_INCOMPLETE', {
    at: server.base.href,
    message: `of ${lines} resources in ${name}, ${loaded} were loaded and ${failed} failed, by the server's counts${more}`,
  })
}
