import { sluiceError } from '../errors.js'
import type { AnonymizedChunk } from './chunks/chunk-result.js'
import type { ItemProgress } from './context.js'
import type { ItemWork } from './item-list.js'
import type { RunMetrics, RunOptions } from './options.js'
import { countByCode } from './report/quarantine.js'

/** Counts of a run in progress, for progress, metrics and the limit on rejected lines. */
export class RunCounts {
  readonly #underWay = new Map<string, ItemProgress>()
  #bytesDone = 0
  #linesDone = 0
  #blankDone = 0
  #quarantinedDone = 0
  #itemsDone = 0

  readonly #options: Pick<RunOptions, 'onProgress' | 'metrics' | 'maxQuarantined'>
  readonly #itemsTotal: number
  readonly #bytesTotal: number

  constructor(
    options: Pick<RunOptions, 'onProgress' | 'metrics' | 'maxQuarantined'>,
    itemsTotal: number,
    bytesTotal: number,
  ) {
    this.#options = options
    this.#itemsTotal = itemsTotal
    this.#bytesTotal = bytesTotal
  }

  /** Throws TOO_MANY_QUARANTINED as soon as a count is exceeded. A share can be judged only at the end. */
  addChunk({ output }: ItemWork, chunk: AnonymizedChunk, at: ItemProgress): void {
    const before = this.#underWay.get(output)?.sourceBytes ?? 0
    this.#underWay.set(output, at)
    const { metrics, maxQuarantined } = this.#options
    if (metrics !== undefined) observe(metrics, chunk, at.sourceBytes - before)
    this.#report()
    if (maxQuarantined !== undefined && 'count' in maxQuarantined) this.checkQuarantined()
  }

  addItem(work: ItemWork, { totals }: Pick<ItemProgress, 'totals'>): void {
    this.#underWay.delete(work.output)
    this.#itemsDone += 1
    this.#bytesDone += bytesOfWork(work)
    this.addTotals(totals)
    this.#report()
  }

  /** Adds lines that another process counted. */
  addTotals({ lines, blank, quarantined }: ItemProgress['totals']): void {
    this.#linesDone += lines
    this.#blankDone += blank
    this.#quarantinedDone += quarantined
  }

  /** Judges the share of the lines that are not blank. Throws TOO_MANY_QUARANTINED. */
  checkQuarantined(): void {
    const { maxQuarantined } = this.#options
    if (maxQuarantined === undefined) return
    const { lines, blank, quarantined } = this.#sums()
    const allowed =
      'count' in maxQuarantined ? maxQuarantined.count : ((lines - blank) * maxQuarantined.percent) / 100
    if (quarantined <= allowed) return
    throw sluiceError('TOO_MANY_QUARANTINED', {
      message: `${quarantined} lines are rejected, more than allowed; nothing was committed`,
    })
  }

  #sums() {
    let lines = this.#linesDone
    let blank = this.#blankDone
    let quarantined = this.#quarantinedDone
    let bytes = this.#bytesDone
    for (const { totals, sourceBytes } of this.#underWay.values()) {
      lines += totals.lines
      blank += totals.blank
      quarantined += totals.quarantined
      bytes += sourceBytes
    }
    return { lines, blank, quarantined, bytes }
  }

  #report(): void {
    const { onProgress } = this.#options
    if (onProgress === undefined) return
    const { lines, quarantined, bytes } = this.#sums()
    onProgress({
      bytesTotal: this.#bytesTotal,
      bytesRead: bytes,
      itemsTotal: this.#itemsTotal,
      itemsDone: this.#itemsDone,
      lines,
      quarantined,
    })
  }
}

/** Source bytes that are read for an output. */
export const bytesOfWork = ({ item: { bytes }, range }: ItemWork): number =>
  range === undefined ? bytes : Math.max(0, Math.min(range.until, bytes) - range.from)

/** Reports a chunk to the metrics. */
export function observe(metrics: RunMetrics, chunk: AnonymizedChunk, sourceBytes: number): void {
  metrics.bytesRead(sourceBytes)
  metrics.bytesWritten(chunk.output.reduce((sum, piece) => sum + piece.length, 0))
  for (const { result } of chunk.parts) {
    metrics.linesRead(result.lines, result.blank)
    metrics.chunkSeconds(result.busyMs / 1000)
    for (const [type, count] of Object.entries(result.resourcesByType))
      metrics.resources(type, 'delivered', count)
    for (const [code, count] of Object.entries(countByCode(result))) metrics.quarantined(code, count)
    for (const [system, count] of Object.entries(result.codesRemoved ?? {}))
      metrics.codesRemoved(system, count)
  }
}
