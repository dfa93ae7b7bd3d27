import { findStringMember, JsonError, MAX_DEPTH } from '../../json/scanner.js'
import { type AnonymizerCounts, countElement, countResource } from '../counts.js'
import { addLabels, metaWithLabels } from '../labels.js'
import { RECORD } from '../methods/leaf.js'
import type { Output } from '../output.js'
import type { Program } from '../program.js'
import type { LineContext } from '../spec.js'
import { nextHash } from './perfect-hash.js'
import { keyEnd, scanBoolean, scanNumber, scanString } from './scan.js'
import { ValueSteps } from './value-steps.js'
import { ACT, type Edge, type ResourceStart, SEEN_WORDS, type Table, WalkTables } from './walk-tables.js'

/**
 * Anonymizes a line in one pass over its bytes. It returns false to leave a line to the interpreter: for types with a
 * rule that does not compile, and for anything rare or unacceptable (escaped keys, nulls and empty values, `_`
 * arrays, unknown elements, faults, white space between tokens). So it never rejects a line, and it writes exactly
 * what the interpreter would write.
 *
 * INVARIANT loop-reads (`scan.ts`) holds here too.
 * INVARIANT comma: a removed member or item takes the comma before it along, the first one the comma after it.
 */
export class Transducer extends ValueSteps {
  readonly #tables: WalkTables
  /** Bits of the keys seen in the open objects: `SEEN_WORDS` words of 32 bits for each depth. */
  readonly #seen = new Int32Array((MAX_DEPTH + 2) * SEEN_WORDS)
  /** Numbers of the rules that claimed an element of the line. */
  #hits = new Int32Array(1 << 12)
  #hitCount = 0
  #rootType = ''
  #lastType: { readonly bytes: Uint8Array; readonly start: ResourceStart } | undefined

  constructor(program: Program) {
    super(program)
    this.#tables = new WalkTables(program)
  }

  /** Appends the anonymized `source[start, end)` to `out`, or returns false and leaves `out` unchanged. */
  write(source: Buffer, start: number, end: number, context: LineContext, out: Output): boolean {
    if (start >= end || source[start] !== 0x7b) return false
    const before = out.length
    this.begin(source, start, end, out)
    this.beginLine(context)
    this.records = 0
    this.#hitCount = 0
    const stop = this.#guarded(start)
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

  /** Counts the last line, and its elements by the rules that claimed them. */
  count(counts: AnonymizerCounts): void {
    for (let k = 0; k < this.#hitCount; k++) countElement(counts, this.#hits[k] as number)
    countResource(counts, this.#rootType)
  }

  #guarded(start: number): number {
    try {
      return this.#resource(start, '', 1, NO_BAIL_TYPES)
    } catch (error) {
      // Looking ahead for ids reads parts of the line that may not be JSON.
      if (error instanceof JsonError) return 0
      throw error
    }
  }

  /** Walks the resource whose opening brace is at `p`; returns the position after its closing brace. */
  #resource(p: number, name: string, depth: number, bailTypes: ReadonlySet<string>): number {
    const contained = name === 'contained'
    const start = this.#startOf(p, name)
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
      this.#rootType = start.type.name
    }
    const stop = this.#object(start.table, p, depth, contained ? RESOURCE_CONTAINED : RESOURCE_LABELLED)
    this.depthOfResource--
    this.ownerStart = ownerStart
    this.ownerType = ownerType
    if (!contained) this.patientId = undefined
    this.records |= outerRecords
    this.gone = false
    return stop
  }

  /**
   * Returns the start of the walk for the resource at `p`. `name` is its name as an element: `contained`, `resource`;
   * '' for the root.
   */
  #startOf(p: number, name: string): ResourceStart | undefined {
    const { source } = this
    const lastType = this.#lastType
    if (lastType !== undefined && lastType.start.name === name) {
      const { bytes } = lastType
      let k = 0
      while (k < bytes.length && source[p + k] === bytes[k]) k++
      if (k === bytes.length) return lastType.start
    }
    const type = findStringMember(source, p, this.end, 'resourceType')
    if (type === undefined) return undefined
    const start = this.#tables.start(type.text, name)
    if (start !== undefined) this.#lastType = { bytes: Buffer.from(`{"resourceType":"${type.text}"`), start }
    return start
  }

  /**
   * Adds the labels to the meta at `metaStart` of the output, or writes a new meta. `p` is the resource's closing
   * brace.
   */
  #label(p: number, metaStart: number, metaEnd: number): void {
    this.flush(p)
    const out = this.out as Output
    if (metaStart >= 0) {
      this.hashes?.settle(this.sourceView, out)
      out.length = this.length
      addLabels(out, metaStart, metaEnd, this.records)
      this.readOutput(out)
      this.length = out.length
      return
    }
    const meta = metaWithLabels(this.records)
    this.reserve(meta.length + 1)
    this.target[this.length++] = 0x2c
    this.writeBytes(meta)
  }

  /**
   * Walks the object whose opening brace is at `p`; returns the position after the closing one. Sets `gone` if
   * nothing is left.
   */
  #object(table: Table, p: number, depth: number, kind: number): number {
    const { source, sourceView } = this
    const seen = this.#seen
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
      // Tries the key that followed last time, then looks the key up by its hash.
      let edge = guess
      let valueStart = edge === undefined ? 0 : keyEnd(sourceView, p, edge.key)
      if (valueStart === 0) {
        edge = this.#lookUp(table, p)
        if (edge === undefined) return 0
        valueStart = p + edge.key.length
        if (previous === undefined) table.first = edge
        else previous.guess = edge
      }
      if (edge === undefined) return 0
      const word = seenAt + (edge.index >>> 5)
      const bit = 1 << (edge.index & 31)
      const seenBits = seen[word] as number
      if ((seenBits & bit) !== 0) return 0
      seen[word] = seenBits | bit

      if (source[valueStart] === 0x22 && edge.isPlainString) {
        // Most values are strings that are kept or dropped whole; they do without the bookkeeping of the others.
        if (edge.counts !== 0) this.#hit(edge.counts)
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
            ? this.#array(edge, valueStart, depth + 1)
            : this.#single(edge, valueStart, depth)
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
    if (kind === RESOURCE_LABELLED && this.records !== 0) this.#label(p, metaStart, metaEnd)
    this.gone = kept === 0
    return p + 1
  }

  #lookUp(table: Table, p: number): Edge | undefined {
    const { source } = this
    if (source[p] !== 0x22) return undefined
    let hash = 0
    let q = p + 1
    for (let c = source[q]; c !== 0x22; c = source[++q]) {
      if (c === undefined || c < 0x20 || c >= 0x80 || c === 0x5c) return undefined
      hash = nextHash(hash, c)
    }
    const edge = table.at(hash)
    return edge !== undefined && keyEnd(this.sourceView, p, edge.key) !== 0 ? edge : undefined
  }

  #single(edge: Edge, p: number, depth: number): number {
    if (edge.arity === 1) return 0
    return this.#value(edge, p, depth)
  }

  /** Walks the array whose opening bracket is at `p`; returns the position after the closing one. */
  #array(edge: Edge, p: number, depth: number): number {
    const { source } = this
    if (edge.arity === 0 || edge.isUnderscore || depth > MAX_DEPTH) return 0
    let kept = 0
    p++
    for (;;) {
      const itemStart = p
      const savedLength = this.length
      const savedPending = this.pending
      p = this.#value(edge, p, depth)
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

  #value(edge: Edge, p: number, depth: number): number {
    if (edge.counts !== 0) this.#hit(edge.counts)
    switch (edge.act) {
      case ACT.KEEP_STRING:
        this.gone = false
        return this.source[p] === 0x22 ? scanString(this.source, this.sourceView, p, this.end) : 0
      case ACT.OBJECT:
        if (this.source[p] !== 0x7b) return 0
        edge.table ??= edge.makeTable()
        return this.#object(edge.table, p, depth + 1, PLAIN)
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
        return this.#resource(p, edge.leaf.name, depth + 1, edge.bailTypes)
      default:
        return 0
    }
  }

  #hit(rule: number): void {
    if (this.#hitCount === this.#hits.length) {
      const grown = new Int32Array(this.#hits.length * 2)
      grown.set(this.#hits)
      this.#hits = grown
    }
    this.#hits[this.#hitCount++] = rule
  }
}

const PLAIN = 0
const RESOURCE_LABELLED = 1
const RESOURCE_CONTAINED = 2
const NO_BAIL_TYPES: ReadonlySet<string> = new Set()
