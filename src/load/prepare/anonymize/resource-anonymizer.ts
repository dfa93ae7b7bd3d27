import type { AnonymizerSpec } from '../../../anonymizer/spec.js'
import { LF } from '../../../ndjson/line.js'
import { settleLimits } from '../../../pipeline/limits.js'
import { LineTasks } from '../../../pipeline/line-tasks.js'
import type { RunOptions } from '../../../pipeline/options.js'
import {
  openSharedResources,
  type SharedResourceOptions,
  startWorkers,
} from '../../../pipeline/shared-resources.js'
import { TOO_LONG } from '../../../workers/rejections.js'
import { type LineOutcome, lineOutcomes } from './line-outcomes.js'

export interface ResourceAnonymizerOptions
  extends SharedResourceOptions,
    Pick<
      RunOptions,
      'workers' | 'memoryBudgetBytes' | 'maxLineBytes' | 'chunkTimeoutMs' | 'workerHeapBytes'
    > {
  /** The configuration with the keys of this load. */
  readonly spec: AnonymizerSpec
  /** Name of the source's folder, for the date-shift scope `folder`. */
  readonly folderName: string
}

/** A resource to anonymize, and its place, which keyed noise depends on. */
export interface ResourceLine {
  /** Name of its item. */
  readonly item: string
  /** Where it begins in the item, in bytes. */
  readonly offset: number
  /** JSON of one object. */
  readonly resource: Buffer
}

export interface ResourceAnonymizer {
  /**
   * Has worker threads anonymize resources, each as if it were a line of NDJSON. One outcome for each, in their order.
   * Throws WORKER_FAILED, INTERRUPTED, and what the configuration makes fail.
   */
  anonymize(lines: readonly ResourceLine[]): Promise<readonly LineOutcome[]>
  /** How many batches of `BATCH_BYTES` keep all workers busy. */
  readonly batchesAtOnce: number
  close(): Promise<void>
}

/** Smaller than the chunks of a run: what waits for the workers waits to be sent. */
export const BATCH_BYTES = 2 ** 20

/** Starts the worker threads; `close` ends them. Throws USAGE. */
export function createResourceAnonymizer(options: ResourceAnonymizerOptions): ResourceAnonymizer {
  const { spec, folderName } = options
  const limits = settleLimits({ ...options, chunkBytes: BATCH_BYTES })
  const shared = openSharedResources(options, limits, { pool: startWorkers(options, limits), spec })
  const { slabs, needsPlaces } = shared
  const run = { ...shared, spec, source: { folderName } }

  const anonymizeChunk = async (lines: readonly ResourceLine[]): Promise<readonly LineOutcome[]> => {
    const bytes = lines.reduce((sum, { resource }) => sum + resource.length + 1, 0)
    const [first] = lines
    if (first === undefined) return []
    if (first.resource.length > limits.maxLineBytes) return [{ kind: 'fault', ...TOO_LONG }]
    const slab = await (bytes <= limits.slabBytes ? slabs.take() : slabs.takeLong(bytes))
    try {
      fill(slab.bytes, lines)
      const { item, offset } = first
      const { maxLineBytes } = limits
      const tasks = new LineTasks(run, { item, document: false, maxLineBytes, keepContent: false })
      const chunk = await tasks.anonymize({ kind: 'lines', slab, start: 0, end: bytes, offset })
      return lineOutcomes(chunk, lines.length)
    } finally {
      slabs.give(slab)
    }
  }

  return {
    batchesAtOnce: limits.chunksPerItem,
    async anonymize(lines) {
      try {
        const arePlaced = await needsPlaces
        const isNamed = arePlaced || spec.parameters.dateShiftScope === 'file'
        const chunks = chunksOf(
          lines,
          (a, b) =>
            (isNamed && a.item !== b.item) || (arePlaced && b.offset !== a.offset + a.resource.length + 1),
        )
        return (await Promise.all(chunks.map(anonymizeChunk))).flat()
      } catch (error) {
        shared.stop(error)
        throw shared.reasonOf(error)
      }
    },
    close: shared.close,
  }
}

/** Cuts by size, so that a long line is alone, and between lines whose places a chunk cannot tell apart. */
function chunksOf(
  lines: readonly ResourceLine[],
  isBoundary: (before: ResourceLine, after: ResourceLine) => boolean,
): readonly (readonly ResourceLine[])[] {
  const chunks: ResourceLine[][] = []
  let chunk: ResourceLine[] = []
  let bytes = 0
  for (const line of lines) {
    const last = chunk.at(-1)
    if (last === undefined || isBoundary(last, line) || bytes + line.resource.length >= BATCH_BYTES) {
      chunk = []
      chunks.push(chunk)
      bytes = 0
    }
    chunk.push(line)
    bytes += line.resource.length + 1
  }
  return chunks
}

/** Writes each resource on a line of its own. In JSON, a newline can only be white space between tokens. */
function fill(target: Buffer, lines: readonly ResourceLine[]): void {
  let at = 0
  for (const { resource } of lines) {
    target.set(resource, at)
    const end = at + resource.length
    if (resource.includes(LF))
      for (let lf = target.indexOf(LF, at); lf >= 0 && lf < end; lf = target.indexOf(LF, lf + 1))
        target[lf] = SPACE
    target[end] = LF
    at = end + 1
  }
}

const SPACE = 0x20
