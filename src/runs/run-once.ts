import { asSluiceError } from '../environment-error.js'
import { layoutFingerprint, openRunFolder } from '../pipeline/layout.js'
import { lockState, withHeldLock } from '../storage/held-lock.js'
import { splitSink } from '../storage/split.js'
import { deliver } from './deliver.js'
import { addRecord, readRecords } from './history.js'
import { chainOf, factsOf, familyOf, hashOf, type Pipeline, type RunHooks } from './pipeline.js'
import { isDelivered, lastOf, type NoteRecord, type PipelineReport, settleRun, sinceOf } from './run-end.js'
import { readVersions } from './versions.js'

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
  const since = sinceOf(last)
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
  const note: NoteRecord = (event, fields) =>
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
    return await settleRun(pipeline, {
      family,
      records,
      folder,
      delivery,
      isResumed,
      last,
      before,
      note,
      hooks,
    })
  } catch (error) {
    await noteFailure(note, error)
    throw error
  }
}

async function noteFailure(note: NoteRecord, error: unknown): Promise<void> {
  const { code } = asSluiceError(error)
  try {
    await note(code === 'INTERRUPTED' ? 'interrupted' : 'failed', { code })
  } catch {
    // The cause may also keep the history from being written; the run's own error is the one to report.
  }
}
