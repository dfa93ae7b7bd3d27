import { type ElementType, isPrimitive, type Member } from '../../fhir/elements.js'
import { print } from '../expression/print.js'
import { compilePredicate } from './predicates/compile.js'
import { type Predicate, usesEvaluator } from './predicates/predicate.js'
import {
  type AutomatonRule,
  claiming,
  firstProgress,
  followed,
  isSearch,
  type OrderedRule,
  type Progress,
  settled,
} from './progress.js'
import { isUnchanged, type Reached } from './stability.js'

/**
 * The state of all rules at an element (law 3.3): which one claims it, and which may still match below. Equal places are
 * one object.
 */
export interface Place {
  readonly id: number
  readonly type: ElementType
  /** Number of the rule that claims the element: the first to run of those that matched on the way down; 0 for none. */
  readonly claim: number
  readonly claimedBy: OrderedRule | undefined
  /** Whether the claim begins here rather than further up. */
  readonly claimsHere: boolean
  readonly below: readonly Progress[]
}

/** The places of an element that depend on what it holds. */
export interface Choice {
  readonly predicates: readonly Predicate[]
  /** Returns the place of an element that meets the predicates whose bits are set in the mask. */
  resolve(mask: number): Place
}

/** Where rules arrive at an element; undefined if one of them needs the interpreter there. */
export type Arrival = Place | Choice | undefined

export const isChoice = (arrival: Place | Choice): arrival is Choice => 'predicates' in arrival

/** Maximum number of predicates of a choice: the bits of its mask. */
const MAX_PREDICATES = 24

/** Whether the container's rules reach a child resource: none of them, or some. */
export interface ResourceCrossing {
  readonly always: boolean
  /** Types of child resource that the container's rules reach. */
  readonly types: ReadonlySet<string>
}

/** States in the order of their ids. Equal lists are one object. */
interface ProgressList {
  readonly id: number
  readonly states: readonly Progress[]
}

/** The automaton over the paths of one resource type's rules. Places are created on first use. */
export class Automaton {
  readonly #places = new Map<string, Place>()
  readonly #lists = new Map<string, ProgressList>()
  /** The states below a child at which no rule arrives, by the place's id and whether the child can hold resources. */
  readonly #passing = new Map<number, ProgressList>()
  readonly #predicates = new Map<string, Predicate | undefined>()
  readonly #first: readonly Progress[]

  /** `rules` are in the order in which they run. */
  constructor(rules: readonly AutomatonRule[]) {
    this.#first = firstProgress(rules)
  }

  /** Returns where rules arrive at the resource itself; `name` is its name as an element, '' for the root. */
  start(type: ElementType, name: string): Arrival {
    return this.arrive(this.reachedAtStart(type, name))
  }

  /** Returns where rules arrive at a child element that is not a resource. */
  child(place: Place, member: Member): Arrival {
    const reached = this.reachedAt(place, member)
    return reached.arrived.length === 0 ? this.#passed(place, member.type) : this.arrive(reached)
  }

  /** Returns the resource itself as rules reach it, only those that apply. */
  reachedAtStart(type: ElementType, name: string, applies?: (rule: OrderedRule) => boolean): Reached {
    const arrived = applies === undefined ? this.#first : this.#first.filter(({ rule }) => applies(rule))
    return { type, name, inherited: undefined, arrived, searching: [] }
  }

  /** Returns a child element that is not a resource, as rules reach it. */
  reachedAt(place: Place, member: Member): Reached {
    const { type, name } = member
    return { type, name, inherited: place.claimedBy, ...followed(place.below, member) }
  }

  /** Returns what it takes to decide about an element for one rule. */
  costAt(reached: Reached, rule: number): 'names' | 'bytes' | 'evaluator' | 'some lines' {
    const own = [...this.#decisions(reached)].flatMap(([progress, decision]) =>
      progress.rule.number === rule ? [decision] : [],
    )
    if (own.includes(undefined)) return 'some lines'
    const predicates = own.filter((decision): decision is Predicate => typeof decision === 'object')
    if (predicates.some(usesEvaluator)) return 'evaluator'
    return predicates.length > 0 ? 'bytes' : 'names'
  }

  /** Returns which of the container's rules reach a child resource of that name. */
  crossing(place: Place, memberName: string): ResourceCrossing {
    const types = new Set<string>()
    let always = false
    for (const { step } of place.below) {
      if (step?.kind === 'children' || step?.kind === 'descendants') always = true
      else if (step?.kind === 'child') always ||= step.name === memberName
      else if (step?.kind === 'search' && !step.nested) {
        if (step.by === 'type') types.add(step.name)
        else always ||= step.name === memberName
      }
    }
    return { always, types }
  }

  /** Returns where the rules that have reached an element arrive. */
  arrive(reached: Reached): Arrival {
    const decisions = this.#decisions(reached)
    const predicates = new Set<Predicate>()
    const inOrder = [...decisions].sort(([a], [b]) => a.id - b.id)
    for (const [, decision] of inOrder) {
      if (decision === undefined) return undefined
      if (typeof decision !== 'boolean') predicates.add(decision)
    }
    if (predicates.size > MAX_PREDICATES) return undefined
    const bits = new Map([...predicates].map((predicate, bit) => [predicate, 1 << bit]))
    const resolve = (mask: number): Place =>
      this.#settle(reached, (progress) => {
        const decision = decisions.get(progress)
        return typeof decision === 'object' ? (mask & (bits.get(decision) ?? 0)) !== 0 : decision === true
      })
    return predicates.size === 0 ? resolve(0) : { predicates: [...predicates], resolve: once(resolve) }
  }

  /** Decides, for each rule with a criterion at an element, or finds what decides. */
  #decisions(reached: Reached): ReadonlyMap<Progress, boolean | Predicate | undefined> {
    const { ended } = settled(reached, reached, () => false)
    const sure = claiming(ended, reached.inherited)
    const decisions = new Map<Progress, boolean | Predicate | undefined>()
    settled(reached, reached, (progress) => {
      const decision = this.#decision(progress, reached, sure)
      decisions.set(progress, decision)
      return decision !== false && decision !== undefined
    })
    return decisions
  }

  /**
   * Returns whether an element meets the next step, or the predicate that decides it; undefined if that takes the
   * interpreter. `sure` is the rule that claims the element in any case.
   */
  #decision(
    { step, next, rule }: Progress,
    reached: Reached,
    sure: OrderedRule | undefined,
  ): boolean | Predicate | undefined {
    if (step?.kind !== 'where') return undefined
    const predicate = this.#compiled(step.criterion, reached.type)
    if (predicate === undefined) return undefined
    const mayFail = predicate.kind === 'criterion' && predicate.mayFail
    const isClaimable = !holdsResources(reached.type) && next?.mayFail !== true && !mayFail
    if (isClaimable && sure !== undefined && sure.order < rule.order) return false
    if (predicate.kind === 'constant')
      return predicate.truth === 'unsure' ? undefined : predicate.truth === 'true'
    return isUnchanged(predicate, rule, reached, isClaimable) ? predicate : undefined
  }

  /** Equal criteria on elements of one type are one predicate. */
  #compiled(criterion: Parameters<typeof print>[0], type: ElementType): Predicate | undefined {
    const key = `${type.id}|${printed(criterion)}`
    if (!this.#predicates.has(key)) this.#predicates.set(key, compilePredicate(criterion, type))
    return this.#predicates.get(key)
  }

  /** Returns the place of a child at which no rule arrives, which most are: only searches go on below it. */
  #passed(place: Place, type: ElementType): Place {
    const holds = holdsResources(type)
    const number = place.id * 2 + (holds ? 1 : 0)
    let below = this.#passing.get(number)
    if (below === undefined) {
      const { claimedBy } = place
      const searching = place.below.filter(isSearch)
      below = this.#list(searching.filter((progress) => isLive(progress, claimedBy, holds)))
      this.#passing.set(number, below)
    }
    return this.#intern(type, place.claimedBy, false, below)
  }

  #settle(reached: Reached, meets: (progress: Progress) => boolean): Place {
    const { type, inherited } = reached
    const { ended, below } = settled(reached, reached, meets)
    const claim = claiming(ended, inherited)
    const holds = holdsResources(type)
    const live = new Set(below.filter((progress) => isLive(progress, claim, holds)))
    return this.#intern(type, claim, claim !== inherited, this.#list([...live].sort((a, b) => a.id - b.id)))
  }

  /** Returns the one list of these states, which are in the order of their ids. */
  #list(states: readonly Progress[]): ProgressList {
    const key = states.map(({ id }) => id).join(',')
    let list = this.#lists.get(key)
    if (list === undefined) {
      list = { id: this.#lists.size, states }
      this.#lists.set(key, list)
    }
    return list
  }

  #intern(
    type: ElementType,
    claimedBy: OrderedRule | undefined,
    claimsHere: boolean,
    { id: listId, states: below }: ProgressList,
  ): Place {
    const claim = claimedBy?.number ?? 0
    const key = `${type.id}|${claim}|${claimsHere}|${listId}`
    let place = this.#places.get(key)
    if (place === undefined) {
      place = { id: this.#places.size, type, claim, claimedBy, claimsHere, below }
      this.#places.set(key, place)
    }
    return place
  }
}

/**
 * Whether a rule may have an effect below an element: one that runs after the claiming one has none, except in child
 * resources, which the claim does not enter.
 */
const isLive = ({ rule, mayFail }: Progress, claim: OrderedRule | undefined, holds: boolean): boolean =>
  claim === undefined || rule.order < claim.order || mayFail || holds

const printedTexts = new WeakMap<object, string>()

/** Criteria are printed once: a long list of codes takes its time, and meets many elements. */
function printed(criterion: Parameters<typeof print>[0]): string {
  const text = printedTexts.get(criterion) ?? print(criterion)
  printedTexts.set(criterion, text)
  return text
}

function once(resolve: (mask: number) => Place): (mask: number) => Place {
  const places = new Map<number, Place>()
  return (mask) => {
    const known = places.get(mask)
    if (known !== undefined) return known
    const place = resolve(mask)
    places.set(mask, place)
    return place
  }
}

const resourceHolders = new WeakMap<ElementType, boolean>()

/** Whether a child resource can occur anywhere below an element of that type. */
export function holdsResources(type: ElementType): boolean {
  const known = resourceHolders.get(type)
  if (known !== undefined) return known
  resourceHolders.set(type, false)
  let holds = false
  if (!isPrimitive(type))
    for (const { type: child } of type.members.values())
      if (child.isResource || holdsResources(child)) holds = true
  resourceHolders.set(type, holds)
  return holds
}
