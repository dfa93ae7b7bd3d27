import { join } from 'node:path'
import { folderSource } from '../../storage/folder/folder.js'
import { writeWhole } from '../../storage/folder/folder-files.js'
import { type Issue, onlyAnonymizedData, operationOutcome } from '../refusal.js'
import { anonymizeAll } from './anonymized-files.js'
import { copyAll } from './copied-files.js'
import type { ExportRunOptions, RunContext } from './export-work.js'
import type { JobRecord, OutputFile } from './job.js'
import { selectedBefore } from './kept-selections.js'

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
