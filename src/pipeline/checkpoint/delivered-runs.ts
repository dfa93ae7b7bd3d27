import type { PublishedOutput, PublishedRun } from '../../published/report.js'
import { addCounts, type ItemCounts, lineCounts, NO_COUNTS } from '../report/item-counts.js'
import type { OutputReport } from '../report/report.js'
import type { DoneRecord } from './done-record.js'

/** The outputs of a run, as reports describe them, and their sums. */
export class Delivered {
  readonly #outputs: OutputReport[] = []
  readonly #sums = new Map<string, RunSum>()

  add(record: DoneRecord): void {
    const { output, head, source, place, totals, run } = record
    this.#outputs.push({
      name: output,
      bytes: head?.bytes ?? 0,
      ...(head?.sha256 === undefined ? {} : { sha256: head.sha256 }),
      ...(head?.parts === undefined ? {} : { parts: head.parts }),
      ...(head === null ? { isQuarantined: true } : {}),
      source,
      ...(place === undefined ? {} : { place }),
      ...(run === undefined ? {} : { run }),
      lines: lineCounts(totals),
    })
    const key = run ?? ''
    const sum = this.#sums.get(key) ?? NO_SUM
    this.#sums.set(key, {
      totals: addCounts(sum.totals, totals),
      read: sum.read + source.bytes,
      written: sum.written + (head?.bytes ?? 0),
    })
  }

  get count(): number {
    return this.#outputs.length
  }

  /** Sorted by name. */
  outputs(): readonly OutputReport[] {
    return this.#outputs.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  }

  get sum(): RunSum {
    return [...this.#sums.values()].reduce(addSums, NO_SUM)
  }

  /** Outputs by the run that made them; an empty key means that an earlier version of Sluice did not record it. */
  get sums(): ReadonlyMap<string, RunSum> {
    return this.#sums
  }
}

/** Sums over several outputs. */
export interface RunSum {
  readonly totals: ItemCounts
  /** Total bytes of the source items. */
  readonly read: number
  readonly written: number
}

const NO_SUM: RunSum = { totals: NO_COUNTS, read: 0, written: 0 }

export const addSums = (a: RunSum, b: RunSum): RunSum => ({
  totals: addCounts(a.totals, b.totals),
  read: a.read + b.read,
  written: a.written + b.written,
})

/** Makes the published form of sums. */
export const publishedCounts = ({ totals, written }: RunSum): Omit<PublishedRun, 'elementsByRule'> => ({
  lines: lineCounts(totals),
  bytes: { written },
  resourcesByType: totals.resourcesByType,
  quarantinedByCode: totals.quarantinedByCode,
})

/** Makes the published form of an output; undefined for a quarantined document. */
export function publishedOutput(
  { name, bytes, sha256, parts, isQuarantined, lines, run = '' }: OutputReport,
  runs: readonly string[],
): PublishedOutput | undefined {
  if (isQuarantined === true) return undefined
  return {
    name,
    bytes,
    ...(sha256 === undefined ? {} : { sha256 }),
    ...(parts === undefined ? {} : { parts }),
    lines,
    ...(runs.length > 1 ? { run: runs.indexOf(run) } : {}),
  }
}
