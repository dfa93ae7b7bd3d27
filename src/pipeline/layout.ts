import { randomBytes } from 'node:crypto'
import { type CompressionOptions, compressionOf } from '../compression/compression.js'
import { sluiceError } from '../errors.js'
import { parseJson } from '../json/parse.js'
import { REPORT_NAME } from '../published/names.js'
import { lockState } from '../storage/held-lock.js'
import type { Lake, Sink, State } from '../storage/store.js'
import { destroySecrets } from './checkpoint/run-secrets.js'
import { hashOf } from './item-list.js'
import type { RunOptions } from './options.js'
import { lockShared } from './shared-lock.js'

/**
 * `dated`: a folder `2026-11-21T0100Z-1f0c2a9b` for each run. `dated-output`: `202611210100-output`, as the timed
 * pipeline of the original names it. `none`: the outputs lie in the place itself.
 */
export const LAYOUTS = ['dated', 'dated-output', 'none'] as const
export type Layout = (typeof LAYOUTS)[number]

export interface RunFolder {
  readonly sink: Sink
  /** Empty for the layout `none`. */
  readonly folder: string
  /** Whether the folder belongs to an incomplete run. */
  readonly isResumed: boolean
  /** Releases the lake for other runs. */
  close(): Promise<void>
}

export interface RunFolderOptions {
  readonly layout: Layout
  /** Runs with the same fingerprint resume in each other's folder. */
  readonly fingerprint: string
  /** Key of runs that belong together whatever their fingerprints. */
  readonly family?: string
  readonly now?: Date
  /** Ends the wait for the lake's lock. */
  readonly signal?: AbortSignal | undefined
  readonly onEvent?: RunOptions['onEvent']
  /** Whether the run of a folder is complete; default: whether it has a report. */
  readonly isComplete?: (folder: string, sink: Sink) => Promise<boolean>
}

/** Digest of source and anonymization, which make two runs the same work; not of what the source holds today. */
export const layoutFingerprint = (
  sourcePlace: string,
  { plan, quarantineContent = false, splitBytes, ...compression }: LayoutFacts,
): string =>
  hashOf(
    sourcePlace,
    plan.fingerprint,
    compressionOf(compression) ?? false,
    quarantineContent,
    splitBytes ?? null,
  )

export type LayoutFacts = Pick<RunOptions, 'plan' | 'quarantineContent' | keyof CompressionOptions> & {
  readonly splitBytes?: number | undefined
}

const NAME = 'runs.json'
const MAX_ENTRIES = 1000

/** A run's folder, as `runs.json` lists it, oldest first. */
export interface RunEntry {
  readonly folder: string
  readonly fingerprint: string
  readonly family?: string
  /** When the run started. */
  readonly at?: string
  /** Names under which tasks share the run. */
  readonly runIds?: readonly string[]
  /** Being removed, or half removed; never resumed. */
  readonly isRemoved?: boolean
}

/**
 * Opens the newest folder with the same fingerprint whose run is incomplete, else a new one. Holds the lake's lock until
 * `close`, except for `none`. Throws SINK_LOCKED, SINK_UNWRITABLE.
 */
export async function openRunFolder(lake: Lake, options: RunFolderOptions): Promise<RunFolder> {
  const { layout, fingerprint, now = new Date(), isComplete = hasReport } = options
  if (layout === 'none') return { sink: lake.sink(''), folder: '', isResumed: false, close: async () => {} }
  const close = await lockState(lake.state, options)
  try {
    const entries = await readRuns(lake.state)
    const last = entries.findLast((entry) => entry.fingerprint === fingerprint && entry.isRemoved !== true)
    if (last !== undefined) {
      const sink = lake.sink(last.folder)
      if (!(await isComplete(last.folder, sink))) return { sink, folder: last.folder, isResumed: true, close }
      // The run may have ended between its report and this record.
      await destroySecrets(sink.state)
    }
    const folder = newName(layout, now, new Set(entries.map((entry) => entry.folder)))
    const family = options.family === undefined ? {} : { family: options.family }
    await writeRuns(lake.state, [...entries, { folder, fingerprint, ...family, at: now.toISOString() }])
    return { sink: lake.sink(folder), folder, isResumed: false, close }
  } catch (error) {
    await close()
    throw error
  }
}

/**
 * Opens the folder of a run that tasks share, or makes one; nobody holds the lake's lock afterwards. A run without a name
 * is the newest one with the same fingerprint. Throws PLAN_DIFFERS, SINK_LOCKED, SINK_UNWRITABLE.
 */
export async function joinRunFolder(
  lake: Lake,
  options: RunFolderOptions & { readonly runId: string },
): Promise<{ readonly sink: Sink; readonly folder: string }> {
  const { layout, runId, fingerprint, isComplete = hasReport } = options
  const opened = (folder: string) => ({ sink: lake.sink(folder), folder })
  if (layout === 'none') return opened('')
  const find = async (): Promise<RunEntry | undefined> => {
    const entries = (await readRuns(lake.state)).filter((entry) => entry.isRemoved !== true)
    if (runId === '') return entries.findLast((entry) => entry.fingerprint === fingerprint && entry.runIds)
    const found = entries.findLast(({ runIds = [] }) => runIds.includes(runId))
    if (found === undefined || found.fingerprint === fingerprint) return found
    throw sluiceError('PLAN_DIFFERS', {
      at: lake.place,
      message:
        'this task was started with another input, another configuration or other options than the run it would join',
    })
  }
  const found = await find()
  if (found !== undefined) return opened(found.folder)
  const unlock = await lockShared(
    { sink: lake, signal: options.signal, onEvent: options.onEvent },
    async () => (await find()) !== undefined,
  )
  try {
    const now = await find()
    if (now !== undefined) return opened(now.folder)
    const entries = await readRuns(lake.state)
    const last = entries.findLast((entry) => entry.fingerprint === fingerprint && entry.isRemoved !== true)
    const isOpen = last !== undefined && !(await isComplete(last.folder, lake.sink(last.folder)))
    if (isOpen) {
      const joined = { ...last, runIds: [...(last.runIds ?? []), runId] }
      await writeRuns(
        lake.state,
        entries.map((entry) => (entry === last ? joined : entry)),
      )
      return opened(last.folder)
    }
    const at = options.now ?? new Date()
    const folder = newName(layout, at, new Set(entries.map((entry) => entry.folder)))
    const family = options.family === undefined ? {} : { family: options.family }
    const made: RunEntry = { folder, fingerprint, ...family, at: at.toISOString(), runIds: [runId] }
    await writeRuns(lake.state, [...entries, made])
    return opened(folder)
  } finally {
    await unlock?.()
  }
}

const hasReport = async (_folder: string, sink: Sink): Promise<boolean> =>
  (await sink.get(REPORT_NAME)) !== undefined

function newName(layout: 'dated' | 'dated-output', now: Date, taken: ReadonlySet<string>): string {
  const iso = now.toISOString()
  const [day, time] = [iso.slice(0, 10), iso.slice(11, 16).replace(':', '')]
  if (layout === 'dated') return `${day}T${time}Z-${randomBytes(4).toString('hex')}`
  const name = `${day.replaceAll('-', '')}${time}-output`
  for (let number = 1; ; number += 1) {
    const candidate = number === 1 ? name : `${name}-${number}`
    if (!taken.has(candidate)) return candidate
  }
}

export const writeRuns = (state: State, runs: readonly RunEntry[]): Promise<void> =>
  state.write(NAME, `${JSON.stringify(runs.slice(-MAX_ENTRIES))}\n`)

/** Reads the runs of a lake. A torn text counts as none, so that a new folder is made. */
export async function readRuns(state: State): Promise<readonly RunEntry[]> {
  const entries = parseJson((await state.read(NAME)) ?? '')
  return Array.isArray(entries) ? entries.filter(isEntry) : []
}

const isEntry = (value: unknown): value is RunEntry => {
  const entry = value as Partial<RunEntry> | null
  return typeof entry?.folder === 'string' && typeof entry.fingerprint === 'string'
}
