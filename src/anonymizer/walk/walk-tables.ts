import { type ElementType, isPrimitive, isQuantity, type Member } from '../../fhir/elements.js'
import { type Arrival, Automaton, isChoice, type Place } from '../../rules/automaton/automaton.js'
import type { AutomatonRule, Effect } from '../../rules/automaton/progress.js'
import { compilePath, isPlain } from '../../rules/automaton/steps.js'
import { redacts } from '../../rules/lint/method-facts.js'
import { Guard } from '../interpreter/guard.js'
import { isReferenceElement, type Leaf } from '../methods/leaf.js'
import type { Method, WalkStep } from '../methods/method.js'
import type { CompiledRule, Program } from '../program.js'
import { nextHash, withoutCollisions } from './perfect-hash.js'
import { type KeyWords, keyWords } from './scan.js'

const NO_TYPES: ReadonlySet<string> = new Set()

/** Actions of the walk on a value. They are numbers so that the walk's switch compiles to a jump table. */
export const ACT = {
  /** Leaves the line to the interpreter. */
  BAIL: 0,
  KEEP_STRING: 1,
  KEEP_NUMBER: 2,
  KEEP_BOOLEAN: 3,
  OBJECT: 4,
  /** Removes the value, checking only its JSON syntax. */
  DROP: 5,
  HASH: 6,
  HASH_REFERENCE: 7,
  METHOD: 8,
  RESOURCE: 9,
  RESOURCE_TYPE: 10,
  SHIFT: 11,
  /** Redacts a date to its year. */
  KEEP_YEAR: 12,
} as const

/**
 * One key of an object, prepared for the walk. It is a class so that all edges share one hidden class, on which the
 * walk's speed depends.
 */
export class Edge {
  readonly name: string
  readonly key: KeyWords
  /** Index among the object's keys, and of its bit in the set of keys seen. */
  readonly index: number
  readonly act: number
  readonly isUnderscore: boolean
  /** 0 for a single value, 1 for an array. */
  readonly arity: number
  /** Required first byte of the value if `act` is DROP: a quote, a brace, or 0 for numbers and booleans. */
  readonly opening: number
  /** Whether the value is a single string that is kept or dropped whole. */
  readonly isPlainString: boolean
  readonly isMeta: boolean
  /** Whether this is the id of a resource. */
  readonly isId: boolean
  /** Number of the rule whose claim begins at this element; 0 for none. */
  readonly counts: number
  readonly rule: CompiledRule | undefined
  /** The element as a method sees it; the walk fills in its text. */
  readonly leaf: MutableLeaf
  readonly isMetaInstant: boolean
  /** Types of child resources that need the interpreter. */
  readonly bailTypes: ReadonlySet<string>
  /** The key that followed this one last time. */
  guess: Edge | undefined = undefined
  /** Table of the object's keys, made by `makeTable` on first use. */
  table: Table | undefined = undefined
  readonly makeTable: () => Table

  constructor(key: string, index: number, facts: EdgeFacts) {
    this.name = key
    this.key = keyWords(`"${key}":`)
    this.index = index
    this.act = facts.act
    this.isUnderscore = facts.isUnderscore ?? false
    this.arity = facts.arity ?? 0
    this.opening = facts.opening ?? 0
    const isStringDrop = facts.act === ACT.DROP && this.opening === 0x22
    this.isPlainString = this.arity !== 1 && (facts.act === ACT.KEEP_STRING || isStringDrop)
    this.isMeta = facts.isMeta ?? false
    this.isId = facts.isId ?? false
    this.counts = facts.counts ?? 0
    this.rule = facts.rule
    this.leaf = {
      name: facts.name ?? key,
      type: facts.type ?? '',
      parentType: facts.parentType ?? '',
      kind: facts.kind ?? 'string',
      text: '',
      isReferenceValue: isReferenceElement({ name: facts.name ?? key, parentType: facts.parentType ?? '' }),
    }
    this.isMetaInstant = facts.isMetaInstant ?? false
    this.bailTypes = facts.bailTypes ?? NO_TYPES
    this.makeTable = facts.makeTable ?? (() => new Table([]))
  }
}

interface EdgeFacts {
  readonly act: number
  readonly isUnderscore?: boolean
  readonly arity?: number
  readonly opening?: number
  readonly isMeta?: boolean
  readonly isId?: boolean
  readonly counts?: number
  readonly rule?: CompiledRule | undefined
  readonly name?: string
  readonly type?: string
  readonly parentType?: string
  readonly kind?: Leaf['kind']
  readonly isMetaInstant?: boolean
  readonly bailTypes?: ReadonlySet<string>
  readonly makeTable?: () => Table
}

export type MutableLeaf = { -readonly [K in keyof Leaf]: Leaf[K] }

/** Number of 32-bit words in the set of keys seen in an object. */
export const SEEN_WORDS = 16

/** The keys that an object at one place may have. */
export class Table {
  /** The key that came first last time. */
  first: Edge | undefined
  /** Number of words that the set of seen keys needs, 32 keys each. */
  readonly words: number
  readonly #slots: (Edge | undefined)[]
  readonly #mask: number
  readonly #factor: number

  constructor(readonly edges: readonly Edge[]) {
    if (edges.length > SEEN_WORDS * 32) throw new RangeError('an object with too many keys')
    this.words = (edges.length + 31) >>> 5
    this.first = edges[0]
    ;({ slots: this.#slots, factor: this.#factor } = withoutCollisions(
      edges,
      edges.map(({ name }) => Buffer.from(name).reduce(nextHash, 0)),
    ))
    this.#mask = this.#slots.length - 1
  }

  /** Returns the edge for a hash; the caller must compare the key's bytes. */
  at(hash: number): Edge | undefined {
    return this.#slots[(Math.imul(hash, this.#factor) >>> 16) & this.#mask]
  }
}

/** The start of a resource's walk. */
export interface ResourceStart {
  readonly type: ElementType
  /** The resource's name as an element: `contained`, `resource`; '' for the root. */
  readonly name: string
  readonly table: Table
  /** Checks that the rules that the table leaves out select nothing; undefined if it has all rules. */
  readonly guard: Guard | undefined
}

/** All tables of a program: one per place and surroundings, made when the data first reaches it. */
export class WalkTables {
  readonly #starts = new Map<string, ResourceStart | undefined>()

  readonly #program: Program

  constructor(program: Program) {
    this.#program = program
  }

  /** Returns the start of a resource's walk; undefined if a rule for its type needs the interpreter. */
  start(typeName: string, name: string): ResourceStart | undefined {
    const key = `${typeName}.${name}`
    if (this.#starts.has(key)) return this.#starts.get(key)
    const start = this.#compile(typeName, name)
    this.#starts.set(key, start)
    return start
  }

  #compile(typeName: string, name: string): ResourceStart | undefined {
    const type = this.#program.elements.resources.get(typeName)
    if (type === undefined) return undefined
    const rules: AutomatonRule[] = []
    const guarded: CompiledRule[] = []
    let changes = false
    for (const rule of this.#program.rulesFor(typeName)) {
      const paths = compilePath(rule.path)
      if (paths !== undefined && isPlain(paths)) {
        rules.push({ number: rule.number, paths, effect: effectOf(rule.method) })
        changes ||= rule.method.changesNothing !== true
      } else if (name === '' && !changes) guarded.push(rule)
      else return undefined
    }
    const automaton = new Automaton(rules)
    const place = placeOf(automaton.start(type, name))
    const reach = this.#program.methodAt(place.claim)?.reach
    if (reach === 'replacement' || reach === 'primitive' || reach === 'element') return undefined
    const builder = new TableBuilder(this.#program, automaton, name === 'contained')
    const guard = guarded.length === 0 ? undefined : new Guard(this.#program, guarded)
    return { type, name, table: builder.resource(place), guard }
  }
}

class TableBuilder {
  readonly #tables = new Map<string, Table>()
  readonly #drops = new Map<number, boolean>()

  readonly #program: Program
  readonly #automaton: Automaton
  readonly #contained: boolean

  constructor(program: Program, automaton: Automaton, contained: boolean) {
    this.#program = program
    this.#automaton = automaton
    this.#contained = contained
  }

  resource(place: Place): Table {
    const edges = this.#edges(place, false)
    edges.push(new Edge('resourceType', edges.length, { act: ACT.RESOURCE_TYPE }))
    return new Table(edges)
  }

  #table(place: Place, inMeta: boolean): Table {
    const key = `${place.id}${inMeta ? 'm' : ''}`
    let table = this.#tables.get(key)
    if (table === undefined) {
      table = new Table(this.#edges(place, inMeta))
      this.#tables.set(key, table)
    }
    return table
  }

  #edges(place: Place, inMeta: boolean): Edge[] {
    const edges: Edge[] = []
    for (const member of place.type.members.values()) {
      if (member.type.isResource) {
        edges.push(this.#resourceEdge(place, member, edges.length))
        continue
      }
      const child = placeOf(this.#automaton.child(place, member))
      const isMeta = place.type.isResource && member.key === 'meta' && !this.#contained
      const facts = this.#memberFacts(place, member, child, inMeta || isMeta)
      const isId = place.type.isResource && member.key === 'id'
      edges.push(new Edge(member.key, edges.length, { ...facts, isMeta, isId }))
      if (isPrimitive(member.type)) {
        const act = this.#underscoreAct(place, child)
        const extra = { ...facts, act, isUnderscore: true, opening: 0x7b, counts: 0 }
        edges.push(new Edge(`_${member.key}`, edges.length, extra))
      }
    }
    return edges
  }

  #resourceEdge(place: Place, member: Member, index: number): Edge {
    const { always, types } = this.#automaton.crossing(place, member.name)
    const arity = ARITY[member.cardinality]
    return new Edge(member.key, index, { act: always ? ACT.BAIL : ACT.RESOURCE, arity, bailTypes: types })
  }

  #memberFacts(place: Place, member: Member, child: Place, inMeta: boolean): EdgeFacts {
    const rule = child.claim === 0 ? undefined : this.#program.rules[child.claim - 1]
    const { name, jsonKind } = member.type
    const isMetaInstant = inMeta && name === 'instant'
    // Instants in meta are only completed if the method leaves a record.
    const act = isMetaInstant && rule?.method.isUnrecorded ? ACT.BAIL : this.#act(place, member, child)
    return {
      act,
      arity: ARITY[member.cardinality],
      opening: OPENING[jsonKind],
      counts: child.claimsHere ? child.claim : 0,
      rule,
      name: member.name,
      type: name,
      parentType: place.type.name,
      kind: jsonKind === 'object' ? 'string' : jsonKind,
      isMetaInstant,
      makeTable: () => this.#table(child, inMeta),
    }
  }

  #act(place: Place, member: Member, child: Place): number {
    const method = this.#program.methodAt(child.claim)
    if (method?.reach === 'element') return removedAct(child)
    if (!isPrimitive(member.type)) {
      if (method?.reach === 'replacement' || method?.reach === 'primitive') return ACT.BAIL
      if (this.#isChangedQuantity(place)) return ACT.BAIL
      return this.#isDropped(child) ? ACT.DROP : ACT.OBJECT
    }
    const step = method === undefined ? 'keep' : this.#step(method, place, member)
    return step === 'keep' ? KEEP[member.type.jsonKind] : ACTS[step]
  }

  #step(method: Method, place: Place, { name, type }: Member): WalkStep {
    if (type.jsonKind === 'object') return 'method'
    const leaf = { name, type: type.name, parentType: place.type.name, kind: type.jsonKind }
    return method.walk?.(leaf, this.#program.spec.parameters) ?? 'method'
  }

  /** Returns the action for the `_` object of a primitive: some methods treat value and extensions as one. */
  #underscoreAct(place: Place, child: Place): number {
    const reach = this.#program.methodAt(child.claim)?.reach
    if (reach === 'replacement' || reach === 'primitive' || this.#isChangedQuantity(place)) return ACT.BAIL
    if (reach === 'element') return removedAct(child)
    // A changed number keeps its extensions unchanged, and later rules do not change them.
    if (reach === 'number' && child.type.jsonKind === 'number') return ACT.BAIL
    return this.#isDropped(child) ? ACT.DROP : ACT.OBJECT
  }

  /** Whether the element is a quantity of which only its own value changes. */
  #isChangedQuantity({ claim, type }: Place): boolean {
    return isQuantity(type) && this.#program.methodAt(claim)?.reach === 'number'
  }

  /**
   * Whether redact leaves nothing of all elements that can occur below. Recursive types count as dropped unless shown
   * otherwise.
   */
  #isDropped(place: Place): boolean {
    const known = this.#drops.get(place.id)
    if (known !== undefined) return known
    if (!this.#isRedacted(place)) return false
    const seen = new Set<Place>()
    const drops = this.#allDropped(place, seen)
    // A proof covers all places that were visited; a refutation covers only the first.
    if (drops) for (const met of seen) this.#drops.set(met.id, true)
    else this.#drops.set(place.id, false)
    return drops
  }

  #isRedacted({ claim }: Place): boolean {
    return redacts(this.#program.methodAt(claim))
  }

  #allDropped(place: Place, seen: Set<Place>): boolean {
    if (seen.has(place) || this.#drops.get(place.id) === true) return true
    if (!this.#isRedacted(place)) return false
    seen.add(place)
    for (const member of place.type.members.values()) {
      if (member.type.isResource) return false
      const child = placeOf(this.#automaton.child(place, member))
      const method = this.#program.methodAt(child.claim)
      if (method === undefined) return false
      if (isPrimitive(member.type) && this.#step(method, place, member) !== 'drop') return false
      if (!this.#allDropped(child, seen)) return false
    }
    return true
  }
}

/**
 * Returns the action for an element to remove: it is skipped by its syntax alone, unless earlier rules count and
 * label something in it.
 */
const removedAct = ({ claimedBy, claimsHere, below }: Place): number =>
  claimsHere && claimedBy !== undefined && below.every(({ rule }) => rule.order > claimedBy.order)
    ? ACT.DROP
    : ACT.BAIL

/** Plain paths, which look at names and types alone, never lead to a choice. */
function placeOf(arrival: Arrival): Place {
  if (arrival === undefined || isChoice(arrival)) throw new Error('a plain path that looks at values')
  return arrival
}

function effectOf({ changesNothing, reach }: Method): Effect {
  if (changesNothing === true) return 'none'
  return reach === 'element' || reach === 'replacement' ? 'whole' : 'values'
}

const ARITY = { one: 0, many: 1 } as const
const KEEP = {
  string: ACT.KEEP_STRING,
  number: ACT.KEEP_NUMBER,
  boolean: ACT.KEEP_BOOLEAN,
  object: ACT.OBJECT,
} as const
const ACTS: Readonly<Record<Exclude<WalkStep, 'keep'>, number>> = {
  drop: ACT.DROP,
  'keep-year': ACT.KEEP_YEAR,
  shift: ACT.SHIFT,
  hash: ACT.HASH,
  'hash-reference': ACT.HASH_REFERENCE,
  method: ACT.METHOD,
}
const OPENING = { string: 0x22, object: 0x7b, number: 0, boolean: 0 } as const
