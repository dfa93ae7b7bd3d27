import { compressionOf } from '../../compression/compression.js'
import type { Sink, SourceItem } from '../../storage/store.js'
import { Delivered } from '../checkpoint/delivered-runs.js'
import { type DoneRecord, withDigests } from '../checkpoint/done-record.js'
import { readLedger, writeLedger } from '../checkpoint/output-ledger.js'
import { OUTPUT_VERSION } from '../checkpoint/output-version.js'
import { markOf, ownerOf } from '../checkpoint/ownership.js'
import { reportedOutputs } from '../checkpoint/recognition.js'
import type { Records } from '../checkpoint/records.js'
import { digestOf, openSecrets } from '../checkpoint/run-secrets.js'
import { conflictError, hashOf, type ItemWork, type ListedItem, type Surveyed, survey } from '../item-list.js'
import type { Limits } from '../limits.js'
import type { RunOptions } from '../options.js'
import { inParallel } from '../parallel-work.js'
import type { RunSecrets } from '../plan.js'
import type { ItemFailure } from '../report/report.js'
import { INLINE_OUTPUTS } from '../report/state-report.js'
import { RunCounts } from '../run-counts.js'
import type { ListedSource } from './left-out.js'
import { withdrawReport } from './run-end.js'
import { noteRun, runKeyOf } from './run-facts.js'
import type { RunState, SkippedName } from './run-state.js'

const SURVEYED_AT_ONCE = 16

/**
 * Settles the run's secrets and the remaining work. Removes the last run's report if outputs will change.
 * Throws SINK_CONFLICT before anything is written to the output.
 */
export async function startRun(
  options: RunOptions,
  limits: Limits,
  { listed, leftOut }: ListedSource,
  records: Records,
  /** What else decides the bytes of one output. */
  factsOf: (item: ListedItem) => readonly unknown[] = () => [],
): Promise<RunState> {
  const { plan, source, sink, onEvent = () => {} } = options
  const startedAt = new Date()
  const { secrets, resumed } = await openSecrets(sink.state, plan)
  const fingerprint = runFingerprint(options, limits, secrets)
  // An item with an unusable name fails on its own; the others are delivered.
  const readable = listed.filter(({ item }) => item.unreadable === undefined)
  const failed = listed.flatMap(({ item }) => (item.unreadable === undefined ? [] : [nameFailure(item)]))
  for (const failure of failed) onEvent({ event: 'item.failed', level: 'warn', ...failure })
  const place = (await source.localPaths())[0] ?? source.place
  const run = runKeyOf(plan, secrets)
  const { work, finished, skippedNames, kept } = await surveyAll(options, readable, {
    fingerprint,
    place,
    run,
    records,
    factsOf,
  })
  const byItem = new Map(readable.map(({ item, output }) => [item.name, output]))
  const outputs = new Set(byItem.values())
  const before = await readLedger(sink.state)
  const ledger = [...new Set([...before, ...outputs])]
  if (work.length > 0) {
    const { configuration } = plan
    const known = configuration === undefined ? {} : { configuration }
    await noteRun(sink.state, run, { ...known, asOf: secrets.asOf })
    if (ledger.length > before.length) await writeLedger(sink.state, ledger)
  }
  await withdrawReport(sink, {
    overwrite: options.overwrite,
    willChange: work.length > 0,
    willList: ledger.length > (options.inlineOutputs ?? INLINE_OUTPUTS),
  })
  const bytesTotal = listed.reduce((sum, { item }) => sum + item.bytes, 0)
  const counts = new RunCounts(options, listed.length, bytesTotal)
  const delivered = new Delivered()
  await inParallel(finished, SURVEYED_AT_ONCE, async ([each, record]) => {
    finished.set(each, await upToDate(sink, records, { record, work: each }))
  })
  for (const [each, record] of finished) {
    counts.addItem(each, record)
    delivered.add(record)
  }
  onEvent({ event: resumed ? 'run.resumed' : 'run.started', level: 'info', items: listed.length, bytesTotal })
  return {
    startedAt,
    secrets,
    fingerprint,
    listedCount: listed.length,
    work,
    finished: [...finished.keys()],
    finishedBefore: finished.size,
    skipped: skippedNames.length,
    skippedNames,
    counts,
    delivered,
    kept,
    place,
    ledger,
    outputs,
    outputOf: (item) => byItem.get(item),
    leftOut,
    failed,
    records,
  }
}

async function surveyAll(
  options: RunOptions,
  listed: readonly ListedItem[],
  {
    fingerprint,
    place,
    run,
    records,
    factsOf,
  }: {
    readonly fingerprint: string
    readonly place: string
    readonly run: string
    readonly records: Records
    readonly factsOf: (item: ListedItem) => readonly unknown[]
  },
) {
  const work: ItemWork[] = []
  const finished = new Map<ItemWork, DoneRecord>()
  const conflicts: string[] = []
  const kept = new Delivered()
  const skippedNames: SkippedName[] = []
  const surveyed: (readonly [ItemWork, Surveyed])[] = []
  // If an item has no journal, this identifies a commit whose done record is missing.
  let reports: ReturnType<typeof reportedOutputs> | undefined
  const reported = () => {
    reports ??= reportedOutputs(options.sink)
    return reports
  }
  const owner = options.sink.isRemote === true ? await ownerOf(options.sink.state) : undefined
  await inParallel(listed.entries(), SURVEYED_AT_ONCE, async ([at, listedItem]) => {
    const { item, output } = listedItem
    const each = {
      item,
      output,
      fingerprint: hashOf(fingerprint, item.name, item.version, ...factsOf(listedItem)),
      place,
      run,
      ...(owner === undefined ? {} : { mark: markOf(owner, options.sink.place, output) }),
    }
    surveyed[at] = [each, await survey(each, options.sink, { ...options, reported, records })]
    records.release(output)
  })
  for (const [each, found] of surveyed) {
    if ((found.kind === 'work' || found.kind === 'finished') && found.isRecognized)
      options.onEvent?.({
        event: 'output.recognized',
        level: 'info',
        item: each.item.name,
        output: each.output,
      })
    if (found.kind === 'work') work.push(found.before == null ? each : { ...each, before: found.before })
    else if (found.kind === 'finished') finished.set(each, found.record)
    else if (found.kind === 'skipped') {
      const { item, output } = each
      skippedNames.push({ item: item.name, output, isOurs: found.record !== undefined })
      if (found.record !== undefined) kept.add(found.record)
    } else conflicts.push(each.output)
  }
  if (conflicts.length > 0) throw conflictError(conflicts)
  return { work, finished, skippedNames, kept }
}

/** Completes a record of an earlier version, or of a moved source, with what this run knows. */
async function upToDate(
  sink: Sink,
  records: Records,
  { record, work: { place, run } }: { readonly record: DoneRecord; readonly work: ItemWork },
): Promise<DoneRecord> {
  const head = record.head && (await withDigests(sink, record.output, record.head))
  if (head === record.head && record.place === place && record.run === run) return record
  const now = { ...record, head, place, run }
  await records.write(now)
  return now
}

/** Digest of everything that decides the bytes of a run's outputs, except the items. */
function runFingerprint(options: RunOptions, limits: Limits, secrets: RunSecrets): string {
  const { plan, quarantineContent = false, source } = options
  const parts = [
    OUTPUT_VERSION,
    plan.fingerprint,
    digestOf(secrets),
    limits.chunkBytes,
    limits.maxLineBytes,
    compressionOf(options) ?? false,
    quarantineContent,
    source.folderName,
  ]
  return hashOf(...parts)
}

const nameFailure = ({ name, unreadable = '' }: SourceItem): ItemFailure => ({
  item: name,
  code: 'SOURCE_UNUSABLE',
  message: unreadable,
})
