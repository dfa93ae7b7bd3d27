import type { Rule } from '../../anonymizer/spec.js'
import { appliesTo, parseRulePath } from '../../rules/path/rule-path.js'
import type { ItemCounts } from './item-counts.js'
import type { ItemTotals } from './report.js'

/**
 * Returns the numbers of rules that decided no element although there were resources they apply to. Nothing is known
 * about outputs that a run skipped, so no rule counts as idle then. Resources in Bundles are not counted by type, so a
 * rule for a type that occurs only there never counts as idle.
 */
export function idleRules(
  rules: readonly Rule[],
  { delivered, resourcesByType, elementsByRule }: ItemCounts,
  { skipped, failed }: Pick<ItemTotals, 'skipped' | 'failed'>,
): readonly number[] {
  if (delivered === 0 || skipped > 0 || failed > 0) return []
  const types = Object.keys(resourcesByType)
  return rules
    .filter(({ number, path, goesFirst }) => {
      if (goesFirst === true || (elementsByRule[String(number)] ?? 0) > 0) return false
      const parsed = parseRulePath(path)
      // A rule on whole resources decides what is left of them, which may be nothing.
      return parsed.form.kind !== 'resource' && types.some((type) => appliesTo(parsed, type))
    })
    .map(({ number }) => number)
}
