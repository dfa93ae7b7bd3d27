import { asSluiceError } from '../environment-error.js'
import { sluiceError } from '../errors.js'
import type { Sink } from '../storage/store.js'
import { packageVersion } from '../version.js'
import type { Begun } from './begun.js'
import type { RunOptions } from './options.js'
import { type ItemFailure, type ItemTotals, REPORT_NAME, type RunReport } from './report.js'
import { destroySecrets } from './secrets.js'
import { addTotals, lineTotals, NO_TOTALS } from './totals.js'

/** Writes the report, then destroys the secrets of a complete run. */
export async function finishRun(options: RunOptions, begun: Begun): Promise<RunReport> {
  const { sink, source, metrics, faultPoint = () => {}, onEvent = () => {} } = options
  const { records, failed, finishedBefore, skipped } = begun
  const committed = records.length - finishedBefore
  const items = { listed: begun.listedCount, committed, finishedBefore, skipped, failed: failed.length }
  const report = reportOf(begun, source.place, items)
  faultPoint('before-report')
  await writeReport(sink, report)
  faultPoint('after-report')
  if (failed.length === 0) await destroySecrets(sink.state)
  for (const [outcome, count] of [
    ['committed', committed],
    ['failed', failed.length],
    ['finished_before', finishedBefore],
    ['skipped', skipped],
  ] as const)
    for (let n = 0; n < count; n += 1) metrics?.itemFinished(outcome)
  onEvent({ event: 'run.finished', level: 'info', ...items, ...report.lines })
  return report
}

function reportOf(begun: Begun, source: string, items: ItemTotals): RunReport {
  const finishedAt = new Date()
  const sorted = begun.records.toSorted((a, b) => (a.output < b.output ? -1 : 1))
  const totals = sorted.reduce((sum, record) => addTotals(sum, record.totals), NO_TOTALS)
  return {
    generator: 'fhir-sluice',
    version: packageVersion(),
    fingerprint: begun.fingerprint,
    asOf: begun.secrets.asOf,
    startedAt: begun.startedAt.toISOString(),
    finishedAt: finishedAt.toISOString(),
    seconds: (finishedAt.getTime() - begun.startedAt.getTime()) / 1000,
    source,
    items,
    lines: lineTotals(totals),
    bytes: {
      read: sorted.reduce((sum, { source }) => sum + source.bytes, 0),
      written: sorted.reduce((sum, { head }) => sum + (head?.bytes ?? 0), 0),
    },
    resourcesByType: totals.resourcesByType,
    elementsByRule: totals.elementsByRule,
    interpretedLines: totals.interpretedLines,
    quarantinedByCode: totals.quarantinedByCode,
    outputs: sorted.map(({ output, head, source, totals }) => ({
      name: output,
      bytes: head?.bytes ?? 0,
      ...(head?.sha256 === undefined ? {} : { sha256: head.sha256 }),
      ...(head?.parts === undefined ? {} : { parts: head.parts }),
      source,
      lines: lineTotals(totals),
    })),
    failed: begun.failed.toSorted((a, b) => (a.item < b.item ? -1 : 1)),
  }
}

/** In the output, for whoever uses it: its being there means that all outputs are. Else only in the state. */
async function writeReport(sink: Sink, report: RunReport): Promise<void> {
  const text = `${JSON.stringify(report, null, 2)}\n`
  await sink.state.write(REPORT_NAME, text)
  if (report.failed.length === 0) await sink.put(REPORT_NAME, text)
}

/**
 * Takes the last run's report away before outputs change; where none will, it stays until it is replaced. Throws
 * SINK_CONFLICT for a file that is not one, unless `overwrite`.
 */
export async function withdrawReport(
  sink: Sink,
  { overwrite = false, willChange }: { readonly overwrite?: boolean; readonly willChange: boolean },
): Promise<void> {
  const text = await sink.get(REPORT_NAME)
  if (text === undefined) return
  if (!overwrite && !isReport(text))
    throw sluiceError('SINK_CONFLICT', 'is there already and not made by this tool; move it away', {
      blame: 'sink',
      retry: 'never',
      at: REPORT_NAME,
    })
  if (willChange) await sink.remove(REPORT_NAME)
}

function isReport(text: string): boolean {
  try {
    return (JSON.parse(text) as Partial<RunReport> | null)?.generator === 'fhir-sluice'
  } catch {
    return false
  }
}

export const failureOf = (item: string, error: unknown): ItemFailure => {
  const { code, message } = asSluiceError(error)
  return { item, code, message }
}
