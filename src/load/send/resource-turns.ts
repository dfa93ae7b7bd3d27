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

export function createResourceTurns(): ResourceTurns {
  const last = new Map<string, Promise<void>>()
  return {
    enter({ entries }) {
      const targets = entries
        .map(({ prepared }) => targetOf(prepared))
        .filter((target) => target !== undefined)
      const earlier = new Set<Promise<void>>()
      let leave = (): void => {}
      const left = new Promise<void>((resolve) => {
        leave = resolve
      })
      for (const target of targets) {
        const before = last.get(target)
        if (before !== undefined) earlier.add(before)
        last.set(target, left)
      }
      earlier.delete(left)
      return {
        ready: Promise.all(earlier),
        leave() {
          for (const target of targets) if (last.get(target) === left) last.delete(target)
          leave()
        },
      }
    },
  }
}
