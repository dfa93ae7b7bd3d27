import { namedFormat } from '../compression/compression.js'
import { lockState } from '../storage/held-lock.js'
import type { WorkerPool } from '../workers/pool.js'
import { anonymizeItems } from './anonymize-items.js'
import { openRecords } from './checkpoint/records.js'
import { commit } from './commit.js'
import { type ListedSource, listSource } from './lifecycle/left-out.js'
import { endRun } from './lifecycle/run-end.js'
import { startRun } from './lifecycle/run-start.js'
import type { RunState } from './lifecycle/run-state.js'
import { type Limits, settleLimits } from './limits.js'
import { neutrallyNamed } from './neutral-names.js'
import type { RunOptions } from './options.js'
import type { RunReport } from './report/report.js'
import { contextOf, openSharedResources, startWorkers } from './shared-resources.js'
import { leavePlan } from './tasks/plan-file.js'

/**
 * Anonymizes every item of the source into the sink. Items that cannot be read are listed in `failed` of the
 * report. Throws SINK_*, NAME_COLLISION, USAGE, BAD_LINE, TOO_MANY_QUARANTINED, WORKER_FAILED, INTERRUPTED.
 */
export async function runPipeline(options: RunOptions): Promise<RunReport> {
  const limits = settleLimits(options)
  const listed = await listSource(options)
  const pool = startWorkers(options, limits, chunkCountOf(options, listed, limits))
  try {
    return await runLocked(options, limits, { listed, pool })
  } finally {
    await pool.destroy()
  }
}

async function runLocked(
  options: RunOptions,
  limits: Limits,
  { listed, pool }: { readonly listed: ListedSource; readonly pool: WorkerPool },
): Promise<RunReport> {
  const unlock = await lockState(options.sink.state, options)
  try {
    await leavePlan(options.sink)
    const records = await openRecords(options.sink)
    try {
      const named = await neutrallyNamed(options, listed)
      const runState = await startRun(options, limits, named, records)
      if (runState.work.length > 0) await anonymizeAll(options, limits, { runState, pool })
      return await endRun(options, runState, named)
    } finally {
      await records.close()
    }
  } finally {
    await unlock()
  }
}

/** Commits each item once it is complete and reconciled, or all at the end, where that depends on their sum. */
async function anonymizeAll(
  options: RunOptions,
  limits: Limits,
  { runState, pool }: { readonly runState: RunState; readonly pool: WorkerPool },
): Promise<void> {
  const { work, counts, delivered, failed, records } = runState
  const spec = options.plan.settle(runState.secrets)
  const shared = openSharedResources(options, limits, { pool, spec })
  const run = contextOf(options, { limits, spec, shared, counts, records })
  try {
    const sealed = await anonymizeItems(run, work, { counts, delivered, failed, stop: shared.stop })
    counts.checkQuarantined()
    for (const each of sealed) delivered.add(await commit(run, each))
  } catch (error) {
    throw shared.reasonOf(error)
  } finally {
    await shared.close()
  }
}

// A compressed item may hold so many times its bytes.
const MOST_COMPRESSED = 20

/** About how many chunks the items have, at least; sizes of remote items may be unknown. */
function chunkCountOf({ source }: RunOptions, { listed }: ListedSource, { chunkBytes }: Limits): number {
  if (source.isRemote === true) return Number.POSITIVE_INFINITY
  return listed.reduce((sum, { item: { name, bytes } }) => {
    const plainBytes = namedFormat(name) === undefined ? bytes : bytes * MOST_COMPRESSED
    return sum + Math.ceil(plainBytes / chunkBytes)
  }, 0)
}
