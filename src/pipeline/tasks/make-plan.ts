import { createHash, randomUUID } from 'node:crypto'
import { compressionOf } from '../../compression/compression.js'
import { filesOf, splitSink } from '../../storage/split.js'
import type { Sink, SinkHead } from '../../storage/store.js'
import { openRecords } from '../checkpoint/records.js'
import { conflictError, type ItemWork } from '../item-list.js'
import { keepLeftOut, type ListedSource } from '../lifecycle/left-out.js'
import { startRun } from '../lifecycle/run-start.js'
import type { RunState } from '../lifecycle/run-state.js'
import { settleLimits } from '../limits.js'
import { neutrallyNamed } from '../neutral-names.js'
import { inParallel } from '../parallel-work.js'
import { absorbPlan, forgetPlan } from './old-plan.js'
import {
  type PlanHeader,
  type PlanLine,
  type SharedOptions,
  type Unit,
  writePages,
  writePlan,
} from './plan-file.js'
import type { JoinOptions } from './task.js'
import { readUnitResult } from './unit-records.js'
import { unitSink } from './unit-work.js'
import { rangeCount, unitsOf } from './units.js'

const AT_ONCE = 16

/** What every task of a run must be told alike. */
export const sharedOptionsOf = (options: JoinOptions, rangeBytes: number): SharedOptions => ({
  configuration: options.plan.fingerprint,
  compression: JSON.stringify(compressionOf(options) ?? false),
  quarantineContent: options.quarantineContent ?? false,
  maxQuarantined: JSON.stringify(options.maxQuarantined ?? null),
  rangeBytes,
  folderName: options.source.folderName,
})

/** Digest of what a source holds. */
export function listingDigest({ listed }: ListedSource): string {
  const digest = createHash('sha256')
  for (const { item, output } of listed) digest.update(JSON.stringify([item.name, item.version, output]))
  return digest.digest('hex')
}

export interface PlanParts {
  readonly listed: ListedSource
  readonly rangeBytes: number
  /** A closed plan, which this one replaces; what was made by it is kept. */
  readonly old: PlanHeader | undefined
}

/**
 * Writes the plan of a run: makes its secrets, surveys its items and cuts the work into units. Needs the lock. Throws
 * SINK_CONFLICT.
 */
export async function makePlan(
  options: JoinOptions,
  { listed, rangeBytes, old }: PlanParts,
): Promise<PlanHeader> {
  const { sink, runId, overwrite = false, onEvent = () => {}, taskFaultPoint = () => {} } = options
  const limits = settleLimits(options)
  const known = old === undefined ? new Map<string, string>() : await absorbPlan(options, old)
  const records = await openRecords(sink)
  try {
    const named = await neutrallyNamed(options, listed)
    const divided = new Map(named.listed.map((each) => [each.output, rangeCount(each, rangeBytes)]))
    const isSplit = (output: string) => (divided.get(output) ?? 1) > 1
    const whole = splitSink(sink, Number.POSITIVE_INFINITY, { overwrite, isSplit })
    const runState = await startRun({ ...options, sink: whole }, limits, named, records, ({ output }) =>
      isSplit(output) ? [rangeBytes] : [],
    )
    const units = await withParts(unitsOf(runState.work, rangeBytes), runState.work, {
      sink,
      known,
      overwrite,
    })
    await keepLeftOut(sink.state, named)
    taskFaultPoint('before-pages')
    const pages = await writePages(sink.state, old, linesOf(runState, units, isSplit, divided))
    taskFaultPoint('before-plan')
    const header: PlanHeader = {
      plan: 1,
      id: randomUUID(),
      runIds: [runId],
      startedAt: runState.startedAt.toISOString(),
      shared: sharedOptionsOf(options, rangeBytes),
      chunkBytes: limits.chunkBytes,
      maxLineBytes: limits.maxLineBytes,
      fingerprint: runState.fingerprint,
      run: runState.work[0]?.run ?? '',
      place: runState.place,
      listing: listingDigest(listed),
      counts: {
        items: runState.listedCount,
        units: units.length,
        bytes: units.reduce((sum, { bytes }) => sum + bytes, 0),
        bytesListed: named.listed.reduce((sum, { item }) => sum + item.bytes, 0),
        finishedBefore: runState.finishedBefore,
        skipped: runState.skipped,
      },
      leftOut: runState.leftOut,
      failed: runState.failed,
      pages,
    }
    await writePlan(sink.state, header)
    taskFaultPoint('after-plan')
    if (old !== undefined) await forgetPlan(sink, old, { units, known })
    onEvent({ event: 'plan.written', level: 'info', ...header.counts })
    return header
  } finally {
    await records.close()
  }
}

function* linesOf(
  { work, finished, skippedNames }: RunState,
  units: readonly Unit[],
  isSplit: (output: string) => boolean,
  divided: ReadonlyMap<string, number>,
): Iterable<PlanLine> {
  for (const unit of units) yield { unit }
  for (const each of work)
    if (isSplit(each.output)) yield { divided: each, parts: divided.get(each.output) ?? 1 }
  for (const { item, output } of finished) yield { finished: { item: item.name, output } }
  for (const { item, output, isOurs } of skippedNames) yield { skipped: { item, output }, isOurs }
}

/**
 * Lets each part of an output replace what is there, if that is known to be ours. Throws SINK_CONFLICT for a part that
 * belongs to somebody else.
 */
async function withParts(
  units: readonly Unit[],
  work: readonly ItemWork[],
  {
    sink,
    known,
    overwrite,
  }: { readonly sink: Sink; readonly known: ReadonlyMap<string, string>; readonly overwrite: boolean },
): Promise<readonly Unit[]> {
  const before = new Map(work.map((each) => [each.output, each.before]))
  const found = [...units]
  const conflicts: string[] = []
  await inParallel(units.entries(), AT_ONCE, async ([at, unit]) => {
    const [each] = unit.work
    if (unit.part === undefined || each === undefined) return
    const there = await sink.head(each.output)
    if (there === undefined) return
    const earlier = before.get(unit.part.of)
    const isOurs =
      known.get(each.output) === there.version ||
      (earlier != null && filesOf(unit.part.of, earlier).some((file) => isSame(file, each.output, there))) ||
      there.fingerprint === each.fingerprint ||
      (each.mark !== undefined && there.mark === each.mark) ||
      (await readUnitResult(unitSink(sink, unit).state)) !== undefined
    if (isOurs || overwrite) found[at] = { ...unit, work: [{ ...each, before: there }] }
    else conflicts.push(each.output)
  })
  if (conflicts.length > 0) throw conflictError(conflicts)
  return found
}

const isSame = (file: SinkHead & { readonly name: string }, name: string, there: SinkHead): boolean =>
  file.name === name && file.version === there.version
