import type { ElementType, Member } from '../../fhir/elements.js'
import type { MandatoryMembers } from '../../fhir/mandatory.js'
import { present } from '../../invariant.js'
import type { Criterion } from '../../rules/automaton/predicates/predicate.js'
import { maskedMember } from '../masked-elements.js'
import { Edge, type EdgeTable, type ResourceStart, type Variants } from './edges.js'
import {
  ACT,
  CHOICE,
  EDGE,
  FACT,
  MASK,
  MAX_NAME_BYTES,
  SEEN_WORDS,
  START,
  START_FLAG,
  TABLE,
} from './layout.js'
import { objectKeys } from './object-keys.js'
import { nameHash, withoutCollisions } from './perfect-hash.js'
import { PredicateRecords } from './predicate-records.js'
import type { WalkMap } from './walk-memory.js'

/** What tables hold besides the rules' decisions. */
interface TableSettings {
  /** Returns the kind of an edge's child resource. */
  readonly kindOf: (edge: Edge) => number
  readonly numberOf: (criterion: Criterion) => number
  /** Returns the number of the element by whose definition a code is judged. */
  readonly codeNumberOf: (element: string) => number
  /** The members to mask; absent if mandatory elements are removed as others are. */
  readonly masked: MandatoryMembers | undefined
}

/** Writes tables, starts and names as records into the module's memory. Each returns an address, 0 without room. */
export class RecordWriter {
  readonly #memory: WalkMap
  readonly #countersAt: number
  readonly #settings: TableSettings
  readonly #keys = new Map<string, number>()
  readonly #layouts = new Map<ElementType, Uint8Array>()
  readonly #tables = new Map<EdgeTable, number>()
  readonly #tableAt = new Map<number, EdgeTable>()
  readonly #edges = new Map<number, Edge>()
  readonly #choices = new Map<number, Variants<Edge | EdgeTable>>()
  readonly #variants = new Map<Edge, number>()
  readonly #predicates: PredicateRecords

  /** `countersAt` is the address of the rules' counters. */
  constructor(memory: WalkMap, countersAt: number, settings: TableSettings) {
    this.#memory = memory
    this.#countersAt = countersAt
    this.#settings = settings
    this.#predicates = new PredicateRecords(memory, settings.numberOf)
  }

  /** Returns the edge whose record is at an address. */
  edgeAt(at: number): Edge | undefined {
    return this.#edges.get(at)
  }

  /** Writes a table, once, without the tables below. Its edges are decided when the data has their keys. */
  table(table: EdgeTable): number {
    const known = this.#tables.get(table)
    if (known !== undefined) return known
    const at = this.#write(table)
    this.#tables.set(table, at)
    return at
  }

  #write(table: EdgeTable): number {
    const layout = this.#layout(table.type)
    const at = layout === undefined ? 0 : this.#memory.allocate(layout.length)
    if (at === 0 || layout === undefined) return 0
    this.#memory.bytes.set(layout, at)
    this.#tableAt.set(at, table)
    return at
  }

  /** Returns the bytes of a table of which no edge is known; undefined without room for keys and slots, which are shared. */
  #layout(type: ElementType): Uint8Array | undefined {
    const known = this.#layouts.get(type)
    if (known !== undefined) return known
    const { keys, slots, factor } = objectKeys(type)
    if (keys.length > SEEN_WORDS * 32) throw new RangeError('an object with too many keys')
    const slotsAt = this.#memory.allocate(slots.length * 4)
    const keysAt = keys.map((key) => this.#key(key))
    const mandatory = this.#settings.masked ?? (() => [])
    const masked = mandatory(type)
    const texts = masked.map((member) => Buffer.from(maskedMember(member, mandatory)))
    const masksAt = masked.length === 0 ? undefined : this.#masks(masked, texts, keys)
    if (slotsAt === 0 || keysAt.includes(0) || masksAt === 0) return undefined
    slots.forEach((index, slot) => {
      if (index !== undefined) this.#memory.view.setUint32(slotsAt + slot * 4, edgeOffset(index), true)
    })
    const layout = new Uint8Array(edgeOffset(keys.length))
    const view = new DataView(layout.buffer)
    view.setUint32(TABLE.WORDS, (keys.length + 31) >>> 5, true)
    view.setUint32(TABLE.MASK, slots.length - 1, true)
    view.setUint32(TABLE.FACTOR, factor, true)
    view.setUint32(TABLE.SLOTS, slotsAt, true)
    view.setUint32(TABLE.MASKS, masksAt ?? 0, true)
    const numbers = new Map(
      masked.flatMap(({ key }, k) => [
        [key, k + 1],
        [`_${key}`, k + 1],
      ]),
    )
    keys.forEach((key, index) => {
      const offset = edgeOffset(index)
      view.setUint32(offset + EDGE.KEY, keysAt[index] ?? 0, true)
      view.setUint8(offset + EDGE.KEY_LENGTH, Buffer.byteLength(key) + QUOTES_AND_COLON)
      view.setUint8(offset + EDGE.MANDATORY, numbers.get(key) ?? 0)
      view.setUint16(offset + EDGE.INDEX, index, true)
      view.setUint8(offset + EDGE.ACT, ACT.UNKNOWN)
    })
    this.#layouts.set(type, layout)
    return layout
  }

  /** Writes what stands in for mandatory members. */
  #masks(members: readonly Member[], texts: readonly Buffer[], keys: readonly string[]): number {
    if (members.length > MAX_MASKS) throw new RangeError('a type with too many mandatory members')
    const at = this.#memory.allocate(MASK.FIRST + members.length * MASK.BYTES)
    const textsAt = texts.map(({ length }) => this.#memory.allocate(length))
    if (at === 0 || textsAt.includes(0)) return 0
    const { view, bytes } = this.#memory
    view.setUint32(at, members.length, true)
    members.forEach(({ key }, k) => {
      const maskAt = at + MASK.FIRST + k * MASK.BYTES
      const text = present(texts[k], 'a text')
      const textAt = present(textsAt[k], 'an address')
      bytes.set(text, textAt)
      view.setUint32(maskAt + MASK.KEY_INDEX, keys.indexOf(key), true)
      view.setUint32(maskAt + MASK.TEXT, textAt, true)
      view.setUint32(maskAt + MASK.LENGTH, text.length, true)
    })
    return at
  }

  /** Writes what the rules decide about the edge at an address, whose key the data has for the first time. */
  decide(at: number): void {
    const index = this.#memory.view.getUint16(at + EDGE.INDEX, true)
    const table = present(this.#tableAt.get(at - edgeOffset(index)), 'a table')
    const key = present(objectKeys(table.type).keys[index], 'a key')
    this.#edge(at, present(table.edge(key), 'an edge'))
  }

  /** Writes a choice, without its variants. */
  choice(choice: Variants<Edge | EdgeTable>): number {
    const { predicates } = choice
    const addresses = predicates.map((predicate) => this.#predicates.write(predicate))
    const at = addresses.includes(0) ? 0 : this.#memory.allocate(CHOICE.PREDICATES + predicates.length * 4)
    if (at === 0) return 0
    const { view } = this.#memory
    view.setUint32(at + CHOICE.COUNT, predicates.length, true)
    addresses.forEach((address, k) => {
      view.setUint32(at + CHOICE.PREDICATES + k * 4, address, true)
    })
    this.#choices.set(at, choice)
    return at
  }

  /** Writes a variant of the choice at an address, once; 0 also if the interpreter is needed. */
  variant(choiceAt: number, mask: number): number {
    const variant = this.#choices.get(choiceAt)?.variant(mask)
    if (variant === undefined) return 0
    if (!(variant instanceof Edge)) return this.table(variant)
    const known = this.#variants.get(variant)
    if (known !== undefined) return known
    const at = this.#memory.allocate(EDGE.BYTES)
    if (at !== 0) this.#edge(at, variant)
    this.#variants.set(variant, at)
    return at
  }

  /** Writes an edge, but for its key. */
  #edge(at: number, edge: Edge): void {
    this.#edges.set(at, edge)
    const { view } = this.#memory
    const { act, opening, counts, rule } = edge.facts
    view.setUint8(at + EDGE.ACT, act)
    view.setUint8(at + EDGE.OPENING, opening ?? 0)
    view.setUint16(at + EDGE.FACTS, factBits(edge), true)
    const counter = counts === undefined || counts === 0 ? 0 : this.#countersAt + (counts - 1) * 4
    view.setUint32(at + EDGE.COUNTER, counter, true)
    view.setUint32(at + EDGE.RULE, rule?.number ?? 0, true)
    view.setUint32(at + EDGE.KIND, this.#kindOf(edge), true)
  }

  #kindOf(edge: Edge): number {
    const { child, codeElement, pairPart = 0 } = edge.facts
    if (child !== undefined) return this.#settings.kindOf(edge)
    return codeElement === undefined ? pairPart : this.#settings.codeNumberOf(codeElement)
  }

  /** Writes a key with quotes and colon, once, padded with zeros for comparisons of 16 bytes. */
  #key(key: string): number {
    const known = this.#keys.get(key)
    if (known !== undefined) return known
    const bytes = Buffer.from(`"${key}":`)
    const at = this.#memory.allocate(bytes.length + PADDING)
    if (at === 0) return 0
    this.#memory.bytes.set(bytes, at)
    this.#keys.set(key, at)
    return at
  }

  /** Writes a start and its table. `patientElements` are the keys that `assembly/patients.ts` looks for. */
  start(start: ResourceStart, patientElements: readonly string[] | undefined): number {
    const tableAt = start.kind === 'table' ? this.table(start.table) : this.choice(start.variants)
    const patientAt = patientElements === undefined ? 0 : this.#shortKeys(patientElements)
    const counterAt = this.#memory.allocate(4)
    const at = this.#memory.allocate(START.BYTES)
    if (tableAt === 0 || counterAt === 0 || at === 0) return 0
    const { view } = this.#memory
    const flags =
      (start.name === 'contained' ? START_FLAG.CONTAINED : 0) |
      (start.kind === 'table' ? 0 : START_FLAG.CHOOSES)
    view.setUint32(at + START.TABLE, tableAt, true)
    view.setUint32(at + START.COUNTER, counterAt, true)
    view.setUint32(at + START.FLAGS, flags, true)
    view.setUint32(at + START.PATIENT, patientAt, true)
    return at
  }

  /** Writes the number of keys, and from 16 on each with its quotes in 16 bytes, the length in the last. */
  #shortKeys(keys: readonly string[]): number {
    const at = this.#memory.allocate(16 + keys.length * 16)
    if (at === 0) return 0
    this.#memory.view.setUint32(at, keys.length, true)
    keys.forEach((key, index) => {
      const bytes = Buffer.from(`"${key}"`)
      if (bytes.length > 15) throw new RangeError('a key that is too long')
      const keyAt = at + 16 + index * 16
      this.#memory.bytes.set(bytes, keyAt)
      this.#memory.bytes[keyAt + 15] = bytes.length
    })
    return at
  }

  /** Writes a set of names as a table of names (`assembly/names.ts`). */
  names(names: readonly string[]): number {
    const fitting = names.filter((name) => name.length <= MAX_NAME_BYTES)
    const { slots, factor } = withoutCollisions(fitting, fitting.map(nameHash))
    const at = this.#memory.allocate(TABLE.BYTES)
    const slotsAt = this.#memory.allocate(slots.length * 4)
    if (at === 0 || slotsAt === 0) return 0
    slots.forEach((name, slot) => {
      const nameAt = name === undefined ? 0 : this.#memory.allocate(16 + MAX_NAME_BYTES)
      if (name === undefined || nameAt === 0) return
      this.#memory.view.setUint32(slotsAt + slot * 4, nameAt - at, true)
      this.#memory.view.setUint32(nameAt, name.length, true)
      this.#memory.bytes.set(Buffer.from(name), nameAt + 16)
    })
    const { view } = this.#memory
    view.setUint32(at + TABLE.MASK, slots.length - 1, true)
    view.setUint32(at + TABLE.FACTOR, factor, true)
    view.setUint32(at + TABLE.SLOTS, slotsAt, true)
    return at
  }
}

/** Returns where the edge with an index begins in its table: after the other fields. */
const edgeOffset = (index: number): number => TABLE.BYTES + index * EDGE.BYTES

const QUOTES_AND_COLON = 3
/** Bits of 64, without the first. */
const MAX_MASKS = 63
/** A comparison of 16 bytes may begin at the key's last. */
const PADDING = 16

function factBits({ isPlainString, facts }: Edge): number {
  const { arity, leaf } = facts
  const kind = leaf?.kind === 'boolean' ? FACT.BOOLEAN : leaf?.kind === 'string' ? FACT.STRING : 0
  const date = leaf?.type === 'date' ? FACT.DATE : leaf?.type === 'instant' ? FACT.INSTANT : 0
  const bits: readonly (readonly [boolean | undefined, number])[] = [
    [isPlainString, FACT.PLAIN_STRING],
    [facts.isMeta, FACT.META],
    [facts.isId, FACT.ID],
    [facts.isUnderscore, FACT.UNDERSCORE],
    [arity === 1, FACT.ARRAY],
    [facts.isMetaInstant, FACT.META_INSTANT],
    [facts.isSecurity, FACT.SECURITY],
    [facts.namesPatient, FACT.PATIENT],
    [facts.codeElement !== undefined, FACT.CODE],
  ]
  return bits.reduce((all, [holds, bit]) => (holds === true ? all | bit : all), kind | date)
}
