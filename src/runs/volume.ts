import type { Delivery } from './deliver.js'
import type { RunRecord } from './history.js'

/** Lines that a run delivered, as far as its record says. */
function deliveredBy({ lines }: RunRecord): number | undefined {
  const { delivered } = (lines ?? {}) as { readonly delivered?: unknown }
  return typeof delivered === 'number' ? delivered : undefined
}

/** Whether a run that ended left no resource. Records of earlier versions hold their counts only. */
export const isEmptyRecord = (record: RunRecord): boolean =>
  typeof record.isEmpty === 'boolean' ? record.isEmpty : deliveredBy(record) === 0

// No source shrinks to a tenth from one run to the next by itself.
const SUSPICIOUS_SHARE = 0.1
// A handful of resources may come and go.
const LEAST_TO_COMPARE = 100

/** Whether a full run brought less than a tenth of what the last filled one with the same settings did. */
export function hasShrunkSince(
  records: readonly RunRecord[],
  chain: string,
  { report }: Pick<Delivery, 'report'>,
): boolean {
  // A run that delivered nothing, because that was allowed or all its lines were bad, is no measure.
  const last = records.findLast(
    (record) => record.event === 'succeeded' && record.chain === chain && !isEmptyRecord(record),
  )
  const before = last === undefined ? 0 : (deliveredBy(last) ?? 0)
  return before >= LEAST_TO_COMPARE && report.lines.delivered < before * SUSPICIOUS_SHARE
}
