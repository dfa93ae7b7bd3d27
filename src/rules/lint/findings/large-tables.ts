import type { ElementTree } from '../../../fhir/elements.js'
import { Automaton } from '../../automaton/automaton.js'
import type { StepPath } from '../../automaton/steps.js'
import { compilePath } from '../../automaton/steps.js'
import { MAX_TABLE_BYTES, takesMoreThan } from '../../automaton/table-size.js'
import { listed } from '../elements/name-list.js'
import type { CostedRule, CostFinding } from './costs.js'

/**
 * Says that rules which search below what they search for need more tables than the walk has room for. Each of them is,
 * at every element, half-way or not, so each may double the tables. Fewer than `LEAST` of them never need that many.
 */
export function tableFindings(
  rules: readonly CostedRule[],
  tree: ElementTree,
  maxBytes = MAX_TABLE_BYTES,
): readonly CostFinding[] {
  const searching = rules.flatMap((rule) => {
    const paths = compilePath(rule.path) ?? []
    return paths.some(searchesTwice) ? [{ ...rule, paths, effect: 'values' as const }] : []
  })
  const last = searching.at(-1)
  if (last === undefined || searching.length < LEAST) return []
  const type = tree.resources.get('Patient')
  if (type === undefined || !takesMoreThan(new Automaton(searching), type, maxBytes)) return []
  const numbers = listed(searching.map(({ number }) => String(number)))
  return [
    {
      rule: last.number,
      code: 'large-tables',
      message: `rules ${numbers} together need more than ${maxBytes / 2 ** 20} MiB of tables`,
    },
  ]
}

const LEAST = 6

const searchesTwice = (path: StepPath): boolean =>
  path.filter(({ kind }) => kind === 'search' || kind === 'descendants').length > 1
