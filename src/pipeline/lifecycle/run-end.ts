import { asSluiceError } from '../../environment-error.js'
import { sluiceError } from '../../errors.js'
import { parseJson } from '../../json/parse.js'
import { GENERATOR, LIST_NAME, REPORT_NAME } from '../../published/names.js'
import { isOwnReport } from '../../published/read.js'
import type { Sink } from '../../storage/store.js'
import { packageVersion } from '../../version.js'
import type { Delivered } from '../checkpoint/delivered-runs.js'
import { writeLedger } from '../checkpoint/output-ledger.js'
import { destroySecrets } from '../checkpoint/run-secrets.js'
import type { RunOptions } from '../options.js'
import { idleRules } from '../report/idle-rules.js'
import { codesRemovedIn, lineCounts } from '../report/item-counts.js'
import type { ItemFailure, RunReport } from '../report/report.js'
import { writeRunReport } from '../report/state-report.js'
import { keepLeftOut, type ListedSource } from './left-out.js'
import { type Leftovers, settleLeftovers } from './leftovers.js'
import { publish } from './published-report.js'
import type { RunEnd } from './run-state.js'

/** Settles what earlier runs left, writes the reports, then destroys the secrets of a complete run. */
export async function endRun(
  options: RunOptions,
  runState: RunEnd,
  /** Files that were not read; without them, the list that is there stays. */
  listed?: Pick<ListedSource, 'names'>,
): Promise<RunReport> {
  const { sink, metrics, inlineOutputs, faultPoint = () => {}, onEvent = () => {} } = options
  const { failed, finishedBefore, skipped, delivered } = runState
  const leftovers = await settleLeftovers(options, runState)
  const earlier = runState.kept
  for (const record of leftovers.earlier) earlier.add(record)
  const report = reportOf(options, runState, { ...leftovers, earlier })
  const { items } = report
  warnOfMixture(delivered, earlier, onEvent)
  faultPoint('before-report')
  if (listed !== undefined) await keepLeftOut(sink.state, listed)
  await writeRunReport(sink.state, report, inlineOutputs)
  // The report's presence in the output means that all outputs are present.
  if (failed.length === 0) await publish(sink, report, { delivered, earlier, inlineOutputs })
  faultPoint('after-report')
  if (failed.length === 0) {
    await destroySecrets(sink.state)
    await shortenLedger(sink, runState, report)
  }
  for (const [outcome, count] of [
    ['committed', items.committed],
    ['failed', failed.length],
    ['finished_before', finishedBefore],
    ['skipped', skipped],
  ] as const)
    for (let n = 0; n < count; n += 1) metrics?.itemFinished(outcome)
  onEvent({ event: 'run.finished', level: 'info', ...items, ...report.lines })
  return report
}

/** Warns that ids of two sets of keys do not join, which a reader of the folder could not know. */
function warnOfMixture(
  delivered: Delivered,
  earlier: Delivered,
  onEvent: NonNullable<RunOptions['onEvent']>,
): void {
  const others = [...earlier.sums.keys()].filter((run) => !delivered.sums.has(run))
  if (others.length === 0 || delivered.count === 0) return
  const count = earlier.outputs().filter(({ run = '' }) => others.includes(run)).length
  onEvent({
    event: 'output.mixed',
    level: 'warn',
    outputs: count,
    reason: 'made with another configuration, other keys or another reference day: ids may not join',
  })
}

/** Drops names of outputs that no longer exist. */
async function shortenLedger(sink: Sink, { ledger, outputs }: RunEnd, report: RunReport): Promise<void> {
  const there = new Set([...outputs, ...report.earlier.map(({ name }) => name), ...report.orphaned])
  if (there.size < ledger.length) await writeLedger(sink.state, there)
}

function reportOf(
  { source, plan }: RunOptions,
  runState: RunEnd,
  { earlier, orphaned, removed }: Omit<Leftovers, 'earlier'> & { readonly earlier: Delivered },
): RunReport {
  const finishedAt = new Date()
  const { delivered, failed, finishedBefore, skipped } = runState
  const { totals, read, written } = delivered.sum
  return {
    generator: GENERATOR,
    version: packageVersion(),
    fingerprint: runState.fingerprint,
    asOf: runState.secrets.asOf,
    startedAt: runState.startedAt.toISOString(),
    finishedAt: finishedAt.toISOString(),
    seconds: (finishedAt.getTime() - runState.startedAt.getTime()) / 1000,
    source: source.place,
    items: {
      listed: runState.listedCount,
      committed: delivered.count - finishedBefore,
      finishedBefore,
      skipped,
      failed: failed.length,
    },
    lines: lineCounts(totals),
    bytes: { read, written },
    resourcesByType: totals.resourcesByType,
    elementsByRule: totals.elementsByRule,
    idleRules: idleRules(plan.settle(runState.secrets).rules, totals, { skipped, failed: failed.length }),
    interpretedLines: totals.interpretedLines,
    quarantinedByCode: totals.quarantinedByCode,
    ...codesRemovedIn(totals.codesRemoved),
    outputs: delivered.outputs(),
    failed: failed.toSorted((a, b) => (a.item < b.item ? -1 : 1)),
    earlier: earlier.outputs(),
    orphaned,
    removed,
    leftOut: runState.leftOut,
  }
}

/**
 * Removes the last run's report before outputs change; if none will, it stays until it is replaced. Throws SINK_CONFLICT
 * for a file that is not a report, unless `overwrite`.
 */
export async function withdrawReport(
  sink: Sink,
  {
    overwrite = false,
    willChange,
    willList,
  }: { readonly overwrite?: boolean | undefined; readonly willChange: boolean; readonly willList: boolean },
): Promise<void> {
  const text = await sink.get(REPORT_NAME)
  if (willList && !overwrite && !(await isOwnList(sink, text))) throw notOurs(LIST_NAME)
  if (text === undefined) return
  if (!overwrite && !isOwnReport(parseJson(text))) throw notOurs(REPORT_NAME)
  if (!willChange) return
  await sink.remove(REPORT_NAME)
}

const notOurs = (at: string) =>
  sluiceError('SINK_CONFLICT', {
    at,
    message: 'already exists and was not made by Sluice',
    help: 'move it away',
  })

/** Whether a list of outputs may be written: none exists, or the state or the report knows it. */
async function isOwnList(sink: Sink, report: string | undefined): Promise<boolean> {
  if ((await (sink.whole ?? sink).head(LIST_NAME)) === undefined) return true
  if (report?.includes(`"file": "${LIST_NAME}"`) === true && isOwnReport(parseJson(report))) return true
  return (await sink.state.bytesOf(LIST_NAME)) !== undefined
}

export const failureOf = (item: string, error: unknown): ItemFailure => {
  const { code, message } = asSluiceError(error)
  return { item, code, message }
}
