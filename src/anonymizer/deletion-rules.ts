import { keep } from './methods/keep.js'
import type { MethodSettings } from './methods/table.js'
import type { AnonymizerSpec, Rule } from './spec.js'

// An entry that deletes a resource names it (Bulk Data Access, "deleted").
const ADDRESSES = [
  'Bundle.entry.where(request.exists()).fullUrl',
  "Bundle.entry.request.where(method = 'DELETE').url",
]
const METHOD = "Bundle.entry.request.where(method = 'DELETE').method"

/**
 * Returns the spec with rules that run before all others. In Bundles of deletions they treat addresses of resources
 * as the spec treats references, so that they match the delivered ones, and keep the fact that an entry is a
 * deletion. Returns the spec unchanged if no rule covers references or ids.
 */
export function withDeletionRules<S extends Pick<AnonymizerSpec, 'rules'>>(spec: S): S {
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

/**
 * Whether a rule covers all references: `nodesByType('Reference').reference`, `Reference.reference` and the like, not
 * those of a single resource type.
 */
const isForReferences = ({ path }: Rule): boolean => /Reference['"]?\)?\.reference$/.test(path)

/**
 * Whether a rule covers all ids: `Resource.id`, `nodesByType('Resource').id`, `nodesByType('id')`,
 * `nodesByName('id')`.
 */
const isForIds = ({ path }: Rule): boolean =>
  /^(?:Resource|DomainResource|nodesBy\w+\(.*\))\.id$|^nodesBy\w+\(['"]id['"]\)$/.test(path)
