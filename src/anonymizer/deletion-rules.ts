import { keep } from './methods/keep.js'
import type { MethodSettings } from './methods/table.js'
import type { AnonymizerSpec, Rule } from './spec.js'

// What deletes a resource names it (Bulk Data Access, "deleted"); `where` leaves these to the interpreter.
const ADDRESSES = [
  'Bundle.entry.where(request.exists()).fullUrl',
  "Bundle.entry.request.where(method = 'DELETE').url",
]
const METHOD = "Bundle.entry.request.where(method = 'DELETE').method"

/**
 * The spec with rules that go before all others: in Bundles of deletions, addresses of resources are treated as the
 * spec treats references, so that they match what was delivered, and that it is a deletion stays. Unchanged where no
 * rule decides about references or ids.
 */
export function withDeletionRules(spec: AnonymizerSpec): AnonymizerSpec {
  const model = spec.rules.find(isForReferences) ?? spec.rules.find(isForIds)
  if (model === undefined) return spec
  const { number: _, path: __, ...settings } = model
  const kept: MethodSettings = { method: keep.name }
  const added = [...ADDRESSES.map((path) => ({ path, ...settings })), { path: METHOD, ...kept }]
  const first = added.map((rule, at) => ({
    ...rule,
    number: spec.rules.length + at + 1,
    goesFirst: true as const,
  }))
  return { ...spec, rules: [...spec.rules, ...first] }
}

/** `nodesByType('Reference').reference`, `Reference.reference` and the like; not one of a single type of resource. */
const isForReferences = ({ path }: Rule): boolean => /Reference['"]?\)?\.reference$/.test(path)

/** `Resource.id`, `nodesByType('Resource').id`, `nodesByType('id')`, `nodesByName('id')`. */
const isForIds = ({ path }: Rule): boolean =>
  /^(?:Resource|DomainResource|nodesBy\w+\(.*\))\.id$|^nodesBy\w+\(['"]id['"]\)$/.test(path)
