import type { LineCounts } from '../../workers/protocol.js'
import type { LineTotals } from './report.js'

/** Counts of an item or a run, as plain data for journals and reports. */
export interface ItemCounts extends LineCounts {
  readonly quarantined: number
  readonly quarantinedByCode: Readonly<Record<string, number>>
}

export const NO_COUNTS: ItemCounts = {
  lines: 0,
  delivered: 0,
  quarantined: 0,
  blank: 0,
  interpretedLines: 0,
  resourcesByType: {},
  elementsByRule: {},
  quarantinedByCode: {},
}

export const addCounts = (a: ItemCounts, b: ItemCounts): ItemCounts => ({
  lines: a.lines + b.lines,
  delivered: a.delivered + b.delivered,
  quarantined: a.quarantined + b.quarantined,
  blank: a.blank + b.blank,
  interpretedLines: a.interpretedLines + b.interpretedLines,
  resourcesByType: sumByKey(a.resourcesByType, b.resourcesByType),
  elementsByRule: sumByKey(a.elementsByRule, b.elementsByRule),
  quarantinedByCode: sumByKey(a.quarantinedByCode, b.quarantinedByCode),
  ...codesRemovedIn(sumByKey(a.codesRemoved, b.codesRemoved)),
})

/** The member of counts for removed codes, which only runs have that removed some. */
export const codesRemovedIn = (codesRemoved: Counts = {}): Pick<LineCounts, 'codesRemoved'> =>
  Object.keys(codesRemoved).length === 0 ? {} : { codesRemoved }

/** ItemCounts of one answer. */
export function countsOf(
  counts: LineCounts,
  quarantinedByCode: Readonly<Record<string, number>>,
): ItemCounts {
  const { lines, delivered, blank, interpretedLines, resourcesByType, elementsByRule } = counts
  const quarantined = Object.values(quarantinedByCode).reduce((sum, count) => sum + count, 0)
  return {
    lines,
    delivered,
    quarantined,
    blank,
    interpretedLines,
    resourcesByType,
    elementsByRule,
    quarantinedByCode,
    ...codesRemovedIn(counts.codesRemoved),
  }
}

/** INVARIANT reconciliation, see `LineTotals`. */
export const reconciles = ({ lines, delivered, quarantined, blank }: ItemCounts): boolean =>
  lines === delivered + quarantined + blank

export const lineCounts = ({ lines, delivered, quarantined, blank }: ItemCounts): LineTotals => ({
  read: lines,
  delivered,
  quarantined,
  blank,
})

type Counts = Readonly<Record<string, number>>

/** Sorts keys (resource types, rule numbers, codes, systems), so that equal runs give equal reports. */
export function sumByKey(a: Counts = {}, b: Counts = {}): Counts {
  const sums = new Map(Object.entries(a))
  for (const [key, count] of Object.entries(b)) sums.set(key, (sums.get(key) ?? 0) + count)
  return Object.fromEntries([...sums].sort(([x], [y]) => (x < y ? -1 : 1)))
}
