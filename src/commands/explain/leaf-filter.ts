import type { IdentifiedLeaf } from '../../rules/explain/coverage-table.js'
import { valueKind } from '../../rules/explain/kinds.js'
import { mayStay } from '../../rules/explain/result.js'
import type { ExplainValues } from './options.js'

type Filter = Pick<ExplainValues, 'type' | 'path' | 'kept' | 'kind' | 'identifier'>

export const hasFilter = ({ type, path, kept, kind, identifier }: Filter): boolean =>
  kept || [type, path, kind, identifier].some((value) => value !== undefined)

/** Whether a filter takes some of the leaves in an element. */
export const hasPart = ({ kept, kind, identifier }: Filter): boolean =>
  kept || kind !== undefined || identifier !== undefined

/** Whether a leaf is among those that were asked for. */
export function passes(leaf: IdentifiedLeaf, { type, path, kept, kind, identifier }: Filter): boolean {
  if (type !== undefined && leaf.resource !== type) return false
  if (path !== undefined && !isIn(leaf.path, path)) return false
  if (kind !== undefined && valueKind(leaf) !== kind) return false
  if (identifier !== undefined && !leaf.identifiers.includes(identifier)) return false
  return !kept || leaf.outcomes.some(({ result }) => mayStay(result))
}

/** Whether a path is another one or in it, which may leave out the types of choices. */
function isIn(path: string, wanted: string): boolean {
  const isBelow = (own: string): boolean => own === wanted || own.startsWith(`${wanted}.`)
  return isBelow(path) || isBelow(path.replaceAll(/\.ofType\(\w+\)/g, ''))
}
