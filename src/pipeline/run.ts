import { lockState } from '../storage/held-lock.js'
import { beginRun } from './begin.js'
import type { Begun } from './begun.js'
import { failureOf, finishRun } from './finish.js'
import { anonymizeItem, concernsItemOnly } from './item.js'
import type { ItemWork } from './items.js'
import { listSource } from './left-out.js'
import { type Limits, settleLimits } from './limits.js'
import type { RunOptions } from './options.js'
import type { RunReport } from './report.js'
import { sideBySide } from './side-by-side.js'
import { commit, type SealedItem } from './sink-writer.js'
import { contextOf, openWorkshop } from './workshop.js'

/**
 * Anonymizes every item of the source into the sink. Items that cannot be read are in `failed` of the report;
 * everything else throws: SINK_*, NAME_COLLISION, USAGE, BAD_LINE, TOO_MANY_QUARANTINED, WORKER_FAILED, INTERRUPTED.
 */
export async function runPipeline(options: RunOptions): Promise<RunReport> {
  const limits = settleLimits(options)
  const listed = await listSource(options)
  const unlock = await lockState(options.sink.state, options)
  try {
    const begun = await beginRun(options, limits, listed)
    if (begun.work.length > 0) await anonymizeAll(options, limits, begun)
    return await finishRun(options, begun, listed)
  } finally {
    await unlock()
  }
}

/** Small items side by side, a large one on all workers; each is committed when it is complete and accounted for. */
async function anonymizeAll(options: RunOptions, limits: Limits, begun: Begun): Promise<void> {
  const { tally, delivered, failed } = begun
  const spec = options.plan.settle(begun.secrets)
  const workshop = openWorkshop(options, limits, spec)
  const run = contextOf(options, { limits, spec, workshop, tally })
  const waiting: SealedItem[] = []

  const anonymize = async (work: ItemWork): Promise<void> => {
    try {
      const sealed = await anonymizeItem(run, work)
      tally.finished(work, sealed)
      if (!run.commitsAtEnd) delivered.add(await commit(run, sealed))
      else waiting.push(sealed)
    } catch (error) {
      if (!concernsItemOnly(error)) throw error
      const failure = failureOf(work.item.name, error)
      failed.push(failure)
      run.onEvent({ event: 'item.failed', level: 'warn', ...failure })
    }
  }

  try {
    await sideBySide(begun.work, limits.itemsAtOnce, anonymize, workshop.stop)
    tally.checkQuarantined()
    for (const sealed of waiting) delivered.add(await commit(run, sealed))
  } catch (error) {
    throw workshop.reasonOf(error)
  } finally {
    await workshop.close()
  }
}
