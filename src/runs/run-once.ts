import { asSluiceError } from '../environment-error.js'
import { type ErrorCode, isSluiceError } from '../errors.js'
import { isIncremental } from '../export/contents.js'
import { layoutFingerprint, openRunFolder } from '../pipeline/layout.js'
import { lockState, withHeldLock } from '../storage/held-lock.js'
import { splitSink } from '../storage/split.js'
import { type Delivery, deliver } from './deliver.js'
import { addRecord, type RunRecord, readRecords } from './history.js'
import { chainOf, factsOf, familyOf, hashOf, type Pipeline, type RunHooks } from './pipeline.js'
import { removeOldRuns } from './retention.js'
import { keepVersions, readVersions } from './versions.js'
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

/**
 * Performs one run of a pipeline in a folder of its own, or resumes an interrupted one. Holds the lake's lock. Failed
 * items are listed in `report.failed`. Throws SINK_LOCKED if another run is in progress, and what `runExport` and
 * `runPipeline` throw.
 */
export async function runOnce(pipeline: Pipeline, hooks: RunHooks = {}): Promise<PipelineReport> {
  const { lake } = pipeline
  const unlock = await lockState(lake.state, { signal: hooks.signal, onEvent: hooks.onEvent })
  try {
    return await runLocked({ ...pipeline, lake: withHeldLock(lake) }, hooks)
  } finally {
    await unlock()
  }
}

async function runLocked(pipeline: Pipeline, hooks: RunHooks): Promise<PipelineReport> {
  const { lake, layout, splitBytes, onlyNew } = pipeline
  const { now = () => new Date(), onEvent = () => {} } = hooks
  const family = familyOf(pipeline)
  const records = await readRecords(lake.state, family)
  const last = onlyNew ? lastOf(records, chainOf(pipeline)) : undefined
  const since = textOf(last?.transactionTime)
  const delivered = new Set(records.filter(isDelivered).map(({ run }) => run))
  const folder = await openRunFolder(lake, {
    layout,
    family,
    // The previous run decides what this one takes.
    fingerprint: hashOf(layoutFingerprint(chainOf(pipeline), factsOf(pipeline)), last?.run ?? null),
    now: now(),
    isComplete: async (name) => delivered.has(name),
  })
  const { isResumed } = folder
  const sink = splitBytes === undefined ? folder.sink : splitSink(folder.sink, splitBytes)
  const note = (event: RunRecord['event'], fields: object = {}): Promise<void> =>
    addRecord(lake.state, { family, run: folder.folder, at: now().toISOString(), event, ...fields })

  await note(isResumed ? 'resumed' : 'started', { since })
  onEvent({
    event: isResumed ? 'pipeline.resumed' : 'pipeline.started',
    level: 'info',
    run: folder.folder,
    since,
  })
  try {
    const before = last === undefined ? undefined : await readVersions(lake.sink(last.run))
    const delivery = await deliver(pipeline, { sink, hooks, since, before })
    const isIncrement = last !== undefined || asksForChanges(pipeline)
    const outcome = outcomeOf(delivery, { isIncrement, allowEmpty: pipeline.allowEmpty })
    const isComplete = delivery.report.failed.length === 0
    const hasShrunk = isComplete && !isIncrement && hasShrunkSince(records, chainOf(pipeline), delivery)
    if (isComplete) tellContents(delivery, { isIncrement, hasShrunk, hooks })
    if (isComplete && pipeline.source.kind === 'store')
      await keepVersions(folder.sink, before, delivery.report)
    await note(outcome === 'succeeded' ? outcome : 'failed', {
      ...factsFor(delivery, outcome),
      chain: chainOf(pipeline),
    })
    const removed =
      outcome === 'succeeded' && !hasShrunk
        ? await cleanUp(pipeline, { family, hooks, ...foldersOf(records, folder.folder, delivery) })
        : []
    const { place, state } = folder.sink
    const isEmptyFailure = outcome === 'EXPORT_EMPTY'
    const run = folder.folder
    const told = { isResumed, since, isIncrement, removed, isEmptyFailure }
    return { ...delivery, run, place, statePlace: state.place, ...told }
  } catch (error) {
    await noteFailure(note, error)
    throw error
  }
}

/** Time at which the outputs of a chain end. An export that the server could not complete does not advance it. */
const lastOf = (records: readonly RunRecord[], chain: string): RunRecord | undefined =>
  records.findLast((record) => isSucceeded(record) && record.chain === chain)

const isSucceeded = ({ event }: RunRecord): boolean => event === 'succeeded'

/** Its folder is not resumed, even if the server could not export everything. */
const isDelivered = (record: RunRecord): boolean => record.isDelivered === true

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

const asksForChanges = ({ source }: Pipeline): boolean =>
  (source.kind === 'server' && isIncremental(source.options.request)) ||
  (source.kind === 'queries' &&
    source.options.definition.kind === 'type' &&
    source.options.definition.since !== undefined)

type Outcome = 'succeeded' | 'EXPORT_INCOMPLETE' | 'EXPORT_EMPTY' | ErrorCode

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
  return isNothing && !isIncrement && !allowEmpty ? 'EXPORT_EMPTY' : 'succeeded'
}

function factsFor({ report, transactionTime, isEmpty }: Delivery, outcome: Outcome): object {
  const { lines, bytes, items, failed } = report
  const code = outcome === 'succeeded' ? undefined : outcome
  return { isDelivered: failed.length === 0, isEmpty, transactionTime, items, lines, bytes, code }
}

async function noteFailure(
  note: (event: RunRecord['event'], fields?: object) => Promise<void>,
  error: unknown,
): Promise<void> {
  const { code } = asSluiceError(error)
  try {
    await note(code === 'INTERRUPTED' ? 'interrupted' : 'failed', { code })
  } catch {
    // The cause may also keep the history from being written; the run's own error is the one to report.
  }
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
