import { lockState } from '../storage/held-lock.js'
import { Aside } from './background-work.js'
import { openRecords } from './checkpoint/records.js'
import { commit, type SealedItem } from './commit.js'
import { anonymizeItem, concernsItemOnly, type WrittenItem } from './item.js'
import type { ItemWork } from './item-list.js'
import { listSource } from './lifecycle/left-out.js'
import { failureOf, finishRun } from './lifecycle/run-end.js'
import { beginRun } from './lifecycle/run-start.js'
import type { Begun } from './lifecycle/run-state.js'
import { type Limits, settleLimits } from './limits.js'
import type { RunOptions } from './options.js'
import type { RunReport } from './report/report.js'
import { contextOf, openWorkshop } from './shared-resources.js'
import { sideBySide } from './side-by-side.js'

// Flushes that wait together cost little more than one; each holds an open file.
const SMALL_COMMITS_AT_ONCE = 32

/**
 * Anonymizes every item of the source into the sink. Items that cannot be read are in `failed` of the report;
 * everything else throws: SINK_*, NAME_COLLISION, USAGE, BAD_LINE, TOO_MANY_QUARANTINED, WORKER_FAILED, INTERRUPTED.
 */
export async function runPipeline(options: RunOptions): Promise<RunReport> {
  const limits = settleLimits(options)
  const listed = await listSource(options)
  const unlock = await lockState(options.sink.state, options)
  try {
    const records = await openRecords(options.sink)
    try {
      const begun = await beginRun(options, limits, listed, records)
      if (begun.work.length > 0) await anonymizeAll(options, limits, begun)
      return await finishRun(options, begun, listed)
    } finally {
      await records.close()
    }
  } finally {
    await unlock()
  }
}

/** Small items side by side, a large one on all workers; each is committed when it is complete and accounted for. */
async function anonymizeAll(options: RunOptions, limits: Limits, begun: Begun): Promise<void> {
  const { tally, delivered, failed, records } = begun
  const spec = options.plan.settle(begun.secrets)
  const workshop = openWorkshop(options, limits, spec)
  const run = contextOf(options, { limits, spec, workshop, tally, records })
  const waiting: SealedItem[] = []
  const aside = new Aside(SMALL_COMMITS_AT_ONCE, workshop.stop)

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
    tally.finished(work, sealed)
    if (!run.commitsAtEnd) delivered.add(await commit(run, sealed))
    else waiting.push(sealed)
  }

  const anonymize = (work: ItemWork): Promise<void> =>
    orFail(work, async () => {
      const written = await anonymizeItem(run, work)
      if (!written.isSmall) return complete(work, written)
      await aside.start(
        () => orFail(work, () => complete(work, written)),
        () => written.close(),
      )
    })

  try {
    await sideBySide(begun.work, limits.itemsAtOnce, anonymize, workshop.stop)
    await aside.end()
    tally.checkQuarantined()
    for (const sealed of waiting) delivered.add(await commit(run, sealed))
  } catch (error) {
    throw workshop.reasonOf(error)
  } finally {
    await aside.settle()
    await workshop.close()
  }
}
