import { countOf, type ElementNode } from './element-node.js'
import { type ElementPaths, nodesOf } from './element-paths.js'
import { CHANGES, type Change, changeOf, OUTCOMES, type Outcome } from './outcome.js'
import type { Changes, Concern, ElementSummary, TypeSummary } from './summary.js'

interface TypeCount {
  resources: number
  bytesBefore: number
  bytesAfter: number
  readonly labels: Map<string, number>
}

/** Counts by resource type; those by element are in the nodes of the paths. */
export class TypeCounts {
  readonly #types = new Map<ElementNode, TypeCount>()

  resource(type: ElementNode, labels: ReadonlySet<string>): void {
    const count = this.#of(type)
    count.resources += 1
    for (const label of labels) count.labels.set(label, (count.labels.get(label) ?? 0) + 1)
  }

  line(type: ElementNode, bytes: { readonly before: number; readonly after: number }): void {
    const count = this.#of(type)
    count.bytesBefore += bytes.before
    count.bytesAfter += bytes.after
  }

  types(): TypeSummary[] {
    return [...this.#types]
      .map(([root, { resources, bytesBefore, bytesAfter, labels }]) => ({
        type: root.path,
        resources,
        bytes: { before: bytesBefore, after: bytesAfter },
        values: changesOf(nodesOf(root)),
        labels: Object.fromEntries([...labels].sort(([a], [b]) => (a < b ? -1 : 1))),
      }))
      .sort((a, b) => (a.type < b.type ? -1 : 1))
  }

  #of(type: ElementNode): TypeCount {
    let count = this.#types.get(type)
    if (count === undefined) {
      count = { resources: 0, bytesBefore: 0, bytesAfter: 0, labels: new Map() }
      this.#types.set(type, count)
    }
    return count
  }
}

function changesOf(nodes: Iterable<ElementNode>): Changes {
  const sums = noChanges()
  for (const node of nodes) for (const outcome of OUTCOMES) sums[changeOf(outcome)] += countOf(node, outcome)
  return sums
}

/** Adds up the changes of several types. */
export function sumOfChanges(parts: readonly Changes[]): Changes {
  const sums = noChanges()
  for (const part of parts) for (const change of CHANGES) sums[change] += part[change]
  return sums
}

const noChanges = (): Record<Change, number> => ({ kept: 0, changed: 0, removed: 0, added: 0 })

/** Every element that had a value on either side, in the order of the paths. */
export function elementsOf(paths: ElementPaths): ElementSummary[] {
  const elements: ElementSummary[] = []
  for (const root of [...paths.roots()].sort((a, b) => (a.path < b.path ? -1 : 1)))
    for (const node of nodesOf(root)) {
      const outcomes: Partial<Record<Outcome, number>> = {}
      for (const outcome of OUTCOMES) {
        const count = countOf(node, outcome)
        if (count > 0) outcomes[outcome] = count
      }
      if (Object.keys(outcomes).length > 0)
        elements.push({ path: node.path, fhirType: node.typeName, outcomes })
    }
  return elements
}

export function concernsOf(paths: ElementPaths): Concern[] {
  const concerns: Concern[] = []
  for (const root of paths.roots())
    for (const node of nodesOf(root)) {
      const kept = countOf(node, 'kept')
      if (node.concern !== undefined && kept > 0) concerns.push({ path: node.path, why: node.concern, kept })
    }
  return concerns.sort((a, b) => b.kept - a.kept || (a.path < b.path ? -1 : 1))
}
