import type { IssueCounts } from '../../fhir-client/outcomes.js'
import { parseJson } from '../../json/parse.js'
import { textLines } from '../../ndjson/text-lines.js'
import type { State } from '../../storage/store.js'
import type { CohortCounts } from '../cohort/gather.js'
import type { Window } from '../cohort/windows.js'
import { forgetKeys } from '../items/key-record.js'
import type { Ending, ItemSizes } from '../items/plan.js'

const NAME = 'alt-export.json'
const IDS_NAME = 'alt-export/ids.ndjson'
const IDS_PER_APPEND = 10_000

/** An export in the state, from its start until another one replaces it. */
export interface KeptJob {
  readonly altExport: 1
  readonly id: string
  /** Digest of base and definition: another digest is another export. */
  readonly identity: string
  readonly planFingerprint: string
  readonly startedAt: string
  /** Secret part of the keys of resources. */
  readonly salt: string
  readonly sizes: ItemSizes
  readonly ending: Ending
  readonly phase: 'running' | 'delivered'
  /** Set once it is settled what is fetched. */
  readonly gathered?: Gathered
  /** Names of the items, so that their records can be removed. */
  readonly items?: readonly string[]
  /** Outputs of the export that this one replaces. */
  readonly replaces: readonly string[]
  /** Set once everything is delivered. */
  readonly report?: unknown
}

/** What is fetched. The ids themselves have a file of their own. */
export interface Gathered {
  readonly at: string
  readonly idCount: number
  readonly counts?: CohortCounts | undefined
  readonly issues: IssueCounts
  readonly windows: readonly Window[]
}

/** Returns undefined if there is no job or it cannot be read; the caller then starts a new one. */
export async function readJob(state: State): Promise<KeptJob | undefined> {
  const job = parseJson((await state.read(NAME)) ?? '') as KeptJob | null | undefined
  return job?.altExport === 1 ? job : undefined
}

export const writeJob = (state: State, job: KeptJob): Promise<void> =>
  state.write(NAME, `${JSON.stringify(job)}\n`)

export async function writeIds(state: State, ids: readonly string[]): Promise<void> {
  const file = await state.appender(IDS_NAME, 0)
  try {
    for (let from = 0; from < ids.length; from += IDS_PER_APPEND)
      await file.append(
        ids
          .slice(from, from + IDS_PER_APPEND)
          .map((id) => `${JSON.stringify(id)}\n`)
          .join(''),
      )
    await file.flush()
  } finally {
    await file.close()
  }
}

/** The gathered ids; undefined unless all of them are there. */
export async function readIds(state: State, count: number): Promise<readonly string[] | undefined> {
  const ids: string[] = []
  for (const { text, isEnded } of textLines((await state.read(IDS_NAME)) ?? '')) {
    const id = isEnded ? parseJson(text) : undefined
    if (typeof id !== 'string') return undefined
    ids.push(id)
  }
  return ids.length === count ? ids : undefined
}

/** Removes what only a running job needs: ids of patients and keys of resources. */
export async function forgetContents(state: State, { items = [] }: KeptJob): Promise<void> {
  if ((await state.bytesOf(IDS_NAME)) !== undefined) await state.remove(IDS_NAME)
  for (const item of items) await forgetKeys(state, item)
}
