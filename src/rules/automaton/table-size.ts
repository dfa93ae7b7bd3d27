import type { ElementType } from '../../fhir/elements.js'
import { type Arrival, type Automaton, isChoice, type Place } from './automaton.js'

/** Most memory that a worker has for the tables of its walk. What has no room is left to the interpreter. */
export const MAX_TABLE_BYTES = 2 ** 25

/** About what a member takes in a table: its record, and for a primitive that of its `_` object. */
const MEMBER_BYTES = 48

/**
 * Whether the tables for resources of a type, with all that the automaton can reach in them, take more than so many
 * bytes. Combinations of predicates count as one.
 */
export function takesMoreThan(automaton: Automaton, type: ElementType, maxBytes: number): boolean {
  const seen = new Set<Place>()
  const open: Arrival[] = [automaton.start(type, '')]
  let byteCount = 0
  while (open.length > 0) {
    const arrival = open.pop()
    if (arrival === undefined) continue
    const place = isChoice(arrival) ? arrival.resolve(0) : arrival
    if (seen.has(place)) continue
    seen.add(place)
    byteCount += place.type.members.size * MEMBER_BYTES
    if (byteCount > maxBytes) return true
    for (const member of place.type.members.values())
      if (!member.type.isResource) open.push(automaton.child(place, member))
  }
  return false
}
