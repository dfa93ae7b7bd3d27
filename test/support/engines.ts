import { createLineAnonymizer, type LineAnonymizer } from '../../src/anonymizer/line-anonymizer.js'
import { Output } from '../../src/anonymizer/output.js'
import type { AnonymizerSpec, Rejection } from '../../src/anonymizer/spec.js'

export const ENGINES = ['interpreter', 'automatic'] as const
export type EngineChoice = (typeof ENGINES)[number]

/** What became of a line: its bytes as latin1 text (cheap to compare, nothing lost), or why it was rejected. */
export type Outcome =
  | { readonly ok: true; readonly latin1: string }
  | { readonly ok: false; readonly rejection: Rejection }

export interface Engine {
  readonly lines: LineAnonymizer
  /** Anonymizes one line. It stands amid other bytes, as in a chunk, to show that nothing outside is read. */
  run(line: Uint8Array | string, prefix?: string, record?: number): Outcome
}

/** The engine that serves a spec: the interpreter always, or whatever is chosen per resource type. */
export async function engineFor(spec: AnonymizerSpec, choice: EngineChoice): Promise<Engine> {
  const lines = await createLineAnonymizer(spec, { engine: choice })
  const out = new Output()
  return {
    lines,
    run(line, prefix = '', record = 0) {
      const bytes = typeof line === 'string' ? Buffer.from(line) : line
      const around = Buffer.from('"}]\n')
      const source = Buffer.concat([around, bytes, around])
      const range = { start: around.length, end: around.length + bytes.length }
      out.length = 0
      const context = { item: 'test.ndjson', record, baseOffset: 0, dateShiftPrefix: prefix }
      const rejection = lines.anonymizeLine(source, range, context, out)
      if (rejection !== undefined) return { ok: false, rejection }
      return {
        ok: true,
        latin1: Buffer.from(out.bytes.buffer, out.bytes.byteOffset, out.length).toString('latin1'),
      }
    },
  }
}

/** The text of an outcome's bytes. */
export const textOf = (latin1: string): string => Buffer.from(latin1, 'latin1').toString('utf8')
