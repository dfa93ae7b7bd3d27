import { isPrimitive, isQuantity, type Member } from '../../fhir/elements.js'
import { patientElementsOf } from '../../fhir/patient-compartment.js'
import { type Arrival, Automaton, isChoice, type Place } from '../../rules/automaton/automaton.js'
import { type AutomatonRule, effectOf } from '../../rules/automaton/progress.js'
import { compilePath } from '../../rules/automaton/steps.js'
import { redacts } from '../../rules/lint/method-facts.js'
import { definitionPath, isPair, isSoleCode } from '../code-places.js'
import { isReferenceElement } from '../methods/leaf.js'
import type { Method, WalkStep } from '../methods/method.js'
import type { Program } from '../program.js'
import { Edge, type EdgeFacts, EdgeTable, OPENING, type ResourceStart } from './edges.js'
import { ACT } from './layout.js'
import { objectKeys, RESOURCE_TYPE } from './object-keys.js'
import { OTHER_PART, type PairPart, pairPartOf } from './pair-parts.js'

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
    const ruleAct = isUnrecorded ? ACT.BAIL : this.#act(place, member, child)
    const { act, pairPart } = this.#judgedAct(place, member, ruleAct)
    const isCode = (act === ACT.CODE || act === ACT.METHOD) && this.#judges(place, member)
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
      pairPart,
      codeElement: isCode ? definitionPath(place.type, member.name) : undefined,
    }
  }

  /** Returns the act for an element, given what its rule alone does with it. */
  #judgedAct(place: Place, member: Member, act: number): PairPart {
    const { type } = place
    const other = type.members.get(OTHER_PART[member.key] ?? '')
    if (this.#program.codes === undefined) return { act }
    if (!isPair(type) || other === undefined)
      return { act: act === ACT.KEEP_STRING && this.#judges(place, member) ? ACT.CODE : act }
    const arrival = this.#automaton.child(place, other)
    const isOpen = arrival === undefined || isChoice(arrival)
    const acts = { own: act, other: isOpen ? ACT.BAIL : this.#act(place, other, arrival) }
    return pairPartOf(member.key === 'system', acts, objectKeys(type).keys.indexOf(other.key))
  }

  #judges(place: Place, member: Member): boolean {
    return this.#program.codes !== undefined && isSoleCode(place.type, member)
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
