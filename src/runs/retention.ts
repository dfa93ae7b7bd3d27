import { type RunEntry, readRuns, writeRuns } from '../pipeline/layout.js'
import { REPORT_NAME } from '../published/names.js'
import type { Lake } from '../storage/store.js'

/** Which complete outputs to keep. With both settings, a folder is removed only if neither keeps it. */
export interface Retention {
  readonly keepLast?: number | undefined
  readonly olderThanDays?: number | undefined
}

export interface RetentionRequest {
  readonly retention: Retention
  /** Only runs of this family are considered. */
  readonly family: string
  /** Folders of its complete runs. */
  readonly complete: ReadonlySet<string>
  /** Those of them that hold no resource. They do not count towards the number to keep. */
  readonly empty?: ReadonlySet<string>
  readonly now: Date
}

const DAY_MS = 86_400_000

/**
 * Removes old complete outputs of one family, and the rest of an interrupted removal. Keeps the newest complete output
 * and the newest that holds a resource: an empty output makes no other one expire. The caller must hold the lake's
 * lock. Returns the removed folders. Throws SINK_UNWRITABLE.
 */
export async function removeOldRuns(lake: Lake, request: RetentionRequest): Promise<readonly string[]> {
  const runs = await readRuns(lake.state)
  const old = new Set(oldRuns(runs, request))
  const leaving = runs.filter((run) => run.isRemoved === true || old.has(run))
  if (leaving.length === 0) return []
  const marked = runs.map((run) => (old.has(run) ? { ...run, isRemoved: true } : run))
  if (old.size > 0) await writeRuns(lake.state, marked)
  for (const { folder } of leaving) await lake.remove(folder, REPORT_NAME)
  const gone = new Set(leaving.map(({ folder }) => folder))
  await writeRuns(
    lake.state,
    marked.filter(({ folder }) => !gone.has(folder)),
  )
  return [...gone]
}

function oldRuns(
  runs: readonly RunEntry[],
  { retention: { keepLast, olderThanDays }, family, complete, empty = new Set(), now }: RetentionRequest,
): readonly RunEntry[] {
  if (keepLast === undefined && olderThanDays === undefined) return []
  const own = runs.filter(
    (run) => run.family === family && run.isRemoved !== true && complete.has(run.folder),
  )
  const keptCount = Math.max(1, keepLast ?? 1)
  const filled = own.filter(({ folder }) => !empty.has(folder))
  const kept = new Set([...own.slice(-keptCount), ...filled.slice(-keptCount)])
  const candidates = own.filter((run) => !kept.has(run))
  if (olderThanDays === undefined) return candidates
  const before = now.getTime() - olderThanDays * DAY_MS
  // A folder without a time is not known to be old.
  return candidates.filter(({ at }) => at !== undefined && Date.parse(at) < before)
}
