import type { Begun } from './begun.js'
import type { DoneRecord } from './done.js'
import { withdrawReport } from './finish.js'
import { conflictError, hashOf, type ItemWork, type Surveyed, survey } from './items.js'
import type { Limits } from './limits.js'
import type { RunOptions } from './options.js'
import { markOf, ownerOf } from './ownership.js'
import type { RunSecrets } from './plan.js'
import { reportedOutputs } from './recognition.js'
import { digestOf, openSecrets } from './secrets.js'
import { sideBySide } from './side-by-side.js'
import { Tally } from './tally.js'
import { OUTPUT_VERSION } from './version.js'

const SURVEYED_AT_ONCE = 16

/**
 * Settles the secrets of the run and what is left to do. Takes the last run's report away if outputs will change.
 * Throws SINK_CONFLICT before anything is written to the output.
 */
export async function beginRun(
  options: RunOptions,
  limits: Limits,
  listed: readonly Pick<ItemWork, 'item' | 'output'>[],
): Promise<Begun> {
  const { plan, sink, onEvent = () => {} } = options
  const startedAt = new Date()
  const { secrets, resumed } = await openSecrets(sink.state, plan)
  const fingerprint = runFingerprint(options, limits, secrets)
  const { work, finished, skipped } = await surveyAll(options, listed, fingerprint)
  await withdrawReport(sink, { overwrite: options.overwrite, willChange: work.length > 0 })
  const bytesTotal = listed.reduce((sum, { item }) => sum + item.bytes, 0)
  const tally = new Tally(options, listed.length, bytesTotal)
  for (const [each, record] of finished) tally.finished(each, record)
  onEvent({ event: resumed ? 'run.resumed' : 'run.started', level: 'info', items: listed.length, bytesTotal })
  return {
    startedAt,
    secrets,
    fingerprint,
    listedCount: listed.length,
    work,
    finishedBefore: finished.size,
    skipped,
    tally,
    records: [...finished.values()],
    failed: [],
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
  const surveyed: (readonly [ItemWork, Surveyed])[] = []
  // Where an item has no journal, a commit whose done record is missing is known by it.
  let reports: ReturnType<typeof reportedOutputs> | undefined
  const reported = () => {
    reports ??= reportedOutputs(options.sink)
    return reports
  }
  const owner = options.sink.isRemote === true ? await ownerOf(options.sink.state) : undefined
  await sideBySide(listed.entries(), SURVEYED_AT_ONCE, async ([at, { item, output }]) => {
    const each = {
      item,
      output,
      fingerprint: hashOf(fingerprint, item.name, item.version),
      ...(owner === undefined ? {} : { mark: markOf(owner, options.sink.place, output) }),
    }
    surveyed[at] = [each, await survey(each, options.sink, { ...options, reported })]
  })
  for (const [each, found] of surveyed) {
    if ((found.kind === 'work' || found.kind === 'finished') && found.isRecognized)
      options.onEvent?.({
        event: 'output.recognized',
        level: 'info',
        item: each.item.name,
        output: each.output,
      })
    if (found.kind === 'work') work.push(each)
    else if (found.kind === 'finished') finished.set(each, found.record)
    else if (found.kind === 'skipped') skipped += 1
    else conflicts.push(each.output)
  }
  if (conflicts.length > 0) throw conflictError(conflicts)
  return { work, finished, skipped }
}

/** Of everything that decides the bytes of a run's outputs but the items themselves. */
function runFingerprint(options: RunOptions, limits: Limits, secrets: RunSecrets): string {
  const { plan, gzip = false, quarantineContent = false, source } = options
  const parts = [
    OUTPUT_VERSION,
    plan.fingerprint,
    digestOf(secrets),
    limits.chunkBytes,
    limits.maxLineBytes,
    gzip,
    quarantineContent,
    source.folderName,
  ]
  return hashOf(...parts)
}
