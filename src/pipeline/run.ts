import { namedFormat } from '../compression/compression.js'
import { lockState } from '../storage/held-lock.js'
import type { WorkerPool } from '../workers/pool.js'
import { BackgroundWork } from './background-work.js'
import { openRecords } from './checkpoint/records.js'
import { commit, type SealedItem } from './commit.js'
import { anonymizeItem, concernsItemOnly, type WrittenItem } from './item.js'
import type { ItemWork } from './item-list.js'
import { type ListedSource, listSource } from './lifecycle/left-out.js'
import { endRun, failureOf } from './lifecycle/run-end.js'
import { startRun } from './lifecycle/run-start.js'
import type { RunState } from './lifecycle/run-state.js'
import { type Limits, settleLimits } from './limits.js'
import { neutrallyNamed } from './neutral-names.js'
import type { RunOptions } from './options.js'
import { inParallel } from './parallel-work.js'
import type { RunReport } from './report/report.js'
import { contextOf, openSharedResources, startWorkers } from './shared-resources.js'

// Flushes that wait together cost little more than one, but each holds an open file.
const SMALL_COMMITS_AT_ONCE = 32

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

/**
 * Processes small items side by side and a large one on all workers. Each is committed once it is complete and
 * reconciled.
 */
async function anonymizeAll(
  options: RunOptions,
  limits: Limits,
  { runState, pool }: { readonly runState: RunState; readonly pool: WorkerPool },
): Promise<void> {
  const { counts, delivered, failed, records } = runState
  const spec = options.plan.settle(runState.secrets)
  const shared = openSharedResources(options, limits, { pool, spec })
  const run = contextOf(options, { limits, spec, shared, counts, records })
  const waiting: SealedItem[] = []
  const background = new BackgroundWork(SMALL_COMMITS_AT_ONCE, shared.stop)

  const orFail = async (work: ItemWork, act: () => Promise<void>): Promise<void> => {
    try {
      await act()
    } catch (error) {
      if (!concernsItemOnly(error)) throw error
      const failure = failureOf(work.item.name, error)
      failed.push(failure)
      run.onEvent({ event: 'item.failed', level: 'warn', ...failure })
    }
  }

  const complete = async (work: ItemWork, written: WrittenItem): Promise<void> => {
    const sealed = await written.seal()
    counts.addItem(work, sealed)
    if (!run.commitsAtEnd) delivered.add(await commit(run, sealed))
    else waiting.push(sealed)
  }

  const anonymize = (work: ItemWork): Promise<void> =>
    orFail(work, async () => {
      const written = await anonymizeItem(run, work)
      if (!written.isSmall) return complete(work, written)
      await background.start(
        () => orFail(work, () => complete(work, written)),
        () => written.close(),
      )
    })

  try {
    await inParallel(runState.work, limits.itemsAtOnce, anonymize, shared.stop)
    await background.end()
    counts.checkQuarantined()
    for (const sealed of waiting) delivered.add(await commit(run, sealed))
  } catch (error) {
    throw shared.reasonOf(error)
  } finally {
    await background.settle()
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
