import { isSluiceError, sluiceError } from '../../errors.js'
import { present } from '../../invariant.js'
import { lockState } from '../../storage/held-lock.js'
import type { Sink } from '../../storage/store.js'
import { readSecrets } from '../checkpoint/run-secrets.js'
import { type ListedSource, listSource } from '../lifecycle/left-out.js'
import { settleLimits } from '../limits.js'
import type { RunReport } from '../report/report.js'
import { RunCounts } from '../run-counts.js'
import { lockShared } from '../shared-lock.js'
import { openSharedResources, startWorkers } from '../shared-resources.js'
import { clearEnded, clearPlan, finishPlan } from './finish.js'
import { listingDigest, makePlan, sharedOptionsOf } from './make-plan.js'
import { absorbPlan, closePlan, forgetPlan, unitBatches } from './old-plan.js'
import { type PlanHeader, readPlan, removePlan, type SharedOptions, writePlan } from './plan-file.js'
import type { Abandoned, JoinOptions } from './task.js'
import { clearUnits } from './unit-records.js'
import { DEFAULT_RANGE_BYTES } from './units.js'
import { type TaskWork, workOn } from './work.js'

/** How a task ended. */
export type Joined =
  /** It ended the run, whose items may have failed. */
  | { readonly kind: 'finished'; readonly report: RunReport; readonly work: TaskWork }
  /** Units are left that others hold. */
  | { readonly kind: 'worked'; readonly work: TaskWork; readonly left: number; readonly plan: PlanHeader }
  /** The run had ended, or another task ended it. */
  | { readonly kind: 'ended-before'; readonly plan: PlanHeader; readonly work: TaskWork }

export const NO_WORK: TaskWork = { units: 0, bytes: 0, lines: 0, quarantined: 0, failed: 0 }

/**
 * Works as one task of a run that any number of tasks share. The first one writes the plan, each does units that no other
 * one holds, and whoever finds that all are done ends the run. The outputs are those of a run on one machine; items larger
 * than `rangeBytes` are cut into parts. Throws PLAN_DIFFERS, and what `runPipeline` throws.
 */
export async function joinRun(given: JoinOptions): Promise<Joined> {
  const { plan, options } = await attach(given)
  if (hasEnded(plan)) {
    await clearEnded(options)
    return { kind: 'ended-before', plan, work: NO_WORK }
  }
  const limits = settleLimits(options)
  const secrets = await readSecrets(options.sink.state, options.plan)
  if (secrets === undefined) return endOf(options, plan, NO_WORK)
  const pool = startWorkers(options, limits)
  const spec = options.plan.settle(secrets)
  const shared = openSharedResources(options, limits, { pool, spec })
  const counts = new RunCounts(options, plan.counts.items, plan.counts.bytes)
  const task = {
    options,
    parts: { limits, spec, shared, counts },
    faultPoint: options.taskFaultPoint ?? (() => {}),
  }
  let done: Awaited<ReturnType<typeof workOn>>
  try {
    done = await workOn(task, plan)
  } catch (error) {
    throw isSluiceError(error) && error.code === 'SINK_LOCKED' ? error : shared.reasonOf(error)
  } finally {
    await shared.close()
  }
  const { work, left, isGone } = done
  if (isGone) return afterwards(options, plan, work)
  if (left > 0) return { kind: 'worked', work, left, plan }
  return endOf(options, plan, work)
}

async function endOf(options: JoinOptions, plan: PlanHeader, work: TaskWork): Promise<Joined> {
  const report = await finishPlan(options, plan)
  return report === undefined ? afterwards(options, plan, work) : { kind: 'finished', report, work }
}

/** Writes the plan, or finds it. */
export async function planRun(
  options: JoinOptions,
): Promise<{ readonly plan: PlanHeader; readonly isNew: boolean }> {
  const { plan, isNew } = await attach(options)
  return { plan, isNew }
}

export interface WholeItem {
  readonly item: string
  readonly bytes: number
}

/** Items of a plan that are larger than a range and cannot be divided, the largest first. */
export async function undividable(sink: Sink, plan: PlanHeader): Promise<readonly WholeItem[]> {
  const items: WholeItem[] = []
  for await (const units of unitBatches(sink, plan))
    for (const { work, part } of units)
      for (const { item } of part === undefined ? work : [])
        if (item.bytes > plan.shared.rangeBytes) items.push({ item: item.name, bytes: item.bytes })
  return items.toSorted((a, b) => b.bytes - a.bytes)
}

/** Ends a run whose units are all done. Returns undefined if it has ended. Throws UNITS_MISSING, PLAN_DIFFERS. */
export async function finishRun(given: JoinOptions): Promise<RunReport | undefined> {
  const options = await acrossHosts(given)
  const plan = await readPlan(options.sink.state)
  if (plan === undefined)
    throw sluiceError('UNITS_MISSING', {
      at: options.sink.place,
      message: 'no run of several tasks was planned here',
    })
  if (hasEnded(plan)) return undefined
  return finishPlan(withPlan(options, plan), plan)
}

/**
 * Drops an unfinished plan: what was committed stays and is known as ours, what is half-written is removed. Returns
 * whether there was one. Throws SINK_LOCKED while a task is at work.
 */
export async function abandonPlan(options: Abandoned): Promise<boolean> {
  const { sink } = options
  const unlock = await lockState(sink.state, options)
  try {
    const plan = await readPlan(sink.state)
    if (plan === undefined) return false
    if (plan.ended === undefined) {
      await closePlan(options, plan)
      const known = await absorbPlan(options, plan)
      await forgetPlan(sink, plan, { units: [], known })
    }
    await removePlan(sink.state)
    return plan.ended === undefined
  } finally {
    await unlock()
  }
}

interface Attached {
  readonly plan: PlanHeader
  readonly options: JoinOptions
  readonly isNew: boolean
}

/** Finds the plan of the run, or writes it under the lock. */
async function attach(given: JoinOptions): Promise<Attached> {
  const options = await acrossHosts(given)
  const { state } = options.sink
  let found: PlanHeader | undefined
  const isThere = async (): Promise<boolean> => {
    const now = await readPlan(state)
    found = now !== undefined && isOf(now, options) && (await isStillRight(options, now)) ? now : undefined
    return found !== undefined
  }
  const unlock = (await isThere()) ? undefined : await lockShared(options, isThere)
  try {
    if (unlock === undefined || (await isThere()))
      return { ...use(options, present(found, 'the plan')), isNew: false }
    return { ...use(options, await planUnderLock(options, await listSource(options))), isNew: true }
  } finally {
    await unlock?.()
  }
}

/** Whether a task of this run may work by the plan, or learns from it that the run has ended. */
const isOf = ({ runIds, isClosing, ended }: PlanHeader, { runId }: JoinOptions): boolean =>
  isClosing !== true && (ended?.failed ?? 0) === 0 && (runId === '' || runIds.includes(runId))

/**
 * Whether a plan that ended is all that a task without the name of a run can be about: nothing has changed since. Another
 * name always means another run.
 */
const isStillRight = async (options: JoinOptions, plan: PlanHeader): Promise<boolean> =>
  options.runId !== '' ||
  plan.ended === undefined ||
  (differenceOf(options, plan) === undefined && plan.listing === listingDigest(await listSource(options)))

const hasEnded = ({ ended }: PlanHeader): boolean => ended !== undefined && ended.failed === 0

/** Goes on with an unfinished plan under another name if nothing has changed; otherwise writes one. */
async function planUnderLock(options: JoinOptions, listed: ListedSource): Promise<PlanHeader> {
  const { sink } = options
  const now = await readPlan(sink.state)
  const rangeBytes = options.rangeBytes ?? DEFAULT_RANGE_BYTES
  if (now !== undefined && now.ended === undefined && now.isClosing !== true) {
    const isSame = differenceOf(options, now) === undefined && now.listing === listingDigest(listed)
    if (isSame) {
      const joined = { ...now, runIds: [...now.runIds, options.runId] }
      await writePlan(sink.state, joined)
      return joined
    }
  }
  // Units of a plan that was lost tell of outputs that may have been moved away.
  if (now === undefined) await clearUnits(sink.state)
  if (now !== undefined && now.ended === undefined) await closePlan(options, now)
  // Whoever ended it may not have got to that.
  if (now?.ended !== undefined && now.pages.length > 0) await clearPlan(sink, now)
  return makePlan(options, { listed, rangeBytes, old: now?.ended === undefined ? now : undefined })
}

/** Takes over what the plan has settled. Throws PLAN_DIFFERS. */
function use(options: JoinOptions, plan: PlanHeader): Omit<Attached, 'isNew'> {
  const difference = hasEnded(plan) ? undefined : differenceOf(options, plan)
  if (difference !== undefined)
    throw sluiceError('PLAN_DIFFERS', {
      at: options.sink.place,
      message: `this task was started with ${difference} than the run it would join`,
    })
  return { plan, options: withPlan(options, plan) }
}

const withPlan = (options: JoinOptions, { chunkBytes, maxLineBytes, shared }: PlanHeader): JoinOptions => ({
  ...options,
  chunkBytes,
  maxLineBytes,
  rangeBytes: shared.rangeBytes,
})

const DIFFERENCES: Readonly<Record<keyof SharedOptions, string>> = {
  configuration: 'another configuration, another key or another --as-of',
  compression: 'another compression',
  quarantineContent: 'another --quarantine-content',
  maxQuarantined: 'another --max-quarantined',
  rangeBytes: 'another --range-bytes',
  folderName: 'an input folder of another name',
}

function differenceOf(
  options: JoinOptions,
  { shared, chunkBytes, maxLineBytes }: PlanHeader,
): string | undefined {
  const mine = sharedOptionsOf(options, options.rangeBytes ?? shared.rangeBytes)
  const keys = Object.keys(DIFFERENCES) as readonly (keyof SharedOptions)[]
  const other = keys.find((key) => mine[key] !== shared[key])
  if (other !== undefined) return DIFFERENCES[other]
  if ((options.chunkBytes ?? chunkBytes) !== chunkBytes) return 'another chunk size'
  return (options.maxLineBytes ?? maxLineBytes) === maxLineBytes ? undefined : 'another --max-line-bytes'
}

async function acrossHosts(options: JoinOptions): Promise<JoinOptions> {
  const source = await options.source.acrossHosts?.()
  return source === undefined ? options : { ...options, source }
}

/** For a task whose plan ended, or was replaced, while it worked. */
async function afterwards(options: JoinOptions, plan: PlanHeader, work: TaskWork): Promise<Joined> {
  const now = await readPlan(options.sink.state)
  if (now?.id === plan.id && now.ended !== undefined) return { kind: 'ended-before', plan: now, work }
  throw sluiceError('SINK_LOCKED', {
    at: options.sink.place,
    message: 'another run has taken over this output',
  })
}
