import { join } from 'node:path'
import { readText, writeWhole } from '../../storage/folder/folder-files.js'
import type { Snapshot } from '../catalog/catalog.js'
import { deletionsOf } from '../query/deletion-selection.js'
import { type Selected, selectLines } from '../query/select.js'
import type { Selection } from '../query/selection.js'
import type { Issue } from '../refusal.js'
import type { ExportRunOptions } from './export-work.js'
import type { JobRecord } from './job.js'

const NAME = 'selections.json'

/** What an export selected, as the job keeps it. */
export interface KeptSelections {
  /** For the manifest: the latest `_since` with which the next export misses nothing. */
  readonly transactionTime: string
  readonly selections: readonly Selection[]
  readonly issues: readonly Issue[]
}

/** Reads the selections of an earlier process, or makes them. */
export async function selectedBefore(
  options: ExportRunOptions,
  job: JobRecord,
  { folder, signal }: { readonly folder: string; readonly signal: AbortSignal },
): Promise<KeptSelections> {
  const path = join(folder, NAME)
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
