import type { Difference } from './compare.js'

/** Collects what differs over many cases, grouped so that causes show. */
export class Findings {
  equal = 0
  different = 0
  private readonly groups = new Map<string, { count: number; example: string }>()

  /** Counts a case; its differences go to their groups by path without indices. */
  add(id: string, found: readonly Difference[]): void {
    if (found.length === 0) this.equal++
    else this.different++
    const seen = new Set<string>()
    for (const { path, expected, actual } of found) {
      const group = path.replace(/\[\d+\]/g, '')
      if (seen.has(group)) continue
      seen.add(group)
      const example = `${id} ${path}: expected ${short(expected)}, got ${short(actual)}`
      const known = this.groups.get(group)
      if (known === undefined) this.groups.set(group, { count: 1, example })
      else known.count++
    }
  }

  get total(): number {
    return this.equal + this.different
  }

  /** The most frequent groups, one example each. Only for synthetic data. */
  report(limit = 20): string[] {
    return [...this.groups]
      .sort((a, b) => b[1].count - a[1].count)
      .slice(0, limit)
      .map(([group, { count, example }]) => `${count} × ${group}: ${example}`)
  }
}

const short = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 200)
