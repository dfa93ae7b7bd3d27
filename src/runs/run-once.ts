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

/** What one run of a pipeline did. */
export interface PipelineReport extends Delivery {
  /** The run's folder in the lake. */
  readonly run: string
  /** Its address, without credentials. */
  readonly place: string
  /** Of its state and quarantine. */
  readonly statePlace: string
  readonly isResumed: boolean
  /** With `onlyNew`: where the last complete run ended. Undefined for a full run. */
  readonly since?: string
  /** Only changes were asked for. */
  readonly isIncrement: boolean
  /** A full run brought nothing, and nobody said that this is fine. */
  readonly isEmptyFailure: boolean
  /** Folders that retention removed. */
  readonly removed: readonly string[]
}

/**
 * One run of a pipeline in a folder of its own, or the rest of one that was interrupted. Holds the lake's lock. Items
 * that failed are in `report.failed`; everything else throws: SINK_LOCKED where another run is going, what `runExport`
 * and `runPipeline` throw.
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
    // What a run takes follows from the one before it.
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

/** Where the outputs of a chain end; a run that the server could not complete ends nothing. */
const lastOf = (records: readonly RunRecord[], chain: string): RunRecord | undefined =>
  records.findLast((record) => isSucceeded(record) && record.chain === chain)

const isSucceeded = ({ event }: RunRecord): boolean => event === 'succeeded'

/** Its folder is not gone on with, also where the server could not export everything. */
const isDelivered = (record: RunRecord): boolean => record.isDelivered === true

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

const asksForChanges = ({ source }: Pipeline): boolean =>
  source.kind === 'server' && isIncremental(source.options.request)

type Outcome = 'succeeded' | 'EXPORT_INCOMPLETE' | 'EXPORT_EMPTY' | ErrorCode

/** What ended a run counts as: a full one that brings nothing is a success only where that is allowed. */
function outcomeOf(
  { report, hasServerErrors, isEmpty }: Delivery,
  { isIncrement, allowEmpty = false }: { readonly isIncrement: boolean; readonly allowEmpty?: boolean },
): Outcome {
  if (report.failed.length > 0) return report.failed[0].code
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
    // What ended the run may keep its history from being written too; the run's own error is the one to tell.
  }
}

interface CleanUp {
  readonly family: string
  /** Folders of runs; nothing else may take an older one's place. */
  readonly succeeded: ReadonlySet<string>
  /** Those of them without a resource. */
  readonly empty: ReadonlySet<string>
  readonly hooks: RunHooks
}

function foldersOf(records: readonly RunRecord[], run: string, { isEmpty }: Delivery) {
  const earlier = records.filter(isSucceeded)
  const folders = (of: readonly RunRecord[]) => new Set(of.map((record) => record.run))
  const empty = folders(earlier.filter(isEmptyRecord))
  return { succeeded: folders(earlier).add(run), empty: isEmpty ? empty.add(run) : empty }
}

/** Old outputs that cannot be removed are no failure of this run. */
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
