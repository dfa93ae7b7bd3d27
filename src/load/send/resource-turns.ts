import type { LoadBundle } from '../bundle.js'
import type { Prepared } from '../prepared.js'

/**
 * Bundles that change the same resource take turns, so that the last one in the input is the last one on the server,
 * also where an earlier one has to be sent again.
 */
export interface ResourceTurns {
  /** Resolves once all earlier bundles that change one of the resources have left. Order is that of the calls. */
  enter(bundle: Pick<LoadBundle, 'entries' | 'targets' | 'awaits'>): {
    readonly ready: Promise<unknown>
    readonly leave: () => void
  }
}

interface Visit {
  /** Sorted. Two resources may have the same number; then a bundle waits without need. */
  readonly targets: Int32Array
  readonly left: Promise<void>
}

export function createResourceTurns(): ResourceTurns {
  const inside = new Set<Visit>()
  return {
    enter({ entries, targets = numbersOf(entries), awaits = NONE }) {
      const earlier = [...inside].filter(
        (visit) => haveCommon(visit.targets, targets) || haveCommon(visit.targets, awaits),
      )
      let resolve = (): void => {}
      const left = new Promise<void>((settle) => {
        resolve = settle
      })
      const visit: Visit = { targets, left }
      inside.add(visit)
      return {
        ready: Promise.all(earlier.map((other) => other.left)),
        leave() {
          inside.delete(visit)
          resolve()
        },
      }
    },
  }
}

const NONE = new Int32Array()

function numbersOf(entries: LoadBundle['entries']): Int32Array {
  const numbers = entries.map(({ prepared }) => resourceNumber(prepared))
  return Int32Array.from(numbers.filter((number) => number !== undefined)).sort()
}

const FNV_BASIS = 0x811c9dc5
const FNV_PRIME = 0x01000193

/**
 * The resource that an entry changes, or the search that finds it, as a number of 32 bits, which is cheaper here than
 * its text. Undefined where the server creates one. Seldom have two resources the same number.
 */
export const resourceNumber = ({ method, url }: Pick<Prepared, 'method' | 'url'>): number | undefined =>
  method === 'POST' ? undefined : numberOf(url)

/** The condition on which an entry creates a resource, as such a number; undefined for any other entry. */
export const conditionNumber = ({ url, ifNoneExist }: Prepared): number | undefined =>
  ifNoneExist === undefined ? undefined : numberOf(`${url}?${ifNoneExist}`)

/** FNV-1a. */
function numberOf(text: string): number {
  let hash = FNV_BASIS
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), FNV_PRIME)
  return hash
}

/** Whether two sorted lists have a number in common. */
function haveCommon(a: Int32Array, b: Int32Array): boolean {
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const difference = (a[i] as number) - (b[j] as number)
    if (difference === 0) return true
    if (difference < 0) i += 1
    else j += 1
  }
  return false
}
