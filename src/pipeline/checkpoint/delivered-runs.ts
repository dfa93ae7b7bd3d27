import type { PublishedOutput, PublishedRun } from '../../published/report.js'
import { addCounts, type ItemCounts, lineCounts, NO_COUNTS } from '../report/item-counts.js'
import type { OutputReport } from '../report/report.js'
import type { DoneRecord } from './done-record.js'

/** The outputs of a run as the reports describe them, and sums over them. */
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

  /** In the order of names. */
  outputs(): readonly OutputReport[] {
    return this.#outputs.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  }

  get sum(): RunSum {
    return [...this.#sums.values()].reduce(addSums, NO_SUM)
  }

  /** By the run that made them; of an empty name: by a version of Sluice that did not note it. */
  get sums(): ReadonlyMap<string, RunSum> {
    return this.#sums
  }
}

/** What is counted over several outputs. */
export interface RunSum {
  readonly totals: ItemCounts
  /** Bytes of the source items. */
  readonly read: number
  readonly written: number
}

const NO_SUM: RunSum = { totals: NO_COUNTS, read: 0, written: 0 }

export const addSums = (a: RunSum, b: RunSum): RunSum => ({
  totals: addCounts(a.totals, b.totals),
  read: a.read + b.read,
  written: a.written + b.written,
})

/** Sums as they are published. */
export const publishedCounts = ({ totals, written }: RunSum): Omit<PublishedRun, 'elementsByRule'> => ({
  lines: lineCounts(totals),
  bytes: { written },
  resourcesByType: totals.resourcesByType,
  quarantinedByCode: totals.quarantinedByCode,
})

/** An output as it is published; undefined for a document that was quarantined. */
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
