import { randomBytes } from 'node:crypto'
import { parseJson } from '../../json/parse.js'
import { isRecord } from '../../json/record.js'
import type { State } from '../../storage/store.js'

const NAME = 'import/job.json'

/** An import, recorded in the state from the first staged file until everything of it is settled. */
export interface ImportJob {
  readonly import: 1
  /** Folder of its files in the staging place; nobody can guess it. */
  readonly folder: string
  /** Identifies the input and how it is prepared. */
  readonly fingerprint: string
  readonly startedAt: string
  /** `starting`: the server may have the job already, but its address is not known. */
  readonly phase: 'staging' | 'staged' | 'starting' | 'running'
  /** The address may grant access by itself, so it is never shown. */
  readonly statusUrl?: string | undefined
  /** Port that the server fetches the files from. */
  readonly port?: number | undefined
  /** Files that earlier jobs on the server settled. */
  readonly done: readonly string[]
  /** Files of the current one whose lines are settled. */
  readonly settled: readonly string[]
}

export const newJob = (fingerprint: string, now = new Date()): ImportJob => ({
  import: 1,
  folder: `${now.toISOString().slice(0, 10)}-${randomBytes(12).toString('hex')}`,
  fingerprint,
  startedAt: now.toISOString(),
  phase: 'staging',
  done: [],
  settled: [],
})

/** The job as it was before the server had it. What it settled stays settled, and its files stay. */
export const backToStaged = ({ statusUrl: _, done, settled, ...job }: ImportJob): ImportJob => ({
  ...job,
  phase: 'staged',
  done: [...done, ...settled],
  settled: [],
})

/** Returns undefined if there is no job record, or none that can be read. */
export async function readJob(state: State): Promise<ImportJob | undefined> {
  const job = parseJson((await state.read(NAME)) ?? '') as ImportJob | null | undefined
  return job?.import === 1 && Array.isArray(job.done) && Array.isArray(job.settled) ? job : undefined
}

export const writeJob = (state: State, job: ImportJob): Promise<void> =>
  state.write(NAME, `${JSON.stringify(job)}\n`)

export const forgetJob = (state: State): Promise<void> => state.remove(NAME)

const ITEMS_NAME = 'import/items.ndjson'

/** An item of the input, under the number that the indexes of staged files use. */
export interface StagedItem {
  readonly name: string
  readonly version: string
  /** Of the last entry that was read, -1 for none; undefined if it was not read to its end. */
  readonly lastOrdinal?: number
}

export const writeItems = (state: State, items: readonly StagedItem[]): Promise<void> =>
  state.write(ITEMS_NAME, items.map((item) => `${JSON.stringify(item)}\n`).join(''))

export async function readItems(state: State): Promise<readonly StagedItem[]> {
  const lines = ((await state.read(ITEMS_NAME)) ?? '').split('\n')
  return lines.flatMap((line) => {
    const item = line === '' ? undefined : parseJson(line)
    return isRecord(item) ? [item as unknown as StagedItem] : []
  })
}

export const forgetItems = (state: State): Promise<void> => state.remove(ITEMS_NAME)
