import { numberText } from '../../fhir/decimal.js'
import { patientElementsOf } from '../../fhir/patient-compartment.js'
import { trimText } from '../../fhir/text.js'
import { present } from '../../invariant.js'
import { JsonError, type LatinBuffer, stringText } from '../../json/scanner.js'
import type { AnonymizerCounts } from '../counts.js'
import { addLabels, codings, fullInstant } from '../labels.js'
import { isFailure, type Leaf, type LeafPlace } from '../methods/leaf.js'
import type { ShiftDays } from '../methods/shift-days.js'
import { Output } from '../output.js'
import type { Program } from '../program.js'
import type { LineContext } from '../spec.js'
import { CodeAnswers } from './code-answers.js'
import { Criteria } from './criteria.js'
import type { Edge, ResourceStart } from './edges.js'
import {
  EDGE,
  METHOD_FAILED,
  METHOD_GONE,
  METHOD_REPLACED,
  NO_DAYS,
  SETTINGS,
  START,
  VERDICT,
} from './layout.js'
import { RecordWriter } from './record-writer.js'
import { ShiftPrefixes } from './shift-prefixes.js'
import type { WalkMap } from './walk-memory.js'
import type { WalkHost } from './walk-module.js'
import type { WalkTables } from './walk-tables.js'

/** A kind of child resource: its name as an element, and the types that need the interpreter. Kind 0 is the root. */
interface Kind {
  readonly name: string
  readonly bailTypes: ReadonlySet<string>
}

/** Answers what the module asks (`assembly/host.ts`): makes its tables, runs methods, finds the days of dates. */
export class WalkAnswers {
  readonly #program: Program
  readonly #criteria: Criteria
  readonly #tables: WalkTables
  readonly #shiftDays: ShiftDays | undefined
  readonly #kinds: Kind[] = [{ name: '', bailTypes: new Set() }]
  readonly #starts = new Map<number, ResourceStart>()
  readonly #startOf = new Map<ResourceStart, number>()
  readonly #place: { -readonly [K in keyof LeafPlace]: LeafPlace[K] }
  #context: LineContext = NO_CONTEXT
  #sourceStart = 0
  #sourceEnd = 0
  #replacement = Buffer.alloc(0)
  #parts: Parts | undefined

  constructor(program: Program, tables: WalkTables, shiftDays: ShiftDays | undefined) {
    this.#program = program
    this.#tables = tables
    this.#shiftDays = shiftDays
    this.#criteria = new Criteria(program.elements, program.spec.asOf)
    this.#place = { item: '', record: 0, offset: 0, prefix: () => '' }
  }

  /** Writes the settings into the module's memory, and returns their address. Call once, before anything else. */
  prepare(memory: WalkMap): number {
    const counterBytes = Math.ceil((this.#program.rules.length * 4) / 16) * 16
    const countersAt = memory.allocate(counterBytes)
    const copyAt = memory.allocate(counterBytes)
    const settingsAt = memory.allocate(SETTINGS.BYTES)
    const { codes: verdicts } = this.#program
    const codes = verdicts && new CodeAnswers(verdicts, memory, settingsAt)
    const writer = new RecordWriter(memory, countersAt, {
      kindOf: (edge) => this.#kindOf(edge),
      numberOf: (criterion) => this.#criteria.numberOf(criterion),
      codeNumberOf: (element) => present(codes, 'the verdicts on codes').numberOf(element),
      masked: this.#program.masked,
    })
    const namesAt = writer.names([...this.#program.elements.resources.keys()])
    const { view } = memory
    view.setUint32(settingsAt + SETTINGS.RULE_COUNTERS, countersAt, true)
    view.setUint32(settingsAt + SETTINGS.COUNTER_BYTES, counterBytes, true)
    view.setUint32(settingsAt + SETTINGS.COUNTER_COPY, copyAt, true)
    view.setUint32(settingsAt + SETTINGS.RESOURCE_NAMES, namesAt, true)
    const prefixes = new ShiftPrefixes(this.#program, memory, this.#place, (at) => this.#starts.get(at))
    this.#place.prefix = () => prefixes.prefix()
    this.#parts = { memory, writer, prefixes, countersAt, codes }
    return settingsAt
  }

  /** Begins a call whose source lies between two addresses. */
  begin(context: LineContext, { from, to: sourceEnd }: { readonly from: number; readonly to: number }): void {
    this.#sourceStart = from
    // The caller changes its context for the lines that are left.
    this.#context = { ...context }
    this.#sourceEnd = sourceEnd
    this.#place.item = context.item
    this.#get().prefixes.begin(this.#context, sourceEnd)
  }

  /** Adds the module's counts, and sets them back to 0. */
  count(counts: AnonymizerCounts): void {
    const { memory, countersAt, codes } = this.#get()
    const { view } = memory
    codes?.count(counts)
    const { elementsByRule, resourcesByType } = counts
    for (let rule = 0; rule < elementsByRule.length; rule++) {
      const count = view.getUint32(countersAt + rule * 4, true)
      if (count === 0) continue
      elementsByRule[rule] = (elementsByRule[rule] ?? 0) + count
      view.setUint32(countersAt + rule * 4, 0, true)
    }
    for (const [at, start] of this.#starts) {
      const counterAt = view.getUint32(at + START.COUNTER, true)
      const count = view.getUint32(counterAt, true)
      if (count === 0) continue
      const { name } = start.type
      resourcesByType.set(name, (resourcesByType.get(name) ?? 0) + count)
      view.setUint32(counterAt, 0, true)
    }
  }

  /** Returns the functions that the module imports. */
  imports(): WalkHost {
    return {
      start: (from, to, kind) => this.#start(from, to, kind),
      edge: (at) => this.#get().writer.decide(at),
      table: (edge) => this.#table(edge),
      variant: (choice, mask) => this.#get().writer.variant(choice, mask),
      verdict: (element, systemFrom, systemTo, codeFrom, codeTo) =>
        this.#get().codes?.verdict(element, [systemFrom, systemTo], [codeFrom, codeTo]) ?? VERDICT.LEAVES,
      criterion: (number, at) =>
        this.#criteria.verdict(number, this.#get().memory.bytes, at, this.#sourceEnd),
      method: (edge, from, to) => this.#method(edge, from, to),
      replacementLength: () => this.#replacement.length,
      replacement: (at) => {
        this.#get().memory.bytes.set(this.#replacement, at)
      },
      days: (rule) => this.#days(rule),
      daysOfDigits: (at) => this.#shiftDays?.ofDigits(this.#get().memory.bytes, at) ?? NO_DAYS,
      daysOfPatient: (from, to) => this.#daysOf(this.#get().memory.bytes.latin1Slice(from, to)),
      codings: (records) => this.#codings(records),
      label: (from, to, end, records) => this.#label(from, to, end, records),
    }
  }

  #start(from: number, to: number, kind: number): number {
    const { memory, writer } = this.#get()
    const { name, bailTypes } = present(this.#kinds[kind], 'a kind of child resource')
    const typeName = memory.bytes.latin1Slice(from, to)
    if (bailTypes.has(typeName)) return 0
    const start = this.#tables.start(typeName, name)
    if (start === undefined) return 0
    const known = this.#startOf.get(start)
    if (known !== undefined) return known
    const at = writer.start(start, patientElementsOf(start.type))
    this.#startOf.set(start, at)
    if (at !== 0) this.#starts.set(at, start)
    return at
  }

  #kindOf({ facts }: Edge): number {
    const { name, bailTypes } = present(facts.child, 'a child resource')
    const known = this.#kinds.findIndex((kind) => kind.name === name && sameSet(kind.bailTypes, bailTypes))
    return known < 0 ? this.#kinds.push({ name, bailTypes }) - 1 : known
  }

  #table(edgeAt: number): number {
    const { memory, writer } = this.#get()
    const { variants, makeEdges } = present(writer.edgeAt(edgeAt), 'an edge').facts
    const at =
      variants === undefined
        ? writer.table(present(makeEdges, 'the keys of an object')())
        : writer.choice(variants)
    memory.view.setUint32(edgeAt + EDGE.TABLE, at, true)
    return at
  }

  #method(edgeAt: number, from: number, to: number): number {
    const { memory, writer, prefixes } = this.#get()
    const { leaf, rule, isMetaInstant } = present(writer.edgeAt(edgeAt), 'an edge').facts
    if (leaf === undefined || rule === undefined) return METHOD_FAILED
    this.#setRecord()
    this.#place.offset = this.#context.baseOffset + from - memory.exports.lineStart.value
    prefixes.rule = rule.number
    try {
      const change = rule.change({ ...leaf, text: textOf(leaf.kind, memory.bytes, from, to) }, this.#place)
      if (isFailure(change)) return METHOD_FAILED
      const { record, json } = change
      if (json === undefined) return record
      if (json === null) return record | METHOD_GONE
      this.#replacement = Buffer.from(isMetaInstant === true ? fullInstant(json) : json)
      return record | METHOD_REPLACED
    } catch (error) {
      // Looking ahead for ids reads parts of the line that may not be JSON.
      if (error instanceof JsonError) return METHOD_FAILED
      throw error
    }
  }

  #days(rule: number): number {
    const { prefixes } = this.#get()
    this.#setRecord()
    prefixes.rule = rule
    try {
      return this.#daysOf(prefixes.prefix())
    } catch (error) {
      if (error instanceof JsonError) return NO_DAYS
      throw error
    }
  }

  /** Sets the place of the current line. */
  #setRecord(): void {
    const lineAt = this.#get().memory.exports.lineStart.value - this.#sourceStart
    this.#place.record = this.#context.record + lineAt
  }

  #daysOf(prefix: string): number {
    return this.#shiftDays?.ofPrefix(prefix) ?? NO_DAYS
  }

  #codings(records: number): number {
    const { memory } = this.#get()
    const bytes = Buffer.from(codings(records))
    const at = memory.allocate(4 + bytes.length)
    if (at === 0) return 0
    memory.view.setUint32(at, bytes.length, true)
    memory.bytes.set(bytes, at + 4)
    return at
  }

  #label(from: number, to: number, end: number, records: number): number {
    const { bytes } = this.#get().memory
    const out = new Output(end - from)
    bytes.copy(out.bytes, 0, from, end)
    out.length = end - from
    addLabels(out, 0, to - from, records)
    out.bytes.copy(bytes, from, 0, out.length)
    return from + out.length
  }

  #get(): Parts {
    return present(this.#parts, 'the prepared memory')
  }
}

interface Parts {
  readonly memory: WalkMap
  readonly writer: RecordWriter
  readonly prefixes: ShiftPrefixes
  readonly countersAt: number
  readonly codes: CodeAnswers | undefined
}

const NO_CONTEXT: LineContext = { item: '', record: 0, baseOffset: 0, dateShiftPrefix: '' }

const sameSet = (a: ReadonlySet<string>, b: ReadonlySet<string>): boolean =>
  a.size === b.size && [...a].every((item) => b.has(item))

/** Returns a scalar's text as methods see it (law 2.5). */
function textOf(kind: Leaf['kind'], bytes: LatinBuffer, from: number, to: number): string {
  if (kind === 'string') return trimText(stringText(bytes, from, to))
  if (kind === 'number') return numberText(bytes.latin1Slice(from, to))
  return bytes[from] === 0x74 ? 'True' : 'False'
}
