import type { Progress } from '../automaton/progress.js'
import { print } from '../expression/print.js'

/**
 * The conditions under which a path selects an element, each with the depth at which it is examined; undefined if they
 * cannot be compared with those of another path.
 */
export type Conditions = ReadonlySet<string> | undefined

/** What may turn true when an earlier rule removes something. */
const MAY_TURN_TRUE =
  /\bnot\(|!=|!~|\bempty\(|\ball\(|\bcount\(|\bimplies\b|\bxor\b|[<>]|\bisDistinct\(|\biif\(|=\s*false/

/** Returns the conditions of a path, from its first state; paths that search at any depth cannot be compared. */
export function conditionsOf(first: Progress): Conditions {
  const conditions = new Set<string>()
  let depth = 0
  for (let at: Progress | undefined = first; at?.step !== undefined; at = at.next) {
    const { step } = at
    if (step.kind === 'child') depth++
    else if (step.kind === 'where') {
      const criterion = print(step.criterion)
      if (MAY_TURN_TRUE.test(criterion)) return undefined
      conditions.add(`${depth} ${criterion}`)
    } else if (step.kind !== 'type') return undefined
  }
  return conditions
}

/** Whether the conditions of one path hold wherever those of another do. */
export const holdWith = (conditions: Conditions, other: Conditions): boolean =>
  conditions !== undefined && other !== undefined && [...conditions].every((one) => other.has(one))
