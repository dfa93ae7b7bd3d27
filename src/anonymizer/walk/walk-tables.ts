import { type ElementType, isPrimitive, isQuantity, type Member } from '../../fhir/elements.js'
import { patientElementsOf } from '../../fhir/patient-compartment.js'
import { type Arrival, Automaton, isChoice, type Place } from '../../rules/automaton/automaton.js'
import type { Predicate } from '../../rules/automaton/predicates/predicate.js'
import { type AutomatonRule, effectOf } from '../../rules/automaton/progress.js'
import { compilePath } from '../../rules/automaton/steps.js'
import { redacts } from '../../rules/lint/method-facts.js'
import { isReferenceElement, type Leaf } from '../methods/leaf.js'
import type { Method, WalkStep } from '../methods/method.js'
import type { CompiledRule, Program } from '../program.js'
import { ACT } from './layout.js'
import { RESOURCE_TYPE } from './object-keys.js'

/** One key of an object, as the rules decide about it. */
export class Edge {
  /** Whether the value is a single string that is kept or dropped whole. */
  readonly isPlainString: boolean

  constructor(
    readonly key: string,
    readonly facts: EdgeFacts,
  ) {
    const { act, arity, opening } = facts
    const isStringDrop = act === ACT.DROP && opening === OPENING.string
    this.isPlainString = arity !== 1 && (act === ACT.KEEP_STRING || isStringDrop)
  }
}

export interface EdgeFacts {
  readonly act: number
  readonly isUnderscore?: boolean
  /** 0 for a single value, 1 for an array. */
  readonly arity?: number
  /** Required first byte of the value if `act` is DROP: a quote, a brace, or 0 for numbers and booleans. */
  readonly opening?: number
  readonly isMeta?: boolean
  /** Whether this is the id of a resource. */
  readonly isId?: boolean
  /** Whether it is `security` in a meta that gets labels. */
  readonly isSecurity?: boolean
  /** Whether the element may name the resource's patient, before any other. */
  readonly namesPatient?: boolean
  /** Number of the rule whose claim begins at this element; 0 for none. */
  readonly counts?: number
  readonly rule?: CompiledRule | undefined
  /** The element as a method sees it, without its text. */
  readonly leaf?: Omit<Leaf, 'text'>
  readonly isMetaInstant?: boolean
  /** For child resources: the name as an element, and the types that need the interpreter. */
  readonly child?: { readonly name: string; readonly bailTypes: ReadonlySet<string> }
  /** Makes the keys of the value's objects. */
  readonly makeEdges?: () => EdgeTable
  /** For the act CHOOSE. */
  readonly variants?: Variants<Edge>
}

/** What follows at an element, by the predicates that it meets. */
export interface Variants<T> {
  readonly predicates: readonly Predicate[]
  /** Returns the variant for the predicates whose bits are set; undefined if the interpreter is needed. */
  variant(mask: number): T | undefined
}

/** The keys that an object at one place may have. Equal places share one table. */
export class EdgeTable {
  readonly #edges = new Map<string, Edge | undefined>()
  readonly #make: (key: string) => Edge | undefined

  /** `make` decides about a key when the data first has it: most keys of a type are in no data. */
  constructor(
    readonly type: ElementType,
    make: (key: string) => Edge | undefined,
  ) {
    this.#make = make
  }

  /** Returns what the rules decide about a key of the type; undefined if it is not one (`objectKeys`). */
  edge(key: string): Edge | undefined {
    if (this.#edges.has(key)) return this.#edges.get(key)
    const edge = this.#make(key)
    this.#edges.set(key, edge)
    return edge
  }
}

/** The start of a resource's walk. */
export type ResourceStart = {
  readonly type: ElementType
  /** The resource's name as an element: `contained`, `resource`; '' for the root. */
  readonly name: string
} & (
  | { readonly kind: 'table'; readonly table: EdgeTable }
  | { readonly kind: 'choice'; readonly variants: Variants<EdgeTable> }
)

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
    for (const rule of this.#program.rulesFor(typeName)) {
      const paths = compilePath(rule.path)
      if (paths === undefined) return undefined
      rules.push({ number: rule.number, paths, effect: effectOf(rule.method) })
    }
    const automaton = new Automaton(rules)
    const builder = new TableBuilder(this.#program, automaton, name === 'contained')
    const arrival = automaton.start(type, name)
    if (arrival === undefined) return undefined
    if (isChoice(arrival)) {
      const { predicates, resolve } = arrival
      const variants = { predicates, variant: (mask: number) => builder.resource(resolve(mask)) }
      return { type, name, kind: 'choice', variants }
    }
    const table = builder.resource(arrival)
    return table && { type, name, kind: 'table', table }
  }
}

class TableBuilder {
  readonly #tables = new Map<number, EdgeTable>()
  readonly #drops = new Map<number, boolean>()

  readonly #program: Program
  readonly #automaton: Automaton
  readonly #contained: boolean

  constructor(program: Program, automaton: Automaton, contained: boolean) {
    this.#program = program
    this.#automaton = automaton
    this.#contained = contained
  }

  /** Returns the keys of a resource; undefined if a rule for it as a whole needs the interpreter. */
  resource(place: Place): EdgeTable | undefined {
    const reach = this.#program.methodAt(place.claim)?.reach
    if (reach === 'replacement' || reach === 'primitive' || reach === 'element') return undefined
    return new EdgeTable(place.type, (key) =>
      key === RESOURCE_TYPE ? new Edge(key, { act: ACT.KEEP_STRING }) : this.#edge(place, key, false),
    )
  }

  #table(place: Place, inMeta: boolean): EdgeTable {
    const number = place.id * 2 + (inMeta ? 1 : 0)
    let table = this.#tables.get(number)
    if (table === undefined) {
      table = new EdgeTable(place.type, (key) => this.#edge(place, key, inMeta))
      this.#tables.set(number, table)
    }
    return table
  }

  #edge(place: Place, key: string, inMeta: boolean): Edge | undefined {
    const { members } = place.type
    const isUnderscore = key.startsWith('_')
    const member = members.get(isUnderscore ? key.slice(1) : key)
    if (member === undefined || (isUnderscore && !isPrimitive(member.type))) return undefined
    if (member.type.isResource) return this.#resourceEdge(place, member)
    const isOwner = place.type.isResource && !this.#contained
    const child = this.#automaton.child(place, member)
    const isMeta = isOwner && member.key === 'meta'
    const facts = {
      ...this.#arrivalFacts(place, member, child, inMeta || isMeta),
      isMeta,
      isId: place.type.isResource && member.key === 'id',
      isSecurity: inMeta && place.type.name === 'Meta' && member.key === 'security',
      namesPatient: isOwner && patientElementsOf(place.type)?.[0] === member.key,
    }
    return new Edge(key, isUnderscore ? { ...facts, ...this.#underscoreFacts(place, child) } : facts)
  }

  #underscoreFacts(place: Place, child: Arrival): Partial<EdgeFacts> & { readonly act: number } {
    // Whether the element meets predicates is seen at its value, not here.
    const act = child === undefined || isChoice(child) ? ACT.BAIL : this.#underscoreAct(place, child)
    return { act, isUnderscore: true, opening: OPENING.object, counts: 0 }
  }

  #resourceEdge(place: Place, member: Member): Edge {
    const { always, types } = this.#automaton.crossing(place, member.name)
    return new Edge(member.key, {
      act: always ? ACT.BAIL : ACT.RESOURCE,
      arity: ARITY[member.cardinality],
      child: { name: member.name, bailTypes: types },
    })
  }

  #arrivalFacts(place: Place, member: Member, child: Arrival, inMeta: boolean): EdgeFacts {
    const arity = ARITY[member.cardinality]
    if (child === undefined) return { act: ACT.BAIL, arity }
    if (!isChoice(child)) return this.#memberFacts(place, member, child, inMeta)
    const isId = place.type.isResource && member.key === 'id'
    const variant = (mask: number): Edge =>
      new Edge(member.key, { ...this.#memberFacts(place, member, child.resolve(mask), inMeta), isId })
    return { act: ACT.CHOOSE, arity, variants: { predicates: child.predicates, variant: once(variant) } }
  }

  #memberFacts(place: Place, member: Member, child: Place, inMeta: boolean): EdgeFacts {
    const rule = child.claim === 0 ? undefined : this.#program.rules[child.claim - 1]
    const { name, jsonKind } = member.type
    const isMetaInstant = inMeta && name === 'instant'
    // Instants in meta are only completed if the method leaves a record.
    const isUnrecorded = isMetaInstant && rule?.method.isUnrecorded === true
    const act = isUnrecorded ? ACT.BAIL : this.#act(place, member, child)
    const isReference = isReferenceElement({ name: member.name, parentType: place.type.name })
    return {
      act,
      arity: ARITY[member.cardinality],
      opening: OPENING[jsonKind],
      counts: child.claimsHere ? child.claim : 0,
      rule,
      leaf: {
        name: member.name,
        type: name,
        parentType: place.type.name,
        kind: jsonKind === 'object' ? 'string' : jsonKind,
        isReferenceValue: isReference || rule?.rule.goesFirst === true,
      },
      isMetaInstant,
      makeEdges: () => this.#table(child, inMeta),
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
    // A rule that goes first treats its values as references.
    if (step === 'hash' && this.#program.rules[child.claim - 1]?.rule.goesFirst === true)
      return ACT.HASH_REFERENCE
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
      const child = this.#automaton.child(place, member)
      // A rule that looks ahead is counted only where the walk goes.
      if (child === undefined || isChoice(child)) return false
      if (child.claimsHere && child.claimedBy?.looksAhead === true) return false
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

function once<T>(make: (mask: number) => T): (mask: number) => T {
  const made = new Map<number, T>()
  return (mask) => {
    const known = made.get(mask)
    if (known !== undefined) return known
    const value = make(mask)
    made.set(mask, value)
    return value
  }
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
