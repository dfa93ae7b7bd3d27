import { sluiceError } from '../../../errors.js'
import { lineStartAfter } from '../../../ndjson/line.js'
import type { AnonymizedChunk } from '../../../pipeline/chunks/chunk-result.js'
import { rejectionsOf } from '../../../workers/rejections.js'
import type { Fault } from '../faults.js'

/** What became of one resource: its anonymized form, or why it is rejected. */
export type LineOutcome = { readonly kind: 'anonymized'; readonly resource: Buffer } | Fault

/** The outcomes of a chunk's lines, none of which is blank. Copies them. Throws RECONCILIATION_FAILED. */
export function lineOutcomes({ output, parts }: AnonymizedChunk, lineCount: number): readonly LineOutcome[] {
  const faults = new Map<number, Fault>()
  let lines = 0
  for (const { result } of parts) {
    for (const { line, code, message } of rejectionsOf(result.rejected))
      faults.set(lines + line, { kind: 'fault', code, message })
    lines += result.lines
  }
  const text = Buffer.concat(output)
  const outcomes: LineOutcome[] = []
  let at = 0
  for (let line = 0; line < lineCount; line += 1) {
    const found = faults.get(line)
    const next = found === undefined ? lineStartAfter(text, at) : at
    if (found === undefined && next === 0) break
    outcomes.push(found ?? { kind: 'anonymized', resource: text.subarray(at, next - 1) })
    at = next
  }
  if (outcomes.length === lineCount && lines === lineCount && at === text.length) return outcomes
  throw sluiceError('RECONCILIATION_FAILED', {
    message: `${lineCount} resources were given to the anonymizer, but it answered for others`,
  })
}
