import { type ErrorCode, isSluiceError, sluiceError } from '../../errors.js'
import { pollJobs } from '../../fhir-client/job-poll.js'
import type { ImportContext } from './context.js'
import type { ImportInput, JobResult } from './driver.js'
import { type FileServer, serveFiles } from './file-server.js'
import { backToStaged, type ImportJob, readItems, writeJob } from './job.js'
import { type FileSettlement, settleFile } from './settlement.js'
import type { StagedFile } from './staged-file.js'
import { StagedRecord } from './staged-record.js'
import { startImport } from './start.js'

const DEFAULT_POLL_INTERVAL_MS = 30_000
const DEFAULT_POLL_LIMIT_MS = 7 * 24 * 3_600_000
const MAX_RESULT_BYTES = 256 * 2 ** 20

/**
 * Has the server import what is staged: starts its job or resumes that of an earlier run, waits for it, and settles
 * each file. Throws LOAD_REFUSED, LOAD_INVALID, IMPORT_FAILED, IMPORT_OVERDUE, SOURCE_*, SINK_*, INTERRUPTED.
 */
export async function importStaged(
  context: ImportContext,
  job: ImportJob,
): Promise<readonly FileSettlement[]> {
  const record = await StagedRecord.open(context.state)
  try {
    const files = record.files.filter(({ name }) => !job.done.includes(name))
    if (files.length === job.settled.length) return []
    const served = await serve(context, job, files)
    try {
      const inputs = files.map((file) => ({ file, url: urlOf(context, served, file) }))
      const started = await start(context, { ...job, ...(served && { port: served.port }) }, inputs)
      const result = await complete(context, started, inputs)
      context.faultPoint('job-complete')
      return await settle(context, started, { inputs, result, record })
    } finally {
      await served?.close()
    }
  } finally {
    await record.close()
  }
}

async function serve(
  { options: { target, staged } }: ImportContext,
  { port }: ImportJob,
  files: readonly StagedFile[],
): Promise<FileServer | undefined> {
  if (target.kind !== 'hapi') return undefined
  const names = new Set(files.map(({ name }) => name))
  const { host } = target.serveAt
  return serveFiles({ host, port: port ?? target.serveAt.port, source: staged, names })
}

function urlOf(
  { options: { target } }: ImportContext,
  served: FileServer | undefined,
  { name }: StagedFile,
): string {
  if (target.kind === 'azure') return target.urlOf(name)
  if (served === undefined) throw new Error('the staged files are not served')
  return served.urlOf(name)
}

// Any other failure leaves open whether the server has the job.
const REFUSALS: ReadonlySet<ErrorCode> = new Set(['LOAD_REFUSED', 'AUTH_FAILED'])

async function start(
  { server, driver, state, emit, faultPoint }: ImportContext,
  job: ImportJob,
  inputs: readonly ImportInput[],
): Promise<ImportJob> {
  if (job.phase === 'running') {
    emit('import.continued', { startedAt: job.startedAt })
    return job
  }
  // The server may run a job that nobody can ask about. A second one stores the same under the same ids.
  if (job.phase === 'starting') emit('import.unrecorded', {}, 'warn')
  await writeJob(state, { ...job, phase: 'starting' })
  faultPoint('before-kick-off')
  const statusUrl = await startImport(server, driver.parameters(inputs)).catch(async (error: unknown) => {
    if (isSluiceError(error) && REFUSALS.has(error.code)) await writeJob(state, backToStaged(job))
    throw error
  })
  faultPoint('after-kick-off')
  const running: ImportJob = { ...job, phase: 'running', statusUrl: statusUrl.href }
  await writeJob(state, running)
  faultPoint('job-recorded')
  emit('import.started', { files: inputs.length })
  return running
}

/** Waits for the job. One that failed or is unknown is dropped: the next run starts another with the same files. */
async function complete(
  { server, driver, state, options, emit }: ImportContext,
  job: ImportJob,
  inputs: readonly ImportInput[],
): Promise<JobResult> {
  const { pollIntervalMs: intervalMs = DEFAULT_POLL_INTERVAL_MS } = options
  const { pollLimitMs: limitMs = DEFAULT_POLL_LIMIT_MS } = options
  const startedMs = performance.now()
  const polling = pollJobs(server, driver.job, {
    intervalMs,
    limitMs,
    onProgress: (progress) =>
      emit('import.polled', {
        progress: progress ?? 'in progress',
        seconds: Math.round((performance.now() - startedMs) / 1000),
      }),
  })
  try {
    const result = await polling.wait(new URL(job.statusUrl ?? ''), {
      maxBytes: MAX_RESULT_BYTES,
      read: (body) => driver.result(body, inputs, server),
    })
    if (result !== undefined) return result
    throw sluiceError('IMPORT_FAILED', {
      at: server.base.href,
      message: 'the server does not know the import, or has forgotten it',
    })
  } catch (error) {
    if (isSluiceError(error) && error.code === 'IMPORT_FAILED') await writeJob(state, backToStaged(job))
    throw error
  }
}

interface Completed {
  readonly inputs: readonly ImportInput[]
  readonly result: JobResult
  readonly record: StagedRecord
}

async function settle(
  context: ImportContext,
  job: ImportJob,
  { inputs, result, record }: Completed,
): Promise<readonly FileSettlement[]> {
  const { server, audit, state, options, emit, faultPoint } = context
  const { staged, openFolder, target } = options
  const items = await readItems(state)
  const account = target.kind === 'azure' ? target.account : ''
  const indexOf = (file: StagedFile) => record.indexOf(file)
  const settled = [...job.settled]
  const settlements: FileSettlement[] = []
  for (const input of inputs) {
    if (settled.includes(input.file.name)) continue
    const settlement = await settleFile(input, result, {
      server,
      audit,
      items,
      staged,
      openFolder,
      account,
      indexOf,
    })
    settlements.push(settlement)
    const { imported, counting, isComplete } = settlement
    if (counting === 'unknown') emit('import.uncounted', { item: imported.name }, 'warn')
    emit('import.settled', { item: imported.name, ...imported, isComplete }, isComplete ? 'info' : 'warn')
    if (!isComplete) continue
    settled.push(imported.name)
    await writeJob(state, { ...job, settled })
    faultPoint('file-settled')
  }
  // What is not settled is imported again by the next run, as a job of its own.
  if (settled.length < inputs.length) await writeJob(state, backToStaged({ ...job, settled }))
  return settlements
}
