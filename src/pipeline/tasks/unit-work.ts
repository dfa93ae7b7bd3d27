import { isSluiceError } from '../../errors.js'
import type { Sink } from '../../storage/store.js'
import { anonymizeItems } from '../anonymize-items.js'
import type { DoneRecord } from '../checkpoint/done-record.js'
import type { Records } from '../checkpoint/records.js'
import { recordOf, type SealedItem } from '../commit.js'
import { conflictError, type ItemWork, survey } from '../item-list.js'
import type { ItemFailure } from '../report/report.js'
import { contextOf } from '../shared-resources.js'
import type { PlanHeader, Unit } from './plan-file.js'
import { readPlan } from './plan-file.js'
import type { Task } from './task.js'
import {
  noteClaimed,
  openUnitRecords,
  readUnitResult,
  type UnitResult,
  writeUnitResult,
} from './unit-records.js'

/** How an attempt to take a unit ended; `gone` if the plan it is from no longer counts. */
export type Taken =
  | { readonly kind: 'done-before' | 'held' | 'gone' }
  | { readonly kind: 'did'; readonly result: UnitResult }

/**
 * Claims a unit and does it, unless it is done or held. The claim of a process of this machine that has ended is taken
 * over, and one that was watched and found `stale`. Throws what the pipeline throws.
 */
export async function takeUnit(task: Task, plan: PlanHeader, unit: Unit, stale?: string): Promise<Taken> {
  const { options, faultPoint } = task
  const sink = unitSink(options.sink, unit)
  if ((await readUnitResult(sink.state)) !== undefined) return { kind: 'done-before' }
  let release: () => Promise<void>
  try {
    release = await sink.state.lock({ signal: options.signal, isPatient: false, stale })
  } catch (error) {
    if (isSluiceError(error) && error.code === 'SINK_LOCKED') return { kind: 'held' }
    // Whoever ended the plan may have removed the unit's state from under the claim.
    if (await isPlanGone(options.sink, plan)) return { kind: 'gone' }
    throw error
  }
  let isGone = false
  try {
    faultPoint('after-claim')
    if ((await readUnitResult(sink.state)) !== undefined) return { kind: 'done-before' }
    isGone = await isPlanGone(options.sink, plan)
    if (isGone) return { kind: 'gone' }
    await noteClaimed(sink)
    const result = await doUnit(task, unit, sink)
    faultPoint('before-unit-done')
    await writeUnitResult(sink.state, result)
    faultPoint('after-unit-done')
    options.onEvent?.({ event: 'unit.finished', level: 'info', unit: unit.id, bytes: unit.bytes })
    return { kind: 'did', result }
  } catch (error) {
    // Whoever took the unit over may have removed what this task wrote to.
    await sink.state.confirm()
    throw error
  } finally {
    await release()
    // Whoever ended the plan had removed the state of the unit, and the claim made it again.
    if (isGone) await sink.state.clear()
  }
}

async function isPlanGone({ state }: Sink, { id }: PlanHeader): Promise<boolean> {
  const now = await readPlan(state)
  return now?.id !== id || now.isClosing === true || now.ended !== undefined
}

export const unitSink = (sink: Sink, { id, work }: Unit): Sink =>
  sink.unit(
    id,
    work.map(({ output }) => output),
  )

async function doUnit(task: Task, { work }: Unit, sink: Sink): Promise<UnitResult> {
  const records = await openUnitRecords(sink)
  try {
    const finished: DoneRecord[] = []
    const failed: ItemFailure[] = []
    const open = await unfinishedOf(task, work, { sink, records, finished })
    const run = contextOf({ ...task.options, sink }, { ...task.parts, records })
    const sealed = await anonymizeItems(run, open, {
      counts: task.parts.counts,
      delivered: { add: (record) => finished.push(record) },
      failed,
      stop: task.parts.shared.stop,
    })
    return { records: [...finished, ...sealed.map(sealedRecord)], failed, isSealed: run.commitsAtEnd }
  } finally {
    await records.close()
  }
}

const sealedRecord = ({ work, head, totals }: SealedItem): DoneRecord => recordOf(work, head, totals)

/** Items that a holder of the claim did not finish before. Throws SINK_CONFLICT. */
async function unfinishedOf(
  { options: { overwrite = false } }: Task,
  work: readonly ItemWork[],
  {
    sink,
    records,
    finished,
  }: { readonly sink: Sink; readonly records: Records; readonly finished: DoneRecord[] },
): Promise<readonly ItemWork[]> {
  const open: ItemWork[] = []
  for (const each of work) {
    const there = await sink.head(each.output)
    // The plan found that this output may be replaced.
    const isPlanned = there !== undefined && there.version === each.before?.version
    const found = await survey(each, sink, {
      overwrite: overwrite || isPlanned,
      reported: async () => new Map(),
      records,
    })
    if (found.kind === 'conflict') throw conflictError([each.output])
    if (found.kind === 'finished') finished.push(found.record)
    else open.push(each)
  }
  return open
}
