import { createLineAnonymizerSync, type LineAnonymizer } from '../../src/anonymizer/line-anonymizer.js'
import type { CustomMethod } from '../../src/anonymizer/methods/custom-method.js'
import { Output } from '../../src/anonymizer/output.js'
import type { AnonymizerSpec } from '../../src/anonymizer/spec.js'
import { codeVerdicts } from '../../src/fhir/codes/code-verdicts.js'
import { anonymizeLines } from '../../src/workers/anonymize-lines.js'
import type { LinesTask } from '../../src/workers/protocol.js'
import { type Rejection, rejectionsOf } from '../../src/workers/rejections.js'
import type { EngineChoice } from './engines.js'

/** What became of a chunk: its output as latin1 text, what was rejected where and why, and the counts. */
export interface ChunkOutcome {
  readonly latin1: string
  readonly rejections: readonly Rejection[]
  readonly lines: number
  readonly delivered: number
  readonly blank: number
  readonly resourcesByType: Readonly<Record<string, number>>
  readonly elementsByRule: Readonly<Record<string, number>>
}

export interface ChunkOptions {
  /** The whole chunk is one JSON document. */
  readonly document?: boolean
  /** What lies before and after the chunk in its slab; nothing by default, so that the slab ends with the chunk. */
  readonly before?: Uint8Array
  readonly after?: Uint8Array
  readonly firstRecord?: number
  readonly dateShiftPrefix?: string
}

const NOTHING = new Uint8Array(0)

/** An engine that is given whole chunks, as a worker is. */
export class ChunkEngine {
  readonly #anonymizer: LineAnonymizer
  readonly #out = new Output(16)

  constructor(
    spec: AnonymizerSpec,
    engine: EngineChoice,
    customMethods: Readonly<Record<string, CustomMethod>> = {},
  ) {
    this.#anonymizer = createLineAnonymizerSync(spec, customMethods, { engine, compileCodes: codeVerdicts })
  }

  /** How many lines the interpreter has served so far. */
  get interpretedLines(): number {
    return this.#anonymizer.counts.interpretedLines
  }

  run(chunk: Uint8Array | string, options: ChunkOptions = {}): ChunkOutcome {
    const { before = NOTHING, after = NOTHING } = options
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
    const out = this.#out
    out.length = 0
    const task = taskOf([before, bytes, after], options)
    const { rejected, lines, delivered, blank, resourcesByType, elementsByRule } = anonymizeLines(
      this.#anonymizer,
      task,
      out,
    )
    const latin1 = Buffer.from(out.bytes.buffer, out.bytes.byteOffset, out.length).toString('latin1')
    const rejections = [...rejectionsOf(rejected.result())]
    return { latin1, rejections, lines, delivered, blank, resourcesByType, elementsByRule }
  }
}

function taskOf(parts: readonly [Uint8Array, Uint8Array, Uint8Array], options: ChunkOptions): LinesTask {
  const [before, chunk, after] = parts
  const slab = new SharedArrayBuffer(before.length + chunk.length + after.length)
  const bytes = new Uint8Array(slab)
  bytes.set(before)
  bytes.set(chunk, before.length)
  bytes.set(after, before.length + chunk.length)
  return {
    kind: 'lines',
    slab,
    claim: new SharedArrayBuffer(4),
    start: before.length,
    end: before.length + chunk.length,
    roomBytes: chunk.length + after.length,
    item: 'test.ndjson',
    firstRecord: options.firstRecord ?? 0,
    dateShiftPrefix: options.dateShiftPrefix ?? 'folder',
    baseOffset: 0,
    document: options.document ?? false,
    maxLineBytes: 2 ** 26,
    keepContent: false,
  }
}

/** The outcome of two chunks as one: the second begins after `lengthBytes` bytes. */
export function joined(first: ChunkOutcome, lengthBytes: number, second: ChunkOutcome): ChunkOutcome {
  return {
    latin1: first.latin1 + second.latin1,
    rejections: [
      ...first.rejections,
      ...second.rejections.map((rejection) => ({
        ...rejection,
        offset: rejection.offset + lengthBytes,
        line: rejection.line + first.lines,
      })),
    ],
    lines: first.lines + second.lines,
    delivered: first.delivered + second.delivered,
    blank: first.blank + second.blank,
    resourcesByType: sum(first.resourcesByType, second.resourcesByType),
    elementsByRule: sum(first.elementsByRule, second.elementsByRule),
  }
}

type Counts = Readonly<Record<string, number>>

function sum(first: Counts, second: Counts): Counts {
  const names = new Set([...Object.keys(first), ...Object.keys(second)])
  return Object.fromEntries([...names].map((name) => [name, (first[name] ?? 0) + (second[name] ?? 0)]))
}

/**
 * What differs between two outcomes, by name; undefined for nothing. How many elements each rule claimed is compared
 * only between outcomes of the same engine: the walk counts neither resources nor what is in an element that it drops.
 */
export function difference(
  expected: ChunkOutcome,
  found: ChunkOutcome,
  engines: 'same' | 'other' = 'other',
): string | undefined {
  if (expected.latin1 !== found.latin1) return `output: ${firstDifference(expected.latin1, found.latin1)}`
  for (const name of [
    'rejections',
    'lines',
    'delivered',
    'blank',
    'resourcesByType',
    'elementsByRule',
  ] as const) {
    if (name === 'elementsByRule' && engines === 'other') continue
    if (canonical(expected[name]) !== canonical(found[name]))
      return `${name}: ${canonical(expected[name])} and ${canonical(found[name])}`
  }
  return undefined
}

function firstDifference(expected: string, found: string): string {
  let at = 0
  while (at < expected.length && expected[at] === found[at]) at++
  const around = (text: string): string => JSON.stringify(text.slice(Math.max(0, at - 60), at + 60))
  return `at ${at}, ${around(expected)} and ${around(found)}`
}

/** JSON with the keys of an object in order. */
const canonical = (value: ChunkOutcome[keyof ChunkOutcome]): string =>
  typeof value === 'number' || typeof value === 'string' || Array.isArray(value)
    ? JSON.stringify(value)
    : JSON.stringify(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
