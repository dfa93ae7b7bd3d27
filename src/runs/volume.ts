import type { Delivery } from './deliver.js'
import type { RunRecord } from './history.js'

/** Number of lines that a run delivered, if its record says. */
function deliveredBy({ lines }: RunRecord): number | undefined {
  const { delivered } = (lines ?? {}) as { readonly delivered?: unknown }
  return typeof delivered === 'number' ? delivered : undefined
}

/** Whether a finished run delivered no resource. Records of earlier versions hold only counts. */
export const isEmptyRecord = (record: RunRecord): boolean =>
  typeof record.isEmpty === 'boolean' ? record.isEmpty : deliveredBy(record) === 0

// A source rarely shrinks to a tenth from one run to the next.
const SUSPICIOUS_SHARE = 0.1
// A handful of resources may come and go.
const MIN_TO_COMPARE = 100

/** Whether a full run delivered less than a tenth of the last non-empty one with the same settings. */
export function hasShrunkSince(
  records: readonly RunRecord[],
  chain: string,
  { report }: Pick<Delivery, 'report'>,
): boolean {
  // A run that delivered nothing (allowed, or all lines bad) is not a baseline.
  const last = records.findLast(
    (record) => record.event === 'succeeded' && record.chain === chain && !isEmptyRecord(record),
  )
  const before = last === undefined ? 0 : (deliveredBy(last) ?? 0)
  return before >= MIN_TO_COMPARE && report.lines.delivered < before * SUSPICIOUS_SHARE
}
