import { isUtf8 } from 'node:buffer'
import type { AnonymizerCounts } from '../anonymizer/counts.js'
import type { LineAnonymizer } from '../anonymizer/line-anonymizer.js'
import type { Output } from '../anonymizer/output.js'
import type { LineContext } from '../anonymizer/spec.js'
import { MAX_WALK_BYTES, type WalkedLines } from '../anonymizer/walk/walk.js'
import { contentEnd, isBlank, LF } from '../ndjson/line.js'
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
  const lines = new LineByLine(task, source, out)
  const { walk } = anonymizer
  if (walk !== undefined && lines.context.isValidUtf8 && task.end - task.start <= MAX_WALK_BYTES) {
    const { start, end, document: isDocument, maxLineBytes } = task
    const range = { source, start, end, isDocument, maxLineBytes, context: lines.context }
    const last = walk(range, out, (lineStart, next, served) => {
      lines.skip(served)
      lines.serve(lineStart, isDocument ? next : contentEnd(source, lineStart, next), anonymizer.interpret)
    })
    lines.skip(last)
  } else {
    const line = new LineCursor(source, { start: task.start, end: task.end, isDocument: task.document })
    while (line.advance()) lines.serve(line.start, line.end, anonymizer.anonymizeLine)
  }
  const { counted, rejected, contents } = lines
  return {
    ...counted,
    rejected,
    ...(task.keepContent ? { content: new Uint8Array(Buffer.concat(contents)) } : {}),
    ...since(before, anonymizer.counts),
  }
}

/** Serves lines one by one and keeps the count of all. */
class LineByLine {
  readonly rejected = new RejectionList()
  readonly contents: Uint8Array[] = []
  readonly counted = { lines: 0, delivered: 0, blank: 0 }
  readonly context: { -readonly [K in keyof LineContext]: LineContext[K] }
  readonly #task: LinesTask
  readonly #source: Buffer
  readonly #out: Output

  constructor(task: LinesTask, source: Buffer, out: Output) {
    this.#task = task
    this.#source = source
    this.#out = out
    this.context = {
      item: task.item,
      record: task.firstRecord,
      baseOffset: task.baseOffset,
      dateShiftPrefix: task.dateShiftPrefix,
      isValidUtf8: isUtf8(source.subarray(task.start, task.end)),
    }
  }

  /** Counts lines that were served elsewhere. */
  skip({ lines, delivered, blank }: WalkedLines): void {
    this.counted.lines += lines
    this.counted.delivered += delivered
    this.counted.blank += blank
  }

  /** Serves the line with the content `[start, end)`. */
  serve(start: number, end: number, anonymize: LineAnonymizer['anonymizeLine']): void {
    const task = this.#task
    const { counted } = this
    const place = [start - task.start, end - start, counted.lines] as const
    if (isBlank(this.#source, start, end)) counted.blank++
    else if (end - start > task.maxLineBytes) this.rejected.add(place, TOO_LONG, 0)
    else {
      this.context.record = task.firstRecord + start - task.start
      this.#anonymize(start, end, place, anonymize)
    }
    counted.lines++
  }

  #anonymize(start: number, end: number, place: LinePlace, anonymize: LineAnonymizer['anonymizeLine']): void {
    const out = this.#out
    const rejection = anonymize(this.#source, { start, end }, this.context, out)
    if (rejection === undefined) {
      out.reserve(1)
      out.bytes[out.length] = LF
      out.length += 1
      this.counted.delivered++
      return
    }
    this.rejected.add(place, rejection, rejection.offset)
    if (this.#task.keepContent) this.contents.push(this.#source.subarray(start, end))
  }
}

/** Offset in the task, length and number of a line. */
type LinePlace = readonly [offset: number, length: number, line: number]

interface Snapshot {
  readonly types: ReadonlyMap<string, number>
  readonly rules: Float64Array
  readonly codes: ReadonlyMap<string, number>
  readonly interpreted: number
}

const snapshot = (counts: AnonymizerCounts): Snapshot => ({
  types: new Map(counts.resourcesByType),
  rules: counts.elementsByRule.slice(),
  codes: new Map(counts.codesRemoved),
  interpreted: counts.interpretedLines,
})

function since(
  before: Snapshot,
  now: AnonymizerCounts,
): Pick<LineCounts, 'resourcesByType' | 'elementsByRule' | 'codesRemoved' | 'interpretedLines'> {
  const codes = moreThan(before.codes, now.codesRemoved)
  const rules: [string, number][] = []
  now.elementsByRule.forEach((count, index) => {
    const more = count - (before.rules[index] ?? 0)
    if (more > 0) rules.push([String(index + 1), more])
  })
  return {
    resourcesByType: Object.fromEntries(moreThan(before.types, now.resourcesByType)),
    elementsByRule: Object.fromEntries(rules),
    ...(codes.length === 0 ? {} : { codesRemoved: Object.fromEntries(codes) }),
    interpretedLines: now.interpretedLines - before.interpreted,
  }
}

function moreThan(before: ReadonlyMap<string, number>, now: ReadonlyMap<string, number>): [string, number][] {
  const more: [string, number][] = []
  for (const [name, count] of now) {
    const added = count - (before.get(name) ?? 0)
    if (added > 0) more.push([name, added])
  }
  return more
}
