import { type ErrorCode, isSluiceError } from '../errors.js'
import { isIncremental } from '../export/contents.js'
import type { Sink } from '../storage/store.js'
import type { Delivery } from './deliver.js'
import type { RunRecord } from './history.js'
import { chainOf, type Pipeline, type RunHooks } from './pipeline.js'
import { removeOldRuns } from './retention.js'
import { keepVersions, type Versions } from './versions.js'
import { hasShrunkSince, isEmptyRecord } from './volume.js'

/** Result of one run of a pipeline. */
export interface PipelineReport extends Delivery {
  /** The run's folder in the lake. */
  readonly run: string
  /** Its address, without credentials. */
  readonly place: string
  /** Address of its state and quarantine. */
  readonly statePlace: string
  readonly isResumed: boolean
  /** With `onlyNew`: where the last complete run ended. Undefined for a full run. */
  readonly since?: string | undefined
  /** Whether only changes were requested. */
  readonly isIncrement: boolean
  /** Whether a full run was empty without permission to be. */
  readonly isEmptyFailure: boolean
  /** Folders that retention removed. */
  readonly removed: readonly string[]
}

export type NoteRecord = (event: RunRecord['event'], fields?: object) => Promise<void>

/** A run that has delivered, and what it began with. */
export interface DeliveredRun {
  readonly family: string
  /** Of runs before it. */
  readonly records: readonly RunRecord[]
  readonly folder: { readonly sink: Sink; readonly folder: string }
  readonly delivery: Delivery
  readonly isResumed: boolean
  /** The run that this one adds to. */
  readonly last: RunRecord | undefined
  /** What that one had delivered. */
  readonly before: Versions | undefined
  readonly note: NoteRecord
  readonly hooks: RunHooks
}

/** Records the end of a run in the history, then removes old runs. Needs the lake's lock. Throws SINK_UNWRITABLE. */
export async function settleRun(pipeline: Pipeline, run: DeliveredRun): Promise<PipelineReport> {
  const { family, records, folder, delivery, isResumed, last, before, note, hooks } = run
  const since = sinceOf(last)
  const isIncrement = last !== undefined || asksForChanges(pipeline)
  const outcome = outcomeOf(delivery, { isIncrement, allowEmpty: pipeline.allowEmpty })
  const isComplete = delivery.report.failed.length === 0
  const hasShrunk = isComplete && !isIncrement && hasShrunkSince(records, chainOf(pipeline), delivery)
  if (isComplete) tellContents(delivery, { isIncrement, hasShrunk, hooks })
  if (isComplete && pipeline.source.kind === 'store') await keepVersions(folder.sink, before, delivery.report)
  await note(outcome === 'succeeded' ? outcome : 'failed', {
    ...factsFor(delivery, outcome),
    chain: chainOf(pipeline),
  })
  const removed =
    outcome === 'succeeded' && !hasShrunk
      ? await cleanUp(pipeline, { family, hooks, ...foldersOf(records, folder.folder, delivery) })
      : []
  const { place, state } = folder.sink
  const isEmptyFailure = outcome === EMPTY
  const told = { isResumed, since, isIncrement, removed, isEmptyFailure }
  return { ...delivery, run: folder.folder, place, statePlace: state.place, ...told }
}

/** Time at which the outputs of a chain end. An export that the server could not complete does not advance it. */
export const lastOf = (records: readonly RunRecord[], chain: string): RunRecord | undefined =>
  records.findLast((record) => isSucceeded(record) && record.chain === chain)

const isSucceeded = ({ event }: RunRecord): boolean => event === 'succeeded'

/** Its folder is not resumed, even if the server could not export everything. */
export const isDelivered = (record: RunRecord): boolean => record.isDelivered === true

/** Whether it delivered nothing without permission to. */
export const isEmptyFailure = ({ event, code }: RunRecord): boolean => event === 'failed' && code === EMPTY

export const sinceOf = (last: RunRecord | undefined): string | undefined =>
  typeof last?.transactionTime === 'string' ? last.transactionTime : undefined

const asksForChanges = ({ source }: Pipeline): boolean =>
  (source.kind === 'server' && isIncremental(source.options.request)) ||
  (source.kind === 'queries' &&
    source.options.definition.kind === 'type' &&
    source.options.definition.since !== undefined)

const EMPTY = 'EXPORT_EMPTY'
type Outcome = 'succeeded' | 'EXPORT_INCOMPLETE' | typeof EMPTY | ErrorCode

/** Outcome of a finished run: an empty full run is a success only if that is allowed. */
function outcomeOf(
  { report, hasServerErrors, isEmpty }: Delivery,
  {
    isIncrement,
    allowEmpty = false,
  }: { readonly isIncrement: boolean; readonly allowEmpty?: boolean | undefined },
): Outcome {
  const [failed] = report.failed
  if (failed !== undefined) return failed.code
  if (hasServerErrors) return 'EXPORT_INCOMPLETE'
  const isNothing = isEmpty && report.lines.quarantined === 0
  return isNothing && !isIncrement && !allowEmpty ? EMPTY : 'succeeded'
}

function factsFor({ report, transactionTime, isEmpty }: Delivery, outcome: Outcome): object {
  const { lines, bytes, items, failed } = report
  const code = outcome === 'succeeded' ? undefined : outcome
  return { isDelivered: failed.length === 0, isEmpty, transactionTime, items, lines, bytes, code }
}

interface CleanUp {
  readonly family: string
  /** Folders of runs. Nothing else counts towards the number to keep. */
  readonly succeeded: ReadonlySet<string>
  /** Those of them that hold no resource. */
  readonly empty: ReadonlySet<string>
  readonly hooks: RunHooks
}

function foldersOf(records: readonly RunRecord[], run: string, { isEmpty }: Delivery) {
  const earlier = records.filter(isSucceeded)
  const folders = (of: readonly RunRecord[]) => new Set(of.map((record) => record.run))
  const empty = folders(earlier.filter(isEmptyRecord))
  return { succeeded: folders(earlier).add(run), empty: isEmpty ? empty.add(run) : empty }
}

/** Failing to remove old outputs does not fail this run. */
async function cleanUp(
  { lake, retention }: Pipeline,
  { family, succeeded, empty, hooks: { onEvent = () => {}, now = () => new Date() } }: CleanUp,
): Promise<readonly string[]> {
  if (retention === undefined) return []
  try {
    const removed = await removeOldRuns(lake, { retention, family, complete: succeeded, empty, now: now() })
    if (removed.length > 0) onEvent({ event: 'retention.removed', level: 'info', runs: removed })
    return removed
  } catch (error) {
    if (!isSluiceError(error)) throw error
    onEvent({
      event: 'retention.failed',
      level: 'warn',
      item: error.at,
      code: error.code,
      message: error.message,
    })
    return []
  }
}

interface Told {
  readonly isIncrement: boolean
  readonly hasShrunk: boolean
  readonly hooks: RunHooks
}

function tellContents({ isEmpty, report }: Delivery, { isIncrement, hasShrunk, hooks }: Told): void {
  const { onEvent = () => {} } = hooks
  if (isEmpty) onEvent({ event: 'pipeline.empty', level: isIncrement ? 'info' : 'warn' })
  if (!hasShrunk) return
  onEvent({ event: 'pipeline.shrank', level: 'warn', delivered: report.lines.delivered })
  onEvent({
    event: 'retention.held',
    level: 'warn',
    advice: 'look at this output; the next run removes older ones',
  })
}
