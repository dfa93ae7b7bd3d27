import type { ElementType } from '../../fhir/elements.js'
import { type Arrival, type Automaton, isChoice, type Place } from './automaton.js'
import type { OrderedRule } from './progress.js'

/**
 * What it takes to find a rule's elements in a resource: names and types; a look ahead over the bytes of an element; the
 * evaluator, which gets an element; the interpreter, where the rule may select something, or on every resource.
 */
export const COSTS = ['names', 'bytes', 'evaluator', 'some lines', 'all lines'] as const
export type Cost = (typeof COSTS)[number]

/** The cost at the members of a place, and the places that the rule goes on to. */
interface Members {
  readonly cost: Cost
  readonly next: readonly Place[]
}

/** Finds the cost of one rule of an automaton. */
export class CostSurvey {
  readonly #automaton: Automaton
  readonly #rule: number
  readonly #members = new Map<Place, Members>()

  constructor(automaton: Automaton, rule: number) {
    this.#automaton = automaton
    this.#rule = rule
  }

  /** Returns the highest cost on any element of a resource of a type; `applies` says which rules run on it. */
  on(type: ElementType, applies: (rule: OrderedRule) => boolean): Cost {
    const start = this.#automaton.reachedAtStart(type, '', applies)
    let cost: Cost = this.#automaton.costAt(start, this.#rule)
    if (cost === 'some lines') return 'all lines'
    const seen = new Set<Place>()
    const open = [...this.#followed(this.#automaton.arrive(start))]
    for (let place = open.pop(); place !== undefined; place = open.pop()) {
      if (seen.has(place)) continue
      seen.add(place)
      const members = this.#membersOf(place)
      cost = dearer(cost, members.cost)
      open.push(...members.next)
    }
    return cost
  }

  #membersOf(place: Place): Members {
    const known = this.#members.get(place)
    if (known !== undefined) return known
    let cost: Cost = 'names'
    const next = new Set<Place>()
    for (const member of place.type.members.values()) {
      if (member.type.isResource) continue
      const reached = this.#automaton.reachedAt(place, member)
      cost = dearer(cost, this.#automaton.costAt(reached, this.#rule))
      for (const child of this.#followed(this.#automaton.arrive(reached))) next.add(child)
    }
    const members = { cost, next: [...next] }
    this.#members.set(place, members)
    return members
  }

  /** Returns the places below which the rule may match. */
  #followed(arrival: Arrival): readonly Place[] {
    return variantsOf(arrival).filter(({ below }) => below.some(({ rule }) => rule.number === this.#rule))
  }
}

const dearer = (a: Cost, b: Cost): Cost => (COSTS.indexOf(a) < COSTS.indexOf(b) ? b : a)

/** No predicate met, each one alone, and all of them: together they lead wherever any combination leads. */
function variantsOf(arrival: Arrival): readonly Place[] {
  if (arrival === undefined) return []
  if (!isChoice(arrival)) return [arrival]
  const { predicates, resolve } = arrival
  return [0, ...predicates.map((_, bit) => 1 << bit), 2 ** predicates.length - 1].map(resolve)
}
