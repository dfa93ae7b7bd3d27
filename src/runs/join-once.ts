import { isEmptyRun } from '../export/contents.js'
import { joinRunFolder, layoutFingerprint, readRuns } from '../pipeline/layout.js'
import { readRunReport } from '../pipeline/report/state-report.js'
import { lockShared } from '../pipeline/shared-lock.js'
import { type Joined, joinRun, NO_WORK } from '../pipeline/tasks/join.js'
import { readPlan } from '../pipeline/tasks/plan-file.js'
import type { JoinOptions } from '../pipeline/tasks/task.js'
import type { TaskWork } from '../pipeline/tasks/work.js'
import { withHeldLock } from '../storage/held-lock.js'
import type { Lake, Sink, Source } from '../storage/store.js'
import { finishedReport } from './deliver.js'
import { addRecord, type RunRecord, readRecords } from './history.js'
import { chainOf, factsOf, familyOf, hashOf, type Pipeline, type RunHooks } from './pipeline.js'
import {
  isDelivered,
  isEmptyFailure,
  lastOf,
  type NoteRecord,
  type PipelineReport,
  settleRun,
} from './run-end.js'
import { newItemsOf, readVersions } from './versions.js'

export type TaskOfRun = Pick<JoinOptions, 'runId' | 'taskIndex' | 'shard' | 'rangeBytes'>

/** A pipeline whose tasks see the same source; it has no `splitBytes`, as ranges are the parts. */
export type SharedPipeline = Pipeline & {
  readonly source: { readonly kind: 'store'; readonly source: Source }
}

/** How a task of a pipeline's run ended. */
export type JoinedOnce =
  /** It ended the run and recorded that. */
  | { readonly kind: 'finished'; readonly report: PipelineReport; readonly work: TaskWork }
  | Extract<Joined, { readonly kind: 'worked' }>
  /** Another task did; `isEmptyFailure` if the run was empty without permission to be. */
  | {
      readonly kind: 'ended-before'
      readonly runId: string
      readonly endedAt: string | undefined
      readonly isEmptyFailure: boolean
      readonly work: TaskWork
    }

/**
 * Works as one task of a pipeline's run. The lake's lock is held only while the run is opened and while its end is
 * recorded; the task that ends the run also removes old ones. A task that fails records nothing, as others go on. Throws
 * PLAN_DIFFERS, SINK_LOCKED and what `runPipeline` throws.
 */
export async function joinOnce(
  pipeline: SharedPipeline,
  task: TaskOfRun,
  hooks: RunHooks = {},
): Promise<JoinedOnce> {
  const { lake, plan, settings } = pipeline
  const { signal, onProgress, onEvent, metrics } = hooks
  const { sink, folder, last } = await openShared(pipeline, task, hooks)
  const before = last === undefined ? undefined : await readVersions(lake.sink(last.run))
  const { source } = pipeline.source
  const run = { sink, folder, last, before, hooks, task }
  // A run in one process may have ended here before it could record that.
  const isAlone = (await readPlan(sink.state)) === undefined
  if (isAlone && (await finishedReport(sink)) !== undefined) return settleOnce(pipeline, run, NO_WORK)
  const joined = await joinRun({
    ...settings,
    ...task,
    plan,
    source: before === undefined ? source : newItemsOf(source, before),
    sink,
    signal,
    onProgress,
    onEvent,
    metrics,
  })
  // Whoever ended the run before may not have got to record that.
  return joined.kind === 'worked' ? joined : settleOnce(pipeline, run, joined.work)
}

interface Opened {
  readonly sink: Sink
  readonly folder: string
  /** The run that this one adds to: the same for all its tasks. */
  readonly last: RunRecord | undefined
}

/** Finds the run's folder, or opens one and records its start. Holds the lake's lock only for that. */
async function openShared(pipeline: SharedPipeline, task: TaskOfRun, hooks: RunHooks): Promise<Opened> {
  const { lake } = pipeline
  const { signal, onEvent } = hooks
  let found = await findShared(pipeline, task)
  if (found !== undefined) return found
  const unlock = await lockShared({ sink: lake, signal, onEvent }, async () => {
    found = await findShared(pipeline, task)
    return found !== undefined
  })
  try {
    found ??= await findShared(pipeline, task)
    return found ?? (await openLocked({ ...pipeline, lake: withHeldLock(lake) }, task, hooks))
  } finally {
    await unlock?.()
  }
}

/** A run that a task has opened and recorded, unless it is to be begun again. */
async function findShared(
  pipeline: SharedPipeline,
  { runId, ...task }: TaskOfRun,
): Promise<Opened | undefined> {
  const { lake } = pipeline
  const entry = (await readRuns(lake.state)).findLast(
    ({ runIds = [], isRemoved }) => isRemoved !== true && runIds.includes(runId),
  )
  if (entry === undefined) return undefined
  const records = await readRecords(lake.state, familyOf(pipeline))
  const own = records.filter(({ run }) => run === entry.folder)
  const newest = own.at(-1)
  if (newest === undefined || !(isOpen(newest) || own.some(isDelivered))) return undefined
  const last = lastBefore(pipeline, records, entry.folder)
  // Throws PLAN_DIFFERS.
  return { ...(await folderOf(pipeline, { runId, ...task }, last, records)), last }
}

const isOpen = ({ event }: RunRecord): boolean => event === 'started' || event === 'resumed'

async function openLocked(
  pipeline: SharedPipeline,
  task: TaskOfRun,
  { now = () => new Date(), onEvent = () => {} }: RunHooks,
): Promise<Opened> {
  const { lake } = pipeline
  const family = familyOf(pipeline)
  const records = await readRecords(lake.state, family)
  const entry = (await readRuns(lake.state)).findLast(({ runIds = [] }) => runIds.includes(task.runId))
  const last = lastBefore(pipeline, records, entry?.folder)
  const { sink, folder } = await folderOf(pipeline, task, last, records, now())
  const newest = records.findLast(({ run }) => run === folder)
  if (newest === undefined || !isOpen(newest)) {
    const event = newest === undefined ? 'started' : 'resumed'
    const at = now().toISOString()
    await addRecord(lake.state, { family, run: folder, at, event, runId: task.runId })
    onEvent({ event: `pipeline.${event}`, level: 'info', run: folder, runId: task.runId })
  }
  return { sink, folder, last }
}

const folderOf = (
  pipeline: SharedPipeline,
  { runId, rangeBytes }: TaskOfRun,
  last: RunRecord | undefined,
  records: readonly RunRecord[],
  now?: Date,
) => {
  const delivered = new Set(records.filter(isDelivered).map(({ run }) => run))
  const facts = { ...factsOf(pipeline), splitBytes: rangeBytes }
  return joinRunFolder(pipeline.lake, {
    layout: pipeline.layout,
    family: familyOf(pipeline),
    fingerprint: hashOf(layoutFingerprint(chainOf(pipeline), facts), last?.run ?? null),
    runId,
    isComplete: async (name) => delivered.has(name),
    ...(now === undefined ? {} : { now }),
  })
}

/** The run that a run adds to: it had ended before the other one began, so a late task finds the same. */
function lastBefore(
  pipeline: Pipeline,
  records: readonly RunRecord[],
  folder: string | undefined,
): RunRecord | undefined {
  if (!pipeline.onlyNew) return undefined
  const start = records.findIndex(({ run }) => run === folder)
  return lastOf(start === -1 ? records : records.slice(0, start), chainOf(pipeline))
}

/** Records the end of a run, unless another task has. */
async function settleOnce(
  pipeline: SharedPipeline,
  run: Opened & {
    readonly before: Awaited<ReturnType<typeof readVersions>>
    readonly hooks: RunHooks
    readonly task: TaskOfRun
  },
  work: TaskWork,
): Promise<JoinedOnce> {
  const { lake } = pipeline
  const { sink, folder, last, before, hooks, task } = run
  const { now = () => new Date() } = hooks
  const family = familyOf(pipeline)
  const recorded = () => endRecordOf(lake, family, { sink, folder })
  const endedBefore = (record: RunRecord | undefined): JoinedOnce => ({
    kind: 'ended-before',
    runId: task.runId,
    endedAt: record?.at,
    isEmptyFailure: record !== undefined && isEmptyFailure(record),
    work,
  })
  const ended = await recorded()
  if (ended !== undefined) return endedBefore(ended)
  const unlock = await lockShared({ sink: lake, ...hooks }, async () => (await recorded()) !== undefined)
  try {
    const earlier = await recorded()
    const report = earlier === undefined ? await readRunReport(sink.state) : undefined
    if (unlock === undefined || report === undefined) return endedBefore(earlier)
    const note: NoteRecord = (event, fields) => {
      const at = now().toISOString()
      const { finishedAt } = report
      return addRecord(lake.state, { family, run: folder, at, event, finishedAt, ...fields })
    }
    const records = await readRecords(lake.state, family)
    const delivery = { report, isEmpty: isEmptyRun(report), missingTypes: [], hasServerErrors: false }
    const facts = { family, records, folder: { sink, folder }, delivery, isResumed: false }
    const shared = { ...pipeline, lake: withHeldLock(lake) }
    return {
      kind: 'finished',
      work,
      report: await settleRun(shared, { ...facts, last, before, note, hooks }),
    }
  } finally {
    await unlock?.()
  }
}

/** The record of a run's end, unless the run was begun again or has ended again since. */
async function endRecordOf(
  lake: Lake,
  family: string,
  { sink, folder }: { readonly sink: Sink; readonly folder: string },
): Promise<RunRecord | undefined> {
  const newest = (await readRecords(lake.state, family)).findLast(({ run }) => run === folder)
  if (newest === undefined || isOpen(newest)) return undefined
  const ended = (await readPlan(sink.state))?.ended
  return ended === undefined || newest.finishedAt === ended.at ? newest : undefined
}
