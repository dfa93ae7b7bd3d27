import type { ElementType } from '../../fhir/elements.js'
import { type Arrival, type Automaton, isChoice, type Place } from './automaton.js'

/** How rules decide on the elements of a resource: by names and types, by looking ahead, or by the interpreter. */
export type Decidability = 'names' | 'values' | 'interpreter'

/** Returns the hardest way in which rules decide on any element of a resource of a type. */
export function decidabilityOf(automaton: Automaton, type: ElementType): Decidability {
  const seen = new Set<Place>()
  let looksAhead = false
  const isDecided = (arrival: Arrival): boolean => {
    if (arrival === undefined) return false
    if (!isChoice(arrival)) return areBelowDecided(arrival)
    looksAhead = true
    return variantsOf(arrival.predicates.length).every((mask) => areBelowDecided(arrival.resolve(mask)))
  }
  const areBelowDecided = (place: Place): boolean => {
    if (place.below.length === 0 || seen.has(place)) return true
    seen.add(place)
    for (const member of place.type.members.values())
      if (!member.type.isResource && !isDecided(automaton.child(place, member))) return false
    return true
  }
  if (!isDecided(automaton.start(type, ''))) return 'interpreter'
  return looksAhead ? 'values' : 'names'
}

/** No predicate met, each one alone, and all of them: together they lead wherever any combination leads. */
const variantsOf = (count: number): readonly number[] => [
  0,
  ...Array.from({ length: count }, (_, bit) => 1 << bit),
  2 ** count - 1,
]
