import { parseJson } from '../../json/parse.js'
import type { State } from '../../storage/store.js'

const NAME = 'export.json'

/** A job on the server, recorded in the state from kick-off until it is released. */
export interface KeptJob {
  readonly export: 1
  /** Digest of the request: another digest is another export. */
  readonly identity: string
  /** The address may grant access by itself, so it is never shown. */
  readonly statusUrl: string
  readonly startedAt: string
  readonly phase: 'running' | 'delivered'
  /** Whether the job was deleted on the server. */
  readonly isReleased: boolean
  /** Outputs of the export that this one replaces. */
  readonly replaces?: readonly string[]
  /** Items of the manifest read so far; some may already be in the sink. */
  readonly names?: readonly string[]
  /** Set once the export is delivered. */
  readonly report?: unknown
}

/** Returns undefined if there is no job record or it cannot be read; the caller then starts a new job. */
export async function readJob(state: State): Promise<KeptJob | undefined> {
  const job = parseJson((await state.read(NAME)) ?? '') as KeptJob | null | undefined
  return job?.export === 1 && URL.canParse(job.statusUrl) ? job : undefined
}

export const writeJob = (state: State, job: KeptJob): Promise<void> =>
  state.write(NAME, `${JSON.stringify(job)}\n`)

export const forgetJob = (state: State): Promise<void> => state.remove(NAME)
