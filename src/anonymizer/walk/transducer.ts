import { numberText } from '../../fhir/decimal.js'
import { patientIdOf } from '../../fhir/patient-compartment.js'
import { trimText } from '../../fhir/text.js'
import {
  findMember,
  findStringMember,
  JsonError,
  type LatinBuffer,
  MAX_DEPTH,
  stringText,
} from '../../json/scanner.js'
import { copyBytes, viewOf } from '../copy-bytes.js'
import type { AnonymizerCounts } from '../counts.js'
import { addLabels, fullInstant, metaWithLabels } from '../labels.js'
import { MIDNIGHT_UTC } from '../methods/date-shift.js'
import { isFailure, type LeafPlace, RECORD } from '../methods/leaf.js'
import { over89Test } from '../methods/over-89.js'
import { compileShiftDays, type ShiftDays } from '../methods/shift-days.js'
import type { Output } from '../output.js'
import type { CompiledRule, Program } from '../program.js'
import type { LineContext } from '../spec.js'
import { type CalendarDate, moveDate, readDate, timeOffsetAt, writeDate } from './date-bytes.js'
import { HashQueue } from './hash-queue.js'
import { NameSet, nextHash } from './perfect-hash.js'
import { HEX, ID, keyEnd, LETTER, PLAIN_ASCII, Skipper, scanBoolean, scanNumber, scanString } from './scan.js'
import { ACT, type Edge, type ResourceStart, SEEN_WORDS, type Table, WalkTables } from './walk-tables.js'

/**
 * Anonymizes a line in one pass over its bytes. What it does not do, it leaves to the interpreter by returning false:
 * types with a rule that does not compile, and whatever is rare or not acceptable in a line (escaped keys, nulls and
 * empty values, `_` arrays, unknown elements, faults, white space between tokens). So it never rejects, and what it
 * writes is what the interpreter writes.
 *
 * INVARIANT pending: `source[pending, p)` is read, kept and not yet written; `length` bytes of the line's output are.
 * INVARIANT comma: a member or item that goes takes the comma before it along, the first one the comma behind it.
 * INVARIANT overrun: reading may run past `end`, into what is no part of the line; the position at the end tells.
 * A position of 0 is a bail: no value begins at 0.
 */
export class Transducer {
  private readonly tables: WalkTables
  private readonly hashes: HashQueue | undefined
  private readonly place: MutablePlace
  private readonly skipper = new Skipper()

  private source: LatinBuffer = Buffer.alloc(0) as unknown as LatinBuffer
  private end = 0
  private lineStart = 0
  private sourceView = viewOf(this.source)
  private context: LineContext = NO_CONTEXT
  private out: Output | undefined
  private target: LatinBuffer = Buffer.alloc(0) as LatinBuffer
  private length = 0
  private targetView = viewOf(this.target)
  private pending = 0

  /** Whether the last value read left nothing behind. */
  private gone = false
  private records = 0
  /** Keys seen in the open objects: 8 words of 32 for each depth. */
  private readonly seen = new Int32Array((MAX_DEPTH + 2) * SEEN_WORDS)
  private hits = new Int32Array(1 << 12)
  private hitCount = 0

  /** Where the resource begins whose patient dates shift by, and its type. */
  private ownerStart = 0
  private ownerType = ''
  /** The owner's patient, once looked for. */
  private patientId: string | undefined
  private rootType = ''
  private rootTable: Table | undefined
  private shiftingRule = 0
  private idEnd = 0
  /** Where the root's hashed id stands in the output; 0 while it does not. */
  private rootDigitsAt = 0
  /** Number of the rule that hashed it. */
  private rootDigitsRule = 0
  /** The days dates move by for that id; UNKNOWN_DAYS before one needs them. */
  private rootDays = UNKNOWN_DAYS
  private readonly resourceNames: NameSet
  private rootIds: RootId | undefined
  private depthOfResource = 0
  private lastType: { readonly bytes: Uint8Array; readonly start: ResourceStart } | undefined

  private readonly date: CalendarDate = { year: 0, month: 0, day: 0 }
  private readonly isOver89: (date: CalendarDate) => boolean
  private readonly shiftDays: ShiftDays | undefined
  private readonly removesTimeZone: boolean

  constructor(private readonly program: Program) {
    this.isOver89 = over89Test(program.spec.asOf)
    const { parameters } = program.spec
    const { cryptoHashKey, dateShiftFixedOffsetInDays, dateShiftTimeZone } = parameters
    const shifts = program.neededKeys.has('dateShiftKey') || dateShiftFixedOffsetInDays !== undefined
    this.shiftDays = shifts ? compileShiftDays(parameters) : undefined
    this.removesTimeZone = dateShiftTimeZone === 'remove'
    this.tables = new WalkTables(program)
    this.resourceNames = new NameSet([...program.elements.resources.keys()])
    const hashes = program.neededKeys.has('cryptoHashKey')
    this.hashes = hashes && cryptoHashKey !== undefined ? new HashQueue(cryptoHashKey) : undefined
    this.place = { item: '', record: 0, offset: 0, prefix: () => this.prefix() }
  }

  /** Appends the anonymized `source[start, end)` to `out`, or returns false and leaves `out` as it was. */
  write(source: Buffer, start: number, end: number, context: LineContext, out: Output): boolean {
    if (source !== this.source) {
      this.source = source as LatinBuffer
      this.sourceView = viewOf(source)
    }
    this.lineStart = start
    this.end = end
    this.context = context
    this.out = out
    const before = out.length
    this.length = before
    out.reserve((end - start) * 2 + SLACK_BYTES)
    this.target = out.bytes as LatinBuffer
    this.targetView = out.view
    this.pending = start
    this.records = 0
    this.hitCount = 0
    this.depthOfResource = 0
    this.rootTable = undefined
    this.rootIds = undefined
    this.rootDigitsAt = 0
    this.rootDays = UNKNOWN_DAYS
    this.place.item = context.item
    this.place.record = context.record
    if (start >= end || source[start] !== 0x7b) return false
    const stop = this.guarded(start)
    if (stop !== end) {
      this.hashes?.clear()
      out.length = before
      return false
    }
    this.flush(end)
    this.hashes?.settle(this.sourceView, out)
    out.length = this.length
    return true
  }

  /** Counts the last line and its elements by the rules that had them. */
  count({ elementsByRule, resourcesByType }: AnonymizerCounts): void {
    for (let k = 0; k < this.hitCount; k++) elementsByRule[this.hits[k] - 1]++
    resourcesByType.set(this.rootType, (resourcesByType.get(this.rootType) ?? 0) + 1)
  }

  private guarded(start: number): number {
    try {
      return this.resource(start, '', 1, NO_BAIL_TYPES)
    } catch (error) {
      // The looks ahead for ids read parts of the line that may not be JSON.
      if (error instanceof JsonError) return 0
      throw error
    }
  }

  // --- writing -------------------------------------------------------------------------------------------------

  private reserve(bytes: number): void {
    if (this.length + bytes <= this.target.length) return
    const out = this.out as Output
    out.length = this.length
    out.reserve(bytes + SLACK_BYTES)
    this.target = out.bytes as LatinBuffer
    this.targetView = out.view
  }

  /** Writes what is pending before `to`. */
  private flush(to: number): void {
    const { pending } = this
    const count = to - pending
    if (count > 0) {
      this.reserve(count)
      copyBytes(this.sourceView, pending, to, this.targetView, this.length)
      this.length += count
    }
    this.pending = to
  }

  private writeText(text: string): void {
    this.reserve(text.length * 3)
    this.length += Buffer.from(this.target.buffer, this.target.byteOffset, this.target.length).write(
      text,
      this.length,
    )
  }

  private writeBytes(bytes: Uint8Array): void {
    this.reserve(bytes.length)
    this.target.set(bytes, this.length)
    this.length += bytes.length
  }

  private hit(rule: number): void {
    if (this.hitCount === this.hits.length) {
      const grown = new Int32Array(this.hits.length * 2)
      grown.set(this.hits)
      this.hits = grown
    }
    this.hits[this.hitCount++] = rule
  }

  // --- resources -----------------------------------------------------------------------------------------------

  /** `p` is the resource's opening brace; returns the position behind its closing one. */
  private resource(p: number, name: string, depth: number, bailTypes: ReadonlySet<string>): number {
    const contained = name === 'contained'
    const start = this.startOf(p, name)
    if (start === undefined || bailTypes.has(start.type.name)) return 0
    if (start.guard?.isIdle(this.source, p, this.end) === false) return 0
    const outerRecords = this.records
    const { ownerStart, ownerType } = this
    this.records = 0
    if (!contained) {
      this.ownerStart = p
      this.ownerType = start.type.name
      this.patientId = undefined
    }
    this.depthOfResource++
    if (this.depthOfResource === 1) {
      this.rootTable = start.table
      this.rootType = start.type.name
    }
    const stop = this.object(start.table, p, depth, contained ? RESOURCE_CONTAINED : RESOURCE_LABELLED)
    this.depthOfResource--
    this.ownerStart = ownerStart
    this.ownerType = ownerType
    if (!contained) this.patientId = undefined
    this.records |= outerRecords
    this.gone = false
    return stop
  }

  /** `name` is the resource's own as an element: `contained`, `resource`; '' for the root. */
  private startOf(p: number, name: string): ResourceStart | undefined {
    const { source, lastType } = this
    if (lastType !== undefined && lastType.start.name === name) {
      const { bytes } = lastType
      let k = 0
      while (k < bytes.length && source[p + k] === bytes[k]) k++
      if (k === bytes.length) return lastType.start
    }
    const type = findStringMember(source, p, this.end, 'resourceType')
    if (type === undefined) return undefined
    const start = this.tables.start(type.text, name)
    if (start !== undefined) this.lastType = { bytes: Buffer.from(`{"resourceType":"${type.text}"`), start }
    return start
  }

  /** Puts the labels into the meta at `metaStart` of the output, or writes one; `p` is the closing brace. */
  private label(p: number, metaStart: number, metaEnd: number): void {
    this.flush(p)
    const out = this.out as Output
    if (metaStart >= 0) {
      this.hashes?.settle(this.sourceView, out)
      out.length = this.length
      addLabels(out, metaStart, metaEnd, this.records)
      this.target = out.bytes as LatinBuffer
      this.targetView = out.view
      this.length = out.length
      return
    }
    const meta = metaWithLabels(this.records)
    this.reserve(meta.length + 1)
    this.target[this.length++] = 0x2c
    this.writeBytes(meta)
  }

  // --- objects and arrays --------------------------------------------------------------------------------------

  /** `p` is an opening brace; returns the position behind the closing one. `gone` tells whether nothing is left. */
  private object(table: Table, p: number, depth: number, kind: number): number {
    const { source, sourceView, seen } = this
    if (depth > MAX_DEPTH) return 0
    const seenAt = depth * SEEN_WORDS
    for (let k = 0; k < table.words; k++) seen[seenAt + k] = 0
    let guess = table.first
    let previous: Edge | undefined
    let kept = 0
    let metaStart = -1
    let metaEnd = -1
    p++
    for (;;) {
      const keyStart = p
      // The key: what followed the last time, else by its hash.
      let edge = guess
      let valueStart = edge === undefined ? 0 : keyEnd(sourceView, p, edge.key)
      if (valueStart === 0) {
        edge = this.lookUp(table, p)
        if (edge === undefined) return 0
        valueStart = p + edge.key.length
        if (previous === undefined) table.first = edge
        else previous.guess = edge
      }
      if (edge === undefined) return 0
      const word = seenAt + (edge.index >>> 5)
      const bit = 1 << (edge.index & 31)
      if ((seen[word] & bit) !== 0) return 0
      seen[word] |= bit

      if (source[valueStart] === 0x22 && edge.isPlainString) {
        // Strings that stay or go as they are: most of all values, without the bookkeeping of the others.
        if (edge.counts !== 0) this.hit(edge.counts)
        p = scanString(source, sourceView, valueStart, this.end)
        if (p === 0) return 0
        if (edge.act === ACT.KEEP_STRING) kept++
        else {
          this.records |= RECORD.REDACT
          this.flush(kept === 0 ? keyStart : keyStart - 1)
          this.pending = p
        }
      } else {
        const savedLength = this.length
        const savedPending = this.pending
        if (edge.isMeta) {
          this.flush(valueStart)
          metaStart = this.length
        }
        p =
          source[valueStart] === 0x5b
            ? this.array(edge, valueStart, depth + 1)
            : this.single(edge, valueStart, depth)
        if (p === 0) return 0
        if (this.gone) {
          this.length = savedLength
          this.pending = savedPending
          this.flush(kept === 0 ? keyStart : keyStart - 1)
          this.pending = p
          if (edge.isMeta) metaStart = -1
        } else {
          kept++
          if (edge.isMeta) {
            this.flush(p)
            metaEnd = this.length
          }
        }
      }
      const c = source[p]
      if (c === 0x2c) {
        p++
        if (kept === 0) this.pending = p
      } else if (c === 0x7d) break
      else return 0
      previous = edge
      guess = edge.guess
    }
    if (kind === RESOURCE_LABELLED && this.records !== 0) this.label(p, metaStart, metaEnd)
    this.gone = kept === 0
    return p + 1
  }

  private lookUp(table: Table, p: number): Edge | undefined {
    const { source } = this
    if (source[p] !== 0x22) return undefined
    let hash = 0
    let q = p + 1
    for (let c = source[q]; c !== 0x22; c = source[++q]) {
      if (c < 0x20 || c >= 0x80 || c === 0x5c || c === undefined) return undefined
      hash = nextHash(hash, c)
    }
    const edge = table.at(hash)
    return edge !== undefined && keyEnd(this.sourceView, p, edge.key) !== 0 ? edge : undefined
  }

  private single(edge: Edge, p: number, depth: number): number {
    if (edge.arity === 1) return 0
    return this.value(edge, p, depth)
  }

  /** `p` is an opening bracket. */
  private array(edge: Edge, p: number, depth: number): number {
    const { source } = this
    if (edge.arity === 0 || edge.isUnderscore || depth > MAX_DEPTH) return 0
    let kept = 0
    p++
    for (;;) {
      const itemStart = p
      const savedLength = this.length
      const savedPending = this.pending
      p = this.value(edge, p, depth)
      if (p === 0) return 0
      if (this.gone) {
        this.length = savedLength
        this.pending = savedPending
        this.flush(kept === 0 ? itemStart : itemStart - 1)
        this.pending = p
      } else kept++
      const c = source[p]
      if (c === 0x2c) {
        p++
        if (kept === 0) this.pending = p
      } else if (c === 0x5d) break
      else return 0
    }
    this.gone = kept === 0
    return p + 1
  }

  private value(edge: Edge, p: number, depth: number): number {
    if (edge.counts !== 0) this.hit(edge.counts)
    switch (edge.act) {
      case ACT.KEEP_STRING:
        this.gone = false
        return this.source[p] === 0x22 ? scanString(this.source, this.sourceView, p, this.end) : 0
      case ACT.OBJECT:
        if (this.source[p] !== 0x7b) return 0
        edge.table ??= edge.makeTable()
        return this.object(edge.table, p, depth + 1, PLAIN)
      case ACT.DROP:
        return this.drop(edge, p, depth)
      case ACT.HASH:
      case ACT.HASH_REFERENCE:
        return this.hash(edge, p)
      case ACT.METHOD:
        return this.method(edge, p)
      case ACT.SHIFT:
        return this.shift(edge, p)
      case ACT.KEEP_YEAR:
        return this.keepYear(edge, p)
      case ACT.KEEP_NUMBER:
        this.gone = false
        return scanNumber(this.source, p)
      case ACT.KEEP_BOOLEAN:
        this.gone = false
        return scanBoolean(this.source, p)
      case ACT.RESOURCE_TYPE:
        this.gone = false
        return this.source[p] === 0x22 ? scanString(this.source, this.sourceView, p, this.end) : 0
      case ACT.RESOURCE:
        if (this.source[p] !== 0x7b) return 0
        return this.resource(p, edge.leaf.name, depth + 1, edge.bailTypes)
      default:
        return 0
    }
  }

  // --- dropping ------------------------------------------------------------------------------------------------

  /** A value of which redact leaves nothing: only its syntax counts, and that there is something in it. */
  private drop(edge: Edge, p: number, depth: number): number {
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
    const { skipper } = this
    const skipped = skipper.skip(source, this.sourceView, p, this.end, depth + 1)
    if (skipped === 0 || !skipper.sawValue) return 0
    this.records |= RECORD.REDACT
    this.gone = true
    return skipped
  }

  // --- methods -------------------------------------------------------------------------------------------------

  /** Hashes the string at `p`: by its bytes where they are plain ASCII, otherwise as any other method. */
  private hash(edge: Edge, p: number): number {
    const { source, hashes } = this
    if (source[p] !== 0x22 || hashes === undefined) return 0
    let from = p + 1
    let q = from
    let c = source[q]
    if (edge.act === ACT.HASH_REFERENCE) {
      from = this.referenceId(q)
      if (from === 0) return this.method(edge, p)
      q = this.idEnd
      c = source[q]
    } else {
      if (c === 0x20) return this.method(edge, p)
      while (PLAIN_ASCII[c] === 1) c = source[++q]
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
   * Where the id begins in a reference `Type/id`, `#id` or `urn:uuid:…` that begins at `p`; 0 for any other form. Its
   * end is in `idEnd`.
   */
  private referenceId(p: number): number {
    const { source } = this
    let q = p
    if (source[p] === 0x75) {
      for (let k = 0; k < URN_UUID.length; k++) if (source[p + k] !== URN_UUID[k]) return 0
      const id = p + URN_UUID.length
      for (let k = 0; k < 36; k++) {
        const c = source[id + k]
        if (k === 8 || k === 13 || k === 18 || k === 23 ? c !== 0x2d : HEX[c] !== 1) return 0
      }
      this.idEnd = id + 36
      return source[id + 36] === 0x22 ? id : 0
    }
    if (source[p] !== 0x23) {
      while (LETTER[source[q]] === 1) q++
      if (source[q] !== 0x2f || !this.resourceNames.has(this.sourceView, p, q)) return 0
    }
    const id = ++q
    while (ID[source[q]] === 1) q++
    this.idEnd = q
    return source[q] === 0x22 && q - id <= 64 ? id : 0
  }

  /** Runs a rule's method on the scalar at `p`. */
  private method(edge: Edge, p: number): number {
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

  /** Moves a complete date at `p`, with or without a complete time; any other goes to the method. */
  private shift(edge: Edge, p: number): number {
    const { source, date, shiftDays } = this
    if (source[p] !== 0x22 || shiftDays === undefined || !readDate(source, p + 1, date))
      return this.method(edge, p)
    const timeAt = p + 11
    const isDay = source[timeAt] === 0x22
    const offsetAt = isDay || edge.leaf.type === 'date' ? 0 : timeOffsetAt(source, timeAt)
    if (isDay ? edge.leaf.type === 'instant' : offsetAt === 0) return this.method(edge, p)
    if (this.isOver89(date)) return this.method(edge, p)
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
    if (this.removesTimeZone) {
      if (edge.leaf.type === 'instant') this.writeBytes(MIDNIGHT_BYTES)
      this.pending = stop - 1
      return stop
    }
    if (!isDay)
      for (let q = timeAt; q < offsetAt; q++) {
        const c = source[q]
        this.target[this.length++] = c >= 0x30 && c <= 0x39 ? 0x30 : c
      }
    this.pending = isDay ? timeAt : offsetAt
    return stop
  }

  /** Keeps the year of a complete date at `p`, with or without a complete time; any other goes to the method. */
  private keepYear(edge: Edge, p: number): number {
    const { source, date } = this
    if (source[p] !== 0x22 || edge.isMetaInstant || !readDate(source, p + 1, date) || this.isOver89(date))
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

  /** By the digits of the root's id where they stand in the output, else by the prefix. */
  private days(shiftDays: ShiftDays): number | undefined {
    const isAfterId = this.depthOfResource > 1 || this.rootDigitsRule < this.shiftingRule
    if (this.rootDigitsAt === 0 || !isAfterId || !this.shiftsByRoot())
      return shiftDays.ofPrefix(this.prefix())
    if (this.rootDays === UNKNOWN_DAYS) {
      this.hashes?.settle(this.sourceView, this.out as Output)
      this.rootDays = shiftDays.ofDigits(this.target, this.rootDigitsAt)
    }
    return this.rootDays
  }

  private shiftsByRoot(): boolean {
    const { dateShiftScope } = this.program.spec.parameters
    if (dateShiftScope === 'patient') return false
    return dateShiftScope === 'resource' || this.context.dateShiftPrefix === ''
  }

  /** What dates shift by: the scope's prefix, else the root's id as the rules before the shifting one left it. */
  private prefix(): string {
    const { dateShiftScope } = this.program.spec.parameters
    if (dateShiftScope === 'patient') {
      this.patientId ??= patientIdOf(this.ownerType, this.source, this.ownerStart, this.end)
      return this.patientId
    }
    return this.shiftsByRoot() ? this.rootId() : this.context.dateShiftPrefix
  }

  /** In the root's own turn only the rules before the shifting one have run. */
  private rootId(): string {
    this.rootIds ??= this.findRootId()
    const { raw, changed, rule } = this.rootIds
    return this.depthOfResource === 1 && rule > this.shiftingRule ? raw : changed
  }

  private findRootId(): RootId {
    const { source } = this
    const found = findMember(source, this.lineStart, this.end, 'id')
    if (found === undefined) return NO_ID
    if (source[found.start] !== 0x22) throw new JsonError('INVALID_JSON', found.start, 'the id is no string')
    const raw = trimText(stringText(source, found.start, found.end))
    const edge = this.rootTable?.edges.find(({ leaf, isUnderscore }) => leaf.name === 'id' && !isUnderscore)
    const rule = edge?.rule
    if (rule === undefined || edge === undefined || raw === '') return { raw, changed: raw, rule: 0 }
    const offset = this.context.baseOffset + found.start - this.lineStart
    if (this.rootDigitsAt > 0) {
      this.hashes?.settle(this.sourceView, this.out as Output)
      const changed = this.target.latin1Slice(this.rootDigitsAt, this.rootDigitsAt + 64)
      return { raw, changed, rule: rule.number }
    }
    const change = rule.change({ ...edge.leaf, text: raw }, { ...this.place, offset, prefix: () => '' })
    const json = isFailure(change) ? undefined : change.json
    const changed = json === undefined ? raw : json === null ? '' : (JSON.parse(json) as string)
    return { raw, changed, rule: rule.number }
  }
}

/** The root's id as it stands and as the rule (by number) that has it leaves it. */
interface RootId {
  readonly raw: string
  readonly changed: string
  readonly rule: number
}

const NO_ID: RootId = { raw: '', changed: '', rule: 0 }

type MutablePlace = { -readonly [K in keyof LeafPlace]: LeafPlace[K] }

const UNKNOWN_DAYS = 2 ** 30
const SLACK_BYTES = 4096
const MIDNIGHT_BYTES = Buffer.from(MIDNIGHT_UTC)
const PLAIN = 0
const RESOURCE_LABELLED = 1
const RESOURCE_CONTAINED = 2
const NO_BAIL_TYPES: ReadonlySet<string> = new Set()
const NO_CONTEXT: LineContext = { item: '', record: 0, baseOffset: 0, dateShiftPrefix: '' }
const URN_UUID = Buffer.from('urn:uuid:')
