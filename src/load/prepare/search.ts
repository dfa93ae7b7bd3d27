/** What a search for one resource found. */
export type SearchAnswer =
  /** The ids of the matches; two mean two or more. */
  | { readonly kind: 'found'; readonly ids: readonly string[] }
  /** The server does not accept the search. */
  | { readonly kind: 'refused' }

/** Searches the server for resources of a type. Throws AUTH_FAILED, SERVICE_UNAVAILABLE, INTERRUPTED. */
export type Search = (type: string, query: string) => Promise<SearchAnswer>

export interface CachedSearch {
  readonly search: Search
  /** Forgets the searches that found nothing: what they look for may have been loaded since. */
  forgetMisses(): void
}

const MAX_KEPT = 10_000

/**
 * Keeps answers, the least recently used leaving first, and joins equal searches under way. A search that failed is not
 * kept.
 */
export function cachedSearch(search: Search, maxKept = MAX_KEPT): CachedSearch {
  const hits = new Map<string, Promise<SearchAnswer>>()
  const misses = new Map<string, Promise<SearchAnswer>>()

  const keep = (
    kept: Map<string, Promise<SearchAnswer>>,
    key: string,
    answer: Promise<SearchAnswer>,
  ): void => {
    kept.delete(key)
    kept.set(key, answer)
    if (kept.size > maxKept) for (const oldest of kept.keys()) return void kept.delete(oldest)
  }

  return {
    search(type, query) {
      const key = `${type}?${query}`
      const known = hits.get(key) ?? misses.get(key)
      if (known !== undefined) {
        keep(hits.has(key) ? hits : misses, key, known)
        return known
      }
      const answer = search(type, query)
      keep(hits, key, answer)
      const drop = (): void => {
        if (hits.get(key) === answer) hits.delete(key)
      }
      answer.then((found) => {
        if (found.kind === 'found' && found.ids.length > 0) return
        drop()
        keep(misses, key, answer)
      }, drop)
      return answer
    },
    forgetMisses: () => misses.clear(),
  }
}
