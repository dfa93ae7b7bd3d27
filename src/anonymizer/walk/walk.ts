import { MAX_TABLE_BYTES } from '../../rules/automaton/table-size.js'
import type { AnonymizerCounts } from '../counts.js'
import { blockKey } from '../keyed-hash/hmac.js'
import { over89Limit } from '../methods/over-89.js'
import { compileShiftDays, type DigitWeights, type ShiftDays } from '../methods/shift-days.js'
import { prefixSource } from '../methods/shift-prefix.js'
import type { Output } from '../output.js'
import type { Program } from '../program.js'
import type { LineContext } from '../spec.js'
import { CODE_CACHE_BYTES, HASH_CACHE_BYTES, PATIENT_CACHE_BYTES, SCOPE, SETTINGS } from './layout.js'
import { WalkAnswers } from './walk-answers.js'
import { WalkMap } from './walk-memory.js'
import { WalkTables } from './walk-tables.js'

/** The lines to anonymize: `source[start, end)`, which is valid UTF-8. */
export interface WalkLines {
  readonly source: Uint8Array
  readonly start: number
  readonly end: number
  /** Whether all of it is one document, whatever newlines it contains. */
  readonly isDocument: boolean
  readonly maxLineBytes: number
  readonly context: LineContext
}

/** Numbers of the lines that the walk served. */
export interface WalkedLines {
  readonly lines: number
  readonly blank: number
  readonly delivered: number
}

/**
 * Serves a line that the walk left: `source[start, next)`, with its ending. `served` counts the lines before it that the
 * walk served since the start or the last left line.
 */
export type ServeLine = (start: number, next: number, served: WalkedLines) => void

/** Most bytes of one call: the module's memory, of 4 GiB at most, holds them twice and what the output grows by. */
export const MAX_WALK_BYTES = 2 ** 30

/** Memory above this is given back after a call: one huge line does not stretch a worker for good. */
const KEPT_WINDOW_BYTES = 2 ** 25

/**
 * Anonymizes lines in one pass over their bytes, by a WebAssembly module (`assembly/README.md`). It never rejects a line:
 * what it does not do, it leaves to the interpreter, and otherwise it writes exactly what the interpreter would write.
 */
export class Walk {
  readonly #program: Program
  readonly #tables: WalkTables
  readonly #shiftDays: ShiftDays | undefined
  readonly #maxTableBytes: number
  #tableBytes: number
  #instance: Instance | undefined

  /**
   * `tableBytes` bounds the memory of tables; lines that need more are left to the interpreter. There are
   * `firstTableBytes` of them until that was too little.
   */
  constructor(program: Program, tableBytes = MAX_TABLE_BYTES, firstTableBytes = FIRST_TABLE_BYTES) {
    this.#program = program
    this.#tables = new WalkTables(program)
    this.#maxTableBytes = tableBytes
    this.#tableBytes = Math.min(tableBytes, firstTableBytes)
    const { parameters } = program.spec
    const shifts =
      program.neededKeys.has('dateShiftKey') || parameters.dateShiftFixedOffsetInDays !== undefined
    this.#shiftDays = shifts ? compileShiftDays(parameters) : undefined
  }

  /**
   * Appends the anonymized lines to `out`, each with a newline, in their order, and adds to `counts`. Returns how many it
   * served since the last left line.
   */
  run(task: WalkLines, out: Output, counts: AnonymizerCounts, serve: ServeLine): WalkedLines {
    const instance = this.#instance ?? this.#instantiate()
    // What a method throws may leave it half-way through a line.
    this.#instance = undefined
    const { memory, answers } = instance
    this.#set(instance, task)
    // The caller changes its context for the lines that are left.
    const context = { ...task.context }
    let served = NO_LINES
    for (let start = task.start; start < task.end; ) {
      const end = pieceEnd(task, start)
      served = walkPiece(instance, { ...task, start, end, context }, served, out, serve)
      context.record += end - start
      start = end
    }
    answers.count(counts)
    if (memory.isFull && this.#tableBytes < this.#maxTableBytes) this.#tableBytes = this.#maxTableBytes
    else if (memory.size <= instance.firstSize + KEPT_WINDOW_BYTES) this.#instance = instance
    return served
  }

  #instantiate(): Instance {
    const program = this.#program
    const hashes = program.neededKeys.has('cryptoHashKey')
    const answers = new WalkAnswers(program, this.#tables, this.#shiftDays)
    const memory = new WalkMap(answers.imports(), {
      recordBytes:
        FIXED_BYTES +
        program.rules.length * BYTES_PER_RULE +
        (program.codes === undefined ? 0 : CODE_CACHE_BYTES) +
        this.#tableBytes,
      cacheBytes: hashes ? HASH_CACHE_BYTES : 0,
    })
    const settingsAt = answers.prepare(memory)
    const { view } = memory
    const { parameters } = program.spec
    view.setInt32(settingsAt + SETTINGS.OVER_89, over89Limit(program.spec), true)
    const removes = parameters.dateShiftTimeZone === 'remove'
    view.setUint32(settingsAt + SETTINGS.REMOVES_TIME_ZONE, removes ? 1 : 0, true)
    const areWhole = parameters.redactedInstants === 'whole'
    view.setUint32(settingsAt + SETTINGS.WHOLE_INSTANTS, areWhole ? 1 : 0, true)
    view.setUint32(settingsAt + SETTINGS.PATIENT_CACHE, memory.allocate(PATIENT_CACHE_BYTES), true)
    const { cryptoHashKey } = parameters
    if (hashes && cryptoHashKey !== undefined) {
      const keyAt = memory.allocate(64)
      memory.bytes.set(blockKey(cryptoHashKey), keyAt)
      view.setUint32(settingsAt + SETTINGS.HASH_KEY, keyAt, true)
      view.setUint32(settingsAt + SETTINGS.HASH_CACHE, memory.cacheAt, true)
    }
    const digitWeights = this.#shiftDays?.digitWeights
    if (digitWeights !== undefined) writeDigitWeights(memory, settingsAt, digitWeights)
    memory.limitRecords(this.#tableBytes)
    memory.exports.initialize(settingsAt)
    return { memory, answers, settingsAt, firstSize: memory.size }
  }

  /** Writes the settings that differ from call to call. */
  #set({ memory, settingsAt }: Instance, { isDocument, maxLineBytes, context }: WalkLines): void {
    const { view } = memory
    view.setUint32(settingsAt + SETTINGS.IS_DOCUMENT, isDocument ? 1 : 0, true)
    view.setUint32(settingsAt + SETTINGS.MAX_LINE_BYTES, Math.min(maxLineBytes, 2 ** 32 - 1), true)
    const { dateShiftScope, dateShiftFixedOffsetInDays: fixed } = this.#program.spec.parameters
    const shiftDays = this.#shiftDays
    if (shiftDays === undefined) return
    const by = prefixSource(dateShiftScope, context.dateShiftPrefix)
    const isFixed = fixed !== undefined || by === 'item'
    view.setUint32(settingsAt + SETTINGS.SHIFT_SCOPE, isFixed ? SCOPE.FIXED : SCOPES[by], true)
    if (isFixed)
      view.setInt32(settingsAt + SETTINGS.DAYS, shiftDays.ofPrefix(context.dateShiftPrefix) ?? 0, true)
  }
}

/** Returns where the lines end that begin at `start` and are walked together. */
function pieceEnd({ source, end, isDocument }: WalkLines, start: number): number {
  if (isDocument || end - start <= PIECE_BYTES) return end
  const last = source.lastIndexOf(LF, start + PIECE_BYTES - 1)
  if (last >= start) return last + 1
  const next = source.indexOf(LF, start + PIECE_BYTES)
  return next < 0 || next >= end ? end : next + 1
}

/**
 * Walks a piece of the lines. `before` counts the lines that were served before it since the last left line; the result
 * those after the last one.
 */
function walkPiece(
  { memory, answers }: Instance,
  { source, start, end, isDocument, context }: WalkLines,
  before: WalkedLines,
  out: Output,
  serve: ServeLine,
): WalkedLines {
  const { exports } = memory
  const { from, to, out: outAt } = memory.load(source, { start, end, endByte: isDocument ? 0 : LF })
  answers.begin(context, { from, to })
  exports.begin(from, to, outAt)
  let served = before
  let counted = NO_LINES
  for (let at = from; at < to; ) {
    at = exports.walk(at, outAt)
    append(out, memory.bytes, outAt, exports.output.value)
    const now = countsOf(exports)
    served = sum(served, since(counted, now))
    counted = now
    if (at >= to) break
    const next = exports.next.value
    serve(start + at - from, start + next - from, served)
    served = NO_LINES
    at = next
  }
  return served
}

function writeDigitWeights(memory: WalkMap, settingsAt: number, { weights, ...rest }: DigitWeights): void {
  const at = memory.allocate(weights.byteLength)
  const { view } = memory
  weights.forEach((weight, k) => {
    view.setInt16(at + k * 2, weight, true)
  })
  view.setUint32(settingsAt + SETTINGS.DIGIT_WEIGHTS, at, true)
  view.setUint32(settingsAt + SETTINGS.DIGIT_SUM, rest.sum, true)
  view.setUint32(settingsAt + SETTINGS.DIGIT_MODULUS, rest.modulus, true)
  view.setInt32(settingsAt + SETTINGS.DIGIT_LEAST, rest.least, true)
}

interface Instance {
  readonly memory: WalkMap
  readonly answers: WalkAnswers
  readonly settingsAt: number
  readonly firstSize: number
}

/**
 * Lines are walked in pieces of this size, or one line if it is longer, so that both windows stay in the processor's
 * cache from the copy in to the copy out.
 */
const PIECE_BYTES = 2 ** 17

/** Room for tables at first: V8 collects garbage as if all memory were in use. Programs that need more get it after a call. */
const FIRST_TABLE_BYTES = 2 ** 22
/** Room for the records that every program needs: settings, names, days by patient. */
const FIXED_BYTES = 2 ** 18
/** Two counters for each rule, and their rounding. */
const BYTES_PER_RULE = 16
const LF = 0x0a
const NO_LINES: WalkedLines = { lines: 0, blank: 0, delivered: 0 }
const SCOPES = { root: SCOPE.ROOT, patient: SCOPE.PATIENT, item: SCOPE.FIXED } as const

const countsOf = ({ lines, blank, delivered }: WalkMap['exports']): WalkedLines => ({
  lines: lines.value,
  blank: blank.value,
  delivered: delivered.value,
})

const since = (before: WalkedLines, now: WalkedLines): WalkedLines => ({
  lines: now.lines - before.lines,
  blank: now.blank - before.blank,
  delivered: now.delivered - before.delivered,
})

const sum = (one: WalkedLines, other: WalkedLines): WalkedLines => ({
  lines: one.lines + other.lines,
  blank: one.blank + other.blank,
  delivered: one.delivered + other.delivered,
})

function append(out: Output, bytes: Buffer, from: number, to: number): void {
  if (to === from) return
  out.reserve(to - from)
  bytes.copy(out.bytes, out.length, from, to)
  out.length += to - from
}
