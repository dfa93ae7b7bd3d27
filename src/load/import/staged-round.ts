import { createHash } from 'node:crypto'
import { isSluiceError } from '../../errors.js'
import type { UnreadableItem } from '../options.js'
import type { LoadItem, RejectedEntry } from '../unit.js'
import { forgetImport } from './clean-up.js'
import type { ImportContext } from './context.js'
import { type ImportJob, newJob, readJob, type StagedItem, writeItems, writeJob } from './job.js'
import type { ImportOptions } from './options.js'
import { StagedRecord } from './staged-record.js'
import { STAGING_LIMITS, stage } from './staging.js'

const REJECTED_AT_ONCE = 1000

/** Whether the server has the job, or would get exactly what is staged. */
export const isStarted = ({ phase, fingerprint }: ImportJob, expected: string): boolean =>
  phase === 'running' || phase === 'starting' || (phase === 'staged' && fingerprint === expected)

export function fingerprintOf(
  items: readonly LoadItem[],
  { keepVersions = false, plan, limits }: ImportOptions,
): string {
  const { fileBytes, indexBytes } = { ...STAGING_LIMITS, ...limits }
  const hash = createHash('sha256').update(
    JSON.stringify([1, keepVersions, plan?.fingerprint ?? '', fileBytes, indexBytes]),
  )
  for (const { name, version } of items) hash.update(JSON.stringify([name, version]))
  return hash.digest('hex')
}

export interface StagedRound {
  readonly job: ImportJob
  readonly fileCount: number
  /** By name. */
  readonly unreadable: ReadonlyMap<string, UnreadableItem>
}

/** Stages what is not settled, or resumes the staging of an earlier run. */
export async function stageRound(
  context: ImportContext,
  items: readonly LoadItem[],
  defers: boolean,
): Promise<StagedRound> {
  const { state, options, emit, faultPoint } = context
  const fingerprint = fingerprintOf(items, options)
  const earlier = await readJob(state)
  if (earlier !== undefined && earlier.fingerprint !== fingerprint) await forgetImport(state, options.stage)
  const job = earlier?.fingerprint === fingerprint ? earlier : newJob(fingerprint)
  await writeJob(state, job)
  const unreadable = new Map<string, UnreadableItem>()
  const record = await StagedRecord.open(state)
  try {
    await record.recover(options.stage, fingerprint)
    await writeItems(state, await stageItems(context, { job, items, record, defers, unreadable }))
    const lines = record.files.reduce((sum, file) => sum + file.lines, 0)
    emit('import.staged', { files: record.files.length, lines })
  } finally {
    await record.close()
  }
  const ready: ImportJob = { ...job, phase: 'staged' }
  await writeJob(state, ready)
  faultPoint('staged')
  return { job: ready, fileCount: record.files.length, unreadable }
}

interface Staging {
  readonly job: ImportJob
  readonly items: readonly LoadItem[]
  readonly record: StagedRecord
  readonly defers: boolean
  readonly unreadable: Map<string, UnreadableItem>
}

async function stageItems(
  { audit, driver, preparer, options, emit, faultPoint }: ImportContext,
  { job, items, record, defers, unreadable }: Staging,
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
    preparer,
    limits: { ...STAGING_LIMITS, ...options.limits },
    defers,
    leaveOut(item, error) {
      if (!isSluiceError(error) || !error.code.startsWith('SOURCE_')) throw error
      const { code, message } = error
      unreadable.set(item.name, { item: item.name, code, message })
      emit('item.failed', { item: item.name, code, message }, 'warn')
    },
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
