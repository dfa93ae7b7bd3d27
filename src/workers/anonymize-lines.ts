import { isUtf8 } from 'node:buffer'
import type { AnonymizerCounts } from '../anonymizer/counts.js'
import type { LineAnonymizer } from '../anonymizer/line-anonymizer.js'
import type { Output } from '../anonymizer/output.js'
import type { LineContext } from '../anonymizer/spec.js'
import { isBlank, LF } from '../ndjson/line.js'
import { LineCursor } from '../ndjson/line-cursor.js'
import type { LineCounts, LinesTask } from './protocol.js'
import { RejectionList, TOO_LONG } from './rejections.js'

export interface AnonymizedLines extends LineCounts {
  readonly rejected: RejectionList
  readonly content?: Uint8Array
}

/**
 * Anonymizes the task's lines (INVARIANT line) into `out`, each with a newline. Blank lines are only counted. The
 * output of a rejected line is nothing.
 */
export function anonymizeLines(anonymizer: LineAnonymizer, task: LinesTask, out: Output): AnonymizedLines {
  const source = Buffer.from(task.slab)
  const before = snapshot(anonymizer.counts)
  const rejected = new RejectionList()
  const contents: Uint8Array[] = []
  let lines = 0
  let delivered = 0
  let blank = 0
  const context = {
    item: task.item,
    record: task.firstRecord,
    baseOffset: task.baseOffset,
    dateShiftPrefix: task.dateShiftPrefix,
    isValidUtf8: isUtf8(source.subarray(task.start, task.end)),
  } satisfies LineContext
  const line = new LineCursor(source, { start: task.start, end: task.end, isDocument: task.document })
  while (line.advance()) {
    const { start, end } = line
    const place = [start - task.start, end - start, lines] as const
    if (isBlank(source, start, end)) blank += 1
    else if (end - start > task.maxLineBytes) rejected.add(place, TOO_LONG, 0)
    else {
      const rejection = anonymizer.anonymizeLine(source, { start, end }, context, out)
      if (rejection === undefined) {
        out.reserve(1)
        out.bytes[out.length] = LF
        out.length += 1
        delivered += 1
      } else {
        rejected.add(place, rejection, rejection.offset)
        if (task.keepContent) contents.push(source.subarray(start, end))
      }
    }
    lines += 1
    context.record += 1
  }
  return {
    lines,
    delivered,
    blank,
    rejected,
    ...(task.keepContent ? { content: new Uint8Array(Buffer.concat(contents)) } : {}),
    ...since(before, anonymizer.counts),
  }
}

interface Snapshot {
  readonly types: ReadonlyMap<string, number>
  readonly rules: Float64Array
  readonly interpreted: number
}

const snapshot = (counts: AnonymizerCounts): Snapshot => ({
  types: new Map(counts.resourcesByType),
  rules: counts.elementsByRule.slice(),
  interpreted: counts.interpretedLines,
})

function since(
  before: Snapshot,
  now: AnonymizerCounts,
): Pick<LineCounts, 'resourcesByType' | 'elementsByRule' | 'interpretedLines'> {
  const types: [string, number][] = []
  for (const [type, count] of now.resourcesByType) {
    const more = count - (before.types.get(type) ?? 0)
    if (more > 0) types.push([type, more])
  }
  const rules: [string, number][] = []
  now.elementsByRule.forEach((count, index) => {
    const more = count - (before.rules[index] ?? 0)
    if (more > 0) rules.push([String(index + 1), more])
  })
  return {
    resourcesByType: Object.fromEntries(types),
    elementsByRule: Object.fromEntries(rules),
    interpretedLines: now.interpretedLines - before.interpreted,
  }
}
