import { sluiceError } from '../../errors.js'
import { present } from '../../invariant.js'
import { REPORT_NAME } from '../../published/names.js'
import { wholeOf } from '../../storage/split.js'
import type { Sink } from '../../storage/store.js'
import { Delivered } from '../checkpoint/delivered-runs.js'
import type { DoneRecord } from '../checkpoint/done-record.js'
import { readLedger } from '../checkpoint/output-ledger.js'
import { openRecords, type Records } from '../checkpoint/records.js'
import { readSecrets } from '../checkpoint/run-secrets.js'
import { recordOf } from '../commit.js'
import { promisedFault } from '../item.js'
import type { ItemWork } from '../item-list.js'
import { endRun } from '../lifecycle/run-end.js'
import { removeReplaced } from '../output-files.js'
import { inParallel } from '../parallel-work.js'
import { addCounts, NO_COUNTS } from '../report/item-counts.js'
import type { ItemFailure, RunReport } from '../report/report.js'
import { readRunReport } from '../report/state-report.js'
import { RunCounts } from '../run-counts.js'
import { lockShared } from '../shared-lock.js'
import { commitUnit } from './commit-unit.js'
import { moveQuarantine, type QuarantineSource } from './moved-quarantine.js'
import { unitBatches } from './old-plan.js'
import {
  type PlanHeader,
  planLines,
  readPlan,
  removePages,
  type Unit,
  unmarkPages,
  writePlan,
} from './plan-file.js'
import type { JoinOptions } from './task.js'
import { clearUnits, readUnitResult, removeUnitResult, type UnitResult } from './unit-records.js'
import { unitSink } from './unit-work.js'

const AT_ONCE = 16

/**
 * Ends the run of a plan whose units are all done: sums them up, writes the reports, destroys the secrets and removes the
 * states of the units. Can be repeated after a crash at any point. Returns undefined if another task ended it. Throws
 * UNITS_MISSING, TOO_MANY_QUARANTINED and what the end of a run throws.
 */
export async function finishPlan(options: JoinOptions, plan: PlanHeader): Promise<RunReport | undefined> {
  const { sink, taskFaultPoint = () => {} } = options
  const isEnded = async (): Promise<boolean> => {
    const now = await readPlan(sink.state)
    return now?.id !== plan.id || now.ended !== undefined
  }
  const unlock = await lockShared(options, isEnded)
  if (unlock === undefined) return undefined
  try {
    const now = await readPlan(sink.state)
    if (now === undefined || now.id !== plan.id || now.ended !== undefined) return undefined
    taskFaultPoint('before-finish')
    const report = await endPlan(options, now)
    taskFaultPoint('before-ended')
    const ended = { at: report.finishedAt, failed: report.failed.length }
    await writePlan(sink.state, { ...now, ended })
    taskFaultPoint('after-ended')
    await clearPlan(sink, { ...now, ended })
    taskFaultPoint('after-clear')
    return report
  } finally {
    await unlock()
  }
}

/** Removes what the task that ended the run did not get to remove. */
export async function clearEnded(options: JoinOptions): Promise<void> {
  const { state } = options.sink
  const open = async (): Promise<PlanHeader | undefined> => {
    const plan = await readPlan(state)
    return plan?.ended !== undefined && plan.pages.length > 0 ? plan : undefined
  }
  if ((await open()) === undefined) return
  const unlock = await lockShared(options, async () => (await open()) === undefined)
  try {
    const plan = await open()
    if (unlock !== undefined && plan !== undefined) await clearPlan(options.sink, plan)
  } finally {
    await unlock?.()
  }
}

/** Removes the states of an ended plan's units, then its pages. Needs the lock. */
export async function clearPlan(sink: Sink, plan: PlanHeader): Promise<void> {
  await clearUnits(sink.state)
  await removePages(sink.state, plan)
  await writePlan(sink.state, { ...plan, pages: [] })
}

async function endPlan(options: JoinOptions, plan: PlanHeader): Promise<RunReport> {
  const { sink, taskFaultPoint = () => {} } = options
  const secrets = await readSecrets(sink.state, options.plan)
  if (secrets === undefined) {
    const report = await readRunReport(sink.state)
    const isDone = report?.fingerprint === plan.fingerprint && (await sink.get(REPORT_NAME)) !== undefined
    // They are destroyed last, when only the end remains to be noted.
    if (report !== undefined && isDone) return report
    throw sluiceError('STATE_UNREADABLE', {
      at: sink.state.place,
      message: 'the reference day and the keys of the run are gone',
      help: 'end it with `sluice finish --abandon`, then run it again',
    })
  }
  const records = await openRecords(sink)
  try {
    await checkUnits(options, plan)
    if (options.maxQuarantined !== undefined) await commitAll(options, plan)
    taskFaultPoint('before-records')
    const { delivered, failed, kept, outputs } = await settle(options, plan, records)
    taskFaultPoint('after-records')
    return await endRun(options, {
      startedAt: new Date(plan.startedAt),
      secrets,
      fingerprint: plan.fingerprint,
      listedCount: plan.counts.items,
      finishedBefore: plan.counts.finishedBefore,
      skipped: plan.counts.skipped,
      delivered,
      kept,
      place: plan.place,
      ledger: await readLedger(sink.state),
      outputs: new Set(outputs.values()),
      outputOf: (item) => outputs.get(item),
      leftOut: plan.leftOut,
      failed: [...plan.failed, ...failed],
      records,
    })
  } finally {
    await records.close()
  }
}

/** Throws UNITS_MISSING, and TOO_MANY_QUARANTINED if the sum over all units is more than allowed. */
async function checkUnits({ sink, maxQuarantined }: JoinOptions, plan: PlanHeader): Promise<void> {
  const counts = new RunCounts({ maxQuarantined }, 0, 0)
  let missing = 0
  let gone = 0
  for await (const units of unitBatches(sink, plan))
    await inParallel(units, AT_ONCE, async (unit) => {
      const { state } = unitSink(sink, unit)
      const result = await readUnitResult(state)
      for (const { totals } of result?.records ?? []) counts.addTotals(totals)
      if (result === undefined) missing += 1
      else if (!(await isThere(sink, result))) {
        await removeUnitResult(state)
        gone += 1
      }
    })
  if (gone > 0) await unmarkPages(sink.state, plan)
  if (missing + gone > 0)
    throw sluiceError('UNITS_MISSING', {
      at: sink.place,
      message: `${missing + gone} of ${plan.counts.units} units are not done${gone > 0 ? `; of ${gone} of them, an output was changed or removed since` : ''}`,
    })
  counts.checkQuarantined()
}

/** Whether the outputs of a unit are as it left them: what the report names has to exist. */
async function isThere(sink: Sink, { records, isSealed }: UnitResult): Promise<boolean> {
  for (const { output, head } of isSealed ? [] : records)
    if (head !== null && (await sink.head(output))?.version !== head.version) return false
  return true
}

/** Makes sealed outputs appear. */
async function commitAll(options: JoinOptions, plan: PlanHeader): Promise<void> {
  const { sink } = options
  for await (const units of unitBatches(sink, plan))
    await inParallel(units, AT_ONCE, async (unit) => {
      await commitUnit(options, unit, await resultOf(sink, unit))
    })
}

const resultOf = async (sink: Sink, unit: Unit): Promise<UnitResult> =>
  present(await readUnitResult(unitSink(sink, unit).state), 'the result of a unit')

interface Settled {
  readonly delivered: Delivered
  readonly kept: Delivered
  readonly failed: readonly ItemFailure[]
  /** Outputs by item. */
  readonly outputs: ReadonlyMap<string, string>
}

/** Records every item as a run on one machine would have, and moves the quarantine to where that would be. */
async function settle({ sink }: JoinOptions, plan: PlanHeader, records: Records): Promise<Settled> {
  const settled = { delivered: new Delivered(), kept: new Delivered(), outputs: new Map<string, string>() }
  const failed: ItemFailure[] = []
  const parts = new Map<string, Unit[]>()
  const deliver = async (record: DoneRecord, sources: readonly QuarantineSource[]): Promise<void> => {
    await moveQuarantine(sink, record, sources)
    await records.write(record)
    settled.delivered.add(record)
  }
  for await (const units of unitBatches(sink, plan))
    await inParallel(units, AT_ONCE, async (unit) => {
      if (unit.part !== undefined) {
        const own = parts.get(unit.part.of) ?? []
        parts.set(unit.part.of, own)
        own.push(unit)
        return
      }
      const result = await resultOf(sink, unit)
      failed.push(...result.failed)
      for (const { item, output } of unit.work) settled.outputs.set(item.name, output)
      await inParallel(result.records, 256, (record) => deliver(record, [{ unit, record }]))
    })
  for await (const line of planLines(sink.state, plan)) {
    if ('divided' in line) {
      const { divided } = line
      settled.outputs.set(divided.item.name, divided.output)
      const made = await joined(sink, divided, parts.get(divided.output) ?? [])
      if ('failure' in made) failed.push(made.failure)
      else {
        await removeReplaced(sink, divided.output, { before: divided.before, now: made.record.head })
        await deliver(made.record, made.sources)
      }
    } else if ('finished' in line) {
      settled.outputs.set(line.finished.item, line.finished.output)
      const record = await records.done(line.finished.output)
      if (record !== undefined) settled.delivered.add(record)
    } else if ('skipped' in line) {
      settled.outputs.set(line.skipped.item, line.skipped.output)
      const record = line.isOurs ? await records.done(line.skipped.output) : undefined
      if (record !== undefined) settled.kept.add(record)
    }
  }
  return { ...settled, failed }
}

type Joined =
  | { readonly record: DoneRecord; readonly sources: readonly QuarantineSource[] }
  | { readonly failure: ItemFailure }

/** One record for the parts of an item, as if it had been split. */
async function joined(sink: Sink, whole: ItemWork, units: readonly Unit[]): Promise<Joined> {
  const inOrder = units.toSorted((a, b) => (a.part?.number ?? 0) - (b.part?.number ?? 0))
  const sources: QuarantineSource[] = []
  for (const unit of inOrder) {
    const { records, failed } = await resultOf(sink, unit)
    const [failure] = failed
    if (failure !== undefined) return { failure }
    sources.push({ unit, record: present(records[0], 'the record of a part') })
  }
  const totals = sources.reduce((sum, { record }) => addCounts(sum, record.totals), NO_COUNTS)
  const fault = promisedFault(whole.item, totals)
  if (fault !== undefined)
    return { failure: { item: whole.item.name, code: fault.code, message: fault.message } }
  const heads = sources.map(({ record }) => present(record.head ?? undefined, 'the output of a part'))
  return { record: recordOf(whole, wholeOf(whole.output, heads), totals), sources }
}
