import { numberText } from '../../fhir/decimal.js'
import { trimText } from '../../fhir/text.js'
import { HEX, LETTER } from '../../json/byte-classes.js'
import { stringText } from '../../json/scanner.js'
import { fullInstant } from '../labels.js'
import { MIDNIGHT_UTC } from '../methods/date-shift.js'
import { isFailure, RECORD } from '../methods/leaf.js'
import { type CalendarDay, over89Test } from '../methods/over-89.js'
import { compileShiftDays, type ShiftDays } from '../methods/shift-days.js'
import type { Output } from '../output.js'
import type { CompiledRule, Program } from '../program.js'
import { type CalendarDate, moveDate, readDate, timeOffsetAt, writeDate } from './date-bytes.js'
import { DateShifts } from './date-shifts.js'
import { HashQueue } from './hash-queue.js'
import { NameSet } from './perfect-hash.js'
import { ID, PLAIN_ASCII, Skipper, scanBoolean, scanNumber, scanString } from './scan.js'
import { ACT, type Edge } from './walk-tables.js'

/**
 * The steps of the walk that do more than keep a value. Each takes the position where the value begins and returns
 * the one after it, or 0 to leave the line to the interpreter. `gone` is set if nothing is left of the value.
 */
export class ValueSteps extends DateShifts {
  /** Whether the last value read left nothing. */
  protected gone = false
  /** Bits of RECORD for changes in the current resource. */
  protected records = 0
  readonly #skipper = new Skipper()
  readonly #resourceNames: NameSet
  /** End of the id that `#referenceId` found. */
  #idEnd = 0
  readonly #date: CalendarDate = { year: 0, month: 0, day: 0 }
  readonly #isOver89: (date: CalendarDay) => boolean
  readonly #shiftDays: ShiftDays | undefined
  readonly #removesTimeZone: boolean

  constructor(program: Program) {
    super(program)
    const { asOf, parameters } = program.spec
    this.#isOver89 = over89Test(asOf)
    const { dateShiftFixedOffsetInDays, dateShiftTimeZone } = parameters
    const shifts = program.neededKeys.has('dateShiftKey') || dateShiftFixedOffsetInDays !== undefined
    this.#shiftDays = shifts ? compileShiftDays(parameters) : undefined
    this.#removesTimeZone = dateShiftTimeZone === 'remove'
    this.#resourceNames = new NameSet([...program.elements.resources.keys()])
  }

  /** Drops a value of which redact leaves nothing. It only checks the syntax and that the value is not empty. */
  protected drop(edge: Edge, p: number, depth: number): number {
    const { source } = this
    const c = source[p]
    if (edge.opening === 0) {
      const stop = edge.leaf.kind === 'boolean' ? scanBoolean(source, p) : scanNumber(source, p)
      this.records |= RECORD.REDACT
      this.gone = true
      return stop
    }
    if (c !== edge.opening) return 0
    if (c === 0x22) {
      const stop = scanString(source, this.sourceView, p, this.end)
      this.records |= RECORD.REDACT
      this.gone = true
      return stop
    }
    const skipper = this.#skipper
    const skipped = skipper.skip(source, this.sourceView, p, this.end, depth + 1)
    if (skipped === 0 || !skipper.sawValue) return 0
    this.records |= RECORD.REDACT
    this.gone = true
    return skipped
  }

  /** Hashes the string at `p`: by its bytes if they are plain ASCII, otherwise by the rule's method. */
  protected hash(edge: Edge, p: number): number {
    const { source, hashes } = this
    if (source[p] !== 0x22 || hashes === undefined) return 0
    let from = p + 1
    let q = from
    let c = source[q] as number
    if (edge.act === ACT.HASH_REFERENCE) {
      from = this.#referenceId(q)
      if (from === 0) return this.method(edge, p)
      q = this.#idEnd
      c = source[q] as number
    } else {
      if (c === 0x20) return this.method(edge, p)
      while (PLAIN_ASCII[c] === 1) c = source[++q] as number
      if (source[q - 1] === 0x20) return this.method(edge, p)
    }
    if (c !== 0x22 || q === from || q - from > HashQueue.maxBytes) return this.method(edge, p)
    this.flush(from)
    this.reserve(64)
    if (edge.isId && this.depthOfResource === 1) {
      this.rootDigitsAt = this.length
      this.rootDigitsRule = (edge.rule as CompiledRule).number
    }
    hashes.write(this.sourceView, from, q, this.out as Output, this.length)
    this.length += 64
    this.pending = q
    this.records |= RECORD.CRYPTOHASH
    this.gone = false
    return q + 1
  }

  /**
   * Returns the start of the id in a reference `Type/id`, `#id` or `urn:uuid:…` at `p`; 0 for any other form. Sets
   * `#idEnd`.
   */
  #referenceId(p: number): number {
    const { source } = this
    let q = p
    if (source[p] === 0x75) {
      for (let k = 0; k < URN_UUID.length; k++) if (source[p + k] !== URN_UUID[k]) return 0
      const id = p + URN_UUID.length
      for (let k = 0; k < 36; k++) {
        const c = source[id + k] as number
        if (k === 8 || k === 13 || k === 18 || k === 23 ? c !== 0x2d : HEX[c] !== 1) return 0
      }
      this.#idEnd = id + 36
      return source[id + 36] === 0x22 ? id : 0
    }
    if (source[p] !== 0x23) {
      while (LETTER[source[q] as number] === 1) q++
      if (source[q] !== 0x2f || !this.#resourceNames.has(this.sourceView, p, q)) return 0
    }
    const id = ++q
    while (ID[source[q] as number] === 1) q++
    this.#idEnd = q
    return source[q] === 0x22 && q - id <= 64 ? id : 0
  }

  /** Runs a rule's method on the scalar at `p`. */
  protected method(edge: Edge, p: number): number {
    const { source } = this
    const rule = edge.rule as CompiledRule
    const { leaf } = edge
    let stop: number
    let text: string
    if (leaf.kind === 'string') {
      stop = source[p] === 0x22 ? scanString(source, this.sourceView, p, this.end) : 0
      if (stop === 0 || stop > this.end) return 0
      text = trimText(stringText(source, p, stop))
    } else if (leaf.kind === 'number') {
      stop = scanNumber(source, p)
      if (stop === 0 || stop > this.end) return 0
      text = numberText(source.latin1Slice(p, stop))
    } else {
      stop = scanBoolean(source, p)
      if (stop === 0) return 0
      text = source[p] === 0x74 ? 'True' : 'False'
    }
    this.place.offset = this.context.baseOffset + p - this.lineStart
    this.shiftingRule = rule.number
    leaf.text = text
    const change = rule.change(leaf, this.place)
    if (isFailure(change)) return 0
    this.records |= change.record
    this.gone = change.json === null
    if (change.json !== undefined && change.json !== null) {
      this.flush(p)
      this.writeText(edge.isMetaInstant ? fullInstant(change.json) : change.json)
      this.pending = stop
    }
    return stop
  }

  /** Shifts a complete date at `p`, with or without a complete time; any other value goes to the method. */
  protected shift(edge: Edge, p: number): number {
    const { source } = this
    const date = this.#date
    const shiftDays = this.#shiftDays
    if (source[p] !== 0x22 || shiftDays === undefined || !readDate(source, p + 1, date))
      return this.method(edge, p)
    const timeAt = p + 11
    const isDay = source[timeAt] === 0x22
    const offsetAt = isDay || edge.leaf.type === 'date' ? 0 : timeOffsetAt(source, timeAt)
    if (isDay ? edge.leaf.type === 'instant' : offsetAt === 0) return this.method(edge, p)
    if (this.#isOver89(date)) return this.method(edge, p)
    this.shiftingRule = (edge.rule as CompiledRule).number
    const days = this.days(shiftDays)
    if (days === undefined || !moveDate(date, days)) return this.method(edge, p)
    this.flush(p + 1)
    this.reserve(64)
    writeDate(this.target, this.length, date)
    this.length += 10
    this.records |= RECORD.PERTURB
    this.gone = false
    const stop = isDay ? timeAt + 1 : offsetAt + (source[offsetAt] === 0x5a ? 2 : 7)
    if (this.#removesTimeZone) {
      if (edge.leaf.type === 'instant') this.writeBytes(MIDNIGHT_BYTES)
      this.pending = stop - 1
      return stop
    }
    if (!isDay)
      for (let q = timeAt; q < offsetAt; q++) {
        const c = source[q] as number
        this.target[this.length++] = c >= 0x30 && c <= 0x39 ? 0x30 : c
      }
    this.pending = isDay ? timeAt : offsetAt
    return stop
  }

  /**
   * Keeps the year of a complete date at `p`, with or without a complete time; any other value goes to the method.
   */
  protected keepYear(edge: Edge, p: number): number {
    const { source } = this
    const date = this.#date
    if (source[p] !== 0x22 || edge.isMetaInstant || !readDate(source, p + 1, date) || this.#isOver89(date))
      return this.method(edge, p)
    let q = p + 11
    if (source[q] !== 0x22) {
      q = edge.leaf.type === 'date' ? 0 : timeOffsetAt(source, q)
      if (q === 0) return this.method(edge, p)
      q += source[q] === 0x5a ? 1 : 6
    }
    this.flush(p + 5)
    this.pending = q
    this.records |= RECORD.REDACT
    this.gone = false
    return q + 1
  }
}

const MIDNIGHT_BYTES = Buffer.from(MIDNIGHT_UTC)
const URN_UUID = Buffer.from('urn:uuid:')
