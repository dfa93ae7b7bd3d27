import type { LoadBundle } from '../bundle.js'
import type { Prepared } from '../prepared.js'

/** The resource that an entry changes, `Type/id`; undefined where the server decides which one it is. */
export const targetOf = ({ method, url }: Pick<Prepared, 'method' | 'url'>): string | undefined =>
  method === 'POST' || url.includes('?') ? undefined : url

/**
 * Bundles that change the same resource take turns, so that the last one in the input is the last one on the server,
 * also where an earlier one has to be sent again.
 */
export interface ResourceTurns {
  /** Resolves once all earlier bundles that change one of the resources have left. Order is that of the calls. */
  enter(bundle: Pick<LoadBundle, 'entries'>): { readonly ready: Promise<unknown>; readonly leave: () => void }
}

interface Visit {
  /** Sorted. Two resources may have the same number; then a bundle waits without need. */
  readonly targets: Int32Array
  readonly left: Promise<void>
}

export function createResourceTurns(): ResourceTurns {
  const inside = new Set<Visit>()
  return {
    enter({ entries }) {
      const targets = numbersOf(entries)
      const earlier = [...inside].filter((visit) => haveCommon(visit.targets, targets))
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

function numbersOf(entries: LoadBundle['entries']): Int32Array {
  const numbers = new Int32Array(entries.length)
  let count = 0
  for (const { prepared } of entries) {
    const target = targetOf(prepared)
    if (target !== undefined) numbers[count++] = numberOf(target)
  }
  return numbers.subarray(0, count).sort()
}

const FNV_BASIS = 0x811c9dc5
const FNV_PRIME = 0x01000193

/** FNV-1a, which is cheaper here than a map of texts. */
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
