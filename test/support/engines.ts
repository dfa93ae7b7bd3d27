import {
  createLineAnonymizer,
  createLineAnonymizerSync,
  type LineAnonymizer,
} from '../../src/anonymizer/line-anonymizer.js'
import { Output } from '../../src/anonymizer/output.js'
import type { AnonymizerSpec, RejectionCode } from '../../src/anonymizer/spec.js'
import { codeVerdicts } from '../../src/fhir/codes/code-verdicts.js'

export const ENGINES = ['interpreter', 'automatic'] as const
export type EngineChoice = (typeof ENGINES)[number]

/** `THREW` where the engine threw, which it promises never to do. */
export interface Refusal {
  readonly code: RejectionCode | 'THREW'
  readonly offset: number
  readonly message: string
}

const AROUND = Buffer.from('"}]\n')

/** What became of a line: its bytes as latin1 text (cheap to compare, nothing lost), or why it was rejected. */
export type Outcome =
  | { readonly ok: true; readonly latin1: string }
  | { readonly ok: false; readonly rejection: Refusal }

export interface Engine {
  readonly lines: LineAnonymizer
  /**
   * Anonymizes one line. It lies amid other bytes, as in a chunk, to show that nothing outside is read: after it
   * `after`, which may be just what it lacks.
   */
  run(line: Uint8Array | string, prefix?: string, record?: number, after?: Uint8Array): Outcome
}

/** The engine that serves a spec: the interpreter always, or whatever is chosen per resource type. */
export const engineFor = async (spec: AnonymizerSpec, choice: EngineChoice): Promise<Engine> =>
  engineOf(await createLineAnonymizer(spec, { engine: choice }))

/** The same for a spec without custom methods. */
export const engineForSync = (spec: AnonymizerSpec, choice: EngineChoice): Engine =>
  engineOf(createLineAnonymizerSync(spec, {}, { engine: choice, compileCodes: codeVerdicts }))

function engineOf(lines: LineAnonymizer): Engine {
  const out = new Output()
  let runs = 0
  return {
    lines,
    run(line, prefix = '', record = 0, after = AROUND) {
      const bytes = typeof line === 'string' ? Buffer.from(line) : line
      // At another place each time: where a line is in a chunk must not matter.
      const start = AROUND.length * (runs++ % 3)
      const before = Buffer.alloc(start, AROUND)
      const source = Buffer.concat([before, bytes, after])
      const range = { start, end: start + bytes.length }
      out.length = 0
      const context = { item: 'test.ndjson', record, baseOffset: 0, dateShiftPrefix: prefix }
      let rejection: Refusal | undefined
      try {
        rejection = lines.anonymizeLine(source, range, context, out)
      } catch (error) {
        rejection = {
          code: 'THREW',
          offset: 0,
          message: thrown(error),
        }
      }
      if (rejection !== undefined && rejection.code !== 'THREW' && out.length !== 0)
        rejection = { code: 'THREW', offset: 0, message: `${rejection.code} left bytes in the output` }
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

/** What was thrown and where; errors of our own that are no Error are shown by their fields. */
const thrown = (error: unknown): string =>
  error instanceof Error
    ? (error.stack ?? error.message).split('\n').slice(0, 4).join(' ')
    : JSON.stringify(error)
