import { contextOf, openWorkshop, runFingerprint } from './begin.js'
import type { RunContext } from './context.js'
import type { DoneRecord } from './done.js'
import { failureOf, reportOf, withdrawReport, writeReport } from './finish.js'
import { anonymizeItem, concernsItemOnly } from './item.js'
import { conflictError, hashOf, type ItemWork, listWork, survey } from './items.js'
import { type Limits, settleLimits } from './limits.js'
import type { RunOptions } from './options.js'
import type { ItemFailure, RunReport } from './report.js'
import { destroySecrets, openSecrets } from './secrets.js'
import { sideBySide } from './side-by-side.js'
import { commit, type SealedItem } from './sink-writer.js'
import { Tally } from './tally.js'

/**
 * Anonymizes every item of the source into the sink. Items that cannot be read are in `failed` of the report;
 * everything else throws: SINK_*, NAME_COLLISION, USAGE, BAD_LINE, TOO_MANY_QUARANTINED, WORKER_FAILED, INTERRUPTED.
 */
export async function runPipeline(options: RunOptions): Promise<RunReport> {
  const limits = settleLimits(options)
  const listed = await listWork(options, (event) => options.onEvent?.({ level: 'warn', ...event }))
  const unlock = await options.sink.state.lock()
  try {
    return await runLocked(options, limits, listed)
  } finally {
    await unlock()
  }
}

async function runLocked(
  options: RunOptions,
  limits: Limits,
  listed: readonly Pick<ItemWork, 'item' | 'output'>[],
): Promise<RunReport> {
  const { plan, sink, metrics, onEvent = () => {} } = options
  const startedAt = new Date()
  const { secrets, resumed } = await openSecrets(sink.state, plan)
  const fingerprint = runFingerprint(options, limits, secrets)
  const { work, finished, skipped } = await surveyAll(options, listed, fingerprint)
  if (work.length > 0) await withdrawReport(sink, options.overwrite ?? false)

  const bytesTotal = listed.reduce((sum, { item }) => sum + item.bytes, 0)
  const tally = new Tally(options, listed.length, bytesTotal)
  const records = new Map<ItemWork, DoneRecord>(finished)
  for (const [done, record] of finished) tally.finished(done, record)
  onEvent({ event: resumed ? 'run.resumed' : 'run.started', level: 'info', items: listed.length, bytesTotal })

  const failed: ItemFailure[] = []
  const sealed: SealedItem[] = []
  if (work.length > 0) {
    const spec = plan.settle(secrets)
    const workshop = openWorkshop(options, limits, spec)
    const run = contextOf(options, { limits, spec, workshop, tally })
    const finish = async (item: SealedItem) => records.set(item.work, await commit(run, item))
    const anonymize = async (item: ItemWork): Promise<void> => {
      const complete = await anonymizeItem(run, item)
      tally.finished(item, complete)
      if (options.maxQuarantined === undefined) await finish(complete)
      else sealed.push(complete)
    }
    try {
      await sideBySide(work, limits.itemsAtOnce, orFail(run, failed, anonymize), workshop.stop)
      tally.checkQuarantined()
      for (const item of sealed) await finish(item)
    } catch (error) {
      throw workshop.reasonOf(error)
    } finally {
      await workshop.close()
    }
  }

  const items = {
    listed: listed.length,
    committed: records.size - finished.size,
    finishedBefore: finished.size,
  }
  const counts = { ...items, skipped, failed: failed.length }
  const facts = { fingerprint, asOf: secrets.asOf, startedAt, source: options.source.place }
  const report = reportOf({ ...facts, items: counts, failed, records: [...records.values()] })
  options.faultPoint?.('before-report')
  await writeReport(sink, report)
  options.faultPoint?.('after-report')
  if (failed.length === 0) await destroySecrets(sink.state)
  for (const [outcome, count] of Object.entries({ committed: items.committed, failed: failed.length }))
    for (let n = 0; n < count; n += 1) metrics?.itemFinished(outcome as 'committed' | 'failed')
  onEvent({ event: 'run.finished', level: 'info', ...counts, ...report.lines })
  return report
}

/** An item that cannot be read costs only itself. */
const orFail =
  (run: RunContext, failed: ItemFailure[], anonymize: (work: ItemWork) => Promise<void>) =>
  async (work: ItemWork): Promise<void> => {
    try {
      await anonymize(work)
    } catch (error) {
      if (!concernsItemOnly(error)) throw error
      const failure = failureOf(work.item.name, error)
      failed.push(failure)
      run.onEvent({ event: 'item.failed', level: 'warn', ...failure })
    }
  }

async function surveyAll(
  options: RunOptions,
  listed: readonly Pick<ItemWork, 'item' | 'output'>[],
  fingerprint: string,
) {
  const work: ItemWork[] = []
  const finished = new Map<ItemWork, DoneRecord>()
  const conflicts: string[] = []
  let skipped = 0
  for (const { item, output } of listed) {
    const each = { item, output, fingerprint: hashOf(fingerprint, item.name, item.version) }
    const found = await survey(each, options.sink, options)
    if (found.kind === 'work') work.push(each)
    else if (found.kind === 'finished') finished.set(each, found.record)
    else if (found.kind === 'skipped') skipped += 1
    else conflicts.push(output)
  }
  if (conflicts.length > 0) throw conflictError(conflicts)
  return { work, finished, skipped }
}
