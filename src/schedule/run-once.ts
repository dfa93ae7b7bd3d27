import { isSluiceError } from '../errors.js'
import { layoutFingerprint, openRunFolder } from '../pipeline/layout.js'
import { withHeldLock } from '../storage/held-lock.js'
import { splitSink } from '../storage/split-sink.js'
import { type Delivery, deliver } from './deliver.js'
import { addRecord, type RunRecord, readRecords } from './history.js'
import { chainOf, factsOf, familyOf, hashOf, type Pipeline, type RunHooks } from './pipeline.js'
import { removeOldRuns } from './retention.js'
import { keepVersions, readVersions } from './versions.js'

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
  const unlock = await lake.state.lock()
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
    const isComplete = delivery.report.failed.length === 0
    if (isComplete && pipeline.source.kind === 'store')
      await keepVersions(folder.sink, before, delivery.report)
    await note(outcomeOf(delivery), { ...factsFor(delivery), chain: chainOf(pipeline) })
    const succeeded = new Set(records.filter(isSucceeded).map(({ run }) => run)).add(folder.folder)
    const removed =
      outcomeOf(delivery) === 'succeeded' ? await cleanUp(pipeline, { family, succeeded, hooks }) : []
    const { place, state } = folder.sink
    return { ...delivery, run: folder.folder, place, statePlace: state.place, isResumed, since, removed }
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

const outcomeOf = ({ report, hasServerErrors }: Delivery): RunRecord['event'] =>
  report.failed.length > 0 || hasServerErrors ? 'failed' : 'succeeded'

function factsFor({ report, transactionTime, hasServerErrors }: Delivery): object {
  const { lines, bytes, items, failed } = report
  const code = failed[0]?.code ?? (hasServerErrors ? 'EXPORT_INCOMPLETE' : undefined)
  return { isDelivered: failed.length === 0, transactionTime, items, lines, bytes, code }
}

async function noteFailure(
  note: (event: RunRecord['event'], fields?: object) => Promise<void>,
  error: unknown,
): Promise<void> {
  const code = isSluiceError(error) ? error.code : 'INTERNAL'
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
  readonly hooks: RunHooks
}

/** Old outputs that cannot be removed are no failure of this run. */
async function cleanUp(
  { lake, retention }: Pipeline,
  { family, succeeded, hooks: { onEvent = () => {}, now = () => new Date() } }: CleanUp,
): Promise<readonly string[]> {
  if (retention === undefined) return []
  try {
    const removed = await removeOldRuns(lake, { retention, family, complete: succeeded, now: now() })
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
