import type { LoadBundle } from '../bundle.js'
import type { Prepared } from '../prepared.js'
import { conditionNumber, resourceNumber } from './resource-turns.js'

type Targets = Required<Pick<LoadBundle, 'targets' | 'awaits'>>

/** What the batch changes that is being filled, and what bundles before it create on a condition. */
export interface BundleTargets {
  /** Whether the batch changes the same resource already, or creates it on the same condition. */
  holds(prepared: Prepared): boolean
  add(prepared: Prepared): void
  /** The numbers of the batch, which is complete. */
  take(): Targets
  /** The numbers of a transaction, which goes before the batch. */
  ofTransaction(members: readonly Prepared[]): Targets
  /** Call it where all bundles before are delivered before those that follow. */
  forget(): void
}

const MAX_CONDITIONS = 200_000

/**
 * Two requests with one condition create two resources if the server works on both at once. So the first bundle with a
 * condition has it as a target, and those after it wait for that one, not for each other.
 */
export function createBundleTargets(): BundleTargets {
  const targets = new Set<number>()
  const awaits = new Set<number>()
  /** Conditions that are targets of the batch. */
  const own = new Set<number>()
  /** Conditions that are targets of bundles before it. */
  const earlier = new Set<number>()

  const has = (number: number | undefined): boolean => number !== undefined && targets.has(number)
  const sorted = (numbers: ReadonlySet<number>): Int32Array => Int32Array.from(numbers).sort()
  const leave = (conditions: Iterable<number>): void => {
    // Without them, the next bundle with one of them is a first one again.
    if (earlier.size > MAX_CONDITIONS) earlier.clear()
    for (const condition of conditions) earlier.add(condition)
  }

  return {
    holds: (prepared) => has(resourceNumber(prepared)) || has(conditionNumber(prepared)),
    add(prepared) {
      const target = resourceNumber(prepared)
      if (target !== undefined) targets.add(target)
      const condition = conditionNumber(prepared)
      if (condition === undefined) return
      if (earlier.has(condition)) awaits.add(condition)
      else {
        own.add(condition)
        targets.add(condition)
      }
    },
    take() {
      const numbers = { targets: sorted(targets), awaits: sorted(awaits) }
      leave(own)
      for (const set of [targets, awaits, own]) set.clear()
      return numbers
    },
    ofTransaction(members) {
      const changed = members.map(resourceNumber).filter((number) => number !== undefined)
      const conditions = members.map(conditionNumber).filter((number) => number !== undefined)
      const firsts = conditions.filter((condition) => !earlier.has(condition))
      const later = conditions.filter((condition) => earlier.has(condition))
      leave(firsts)
      return { targets: sorted(new Set([...changed, ...firsts])), awaits: sorted(new Set(later)) }
    },
    forget: () => earlier.clear(),
  }
}
