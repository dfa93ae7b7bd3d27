import type { State } from '../../storage/store.js'

const NAME = 'export.json'

/** A job on the server, kept in the state from its start until it is released. */
export interface KeptJob {
  readonly export: 1
  /** Of the request; another one is another export. */
  readonly identity: string
  /** May be a capability: never shown. */
  readonly statusUrl: string
  readonly startedAt: string
  readonly phase: 'running' | 'delivered'
  /** The server was told that its files are no longer needed. */
  readonly isReleased: boolean
  /** Outputs of the export that this one takes the place of. */
  readonly replaces?: readonly string[]
  /** Items of the manifest, as far as it was read: some may be in the sink. */
  readonly names?: readonly string[]
  /** Of a delivered export. */
  readonly report?: unknown
}

/** Undefined where there is none or it cannot be read: then a new one is started. */
export async function readJob(state: State): Promise<KeptJob | undefined> {
  try {
    const job = JSON.parse((await state.read(NAME)) ?? 'null') as KeptJob | null
    return job?.export === 1 && URL.canParse(job.statusUrl) ? job : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

export const writeJob = (state: State, job: KeptJob): Promise<void> =>
  state.write(NAME, `${JSON.stringify(job)}\n`)

export const forgetJob = (state: State): Promise<void> => state.remove(NAME)
