import type { IdentifiedLeaf } from '../../rules/explain/coverage-table.js'
import { coverageOf } from '../../rules/explain/coverage-table.js'
import type { ExplainedRule } from '../../rules/explain/explained-rule.js'
import { valueKind } from '../../rules/explain/kinds.js'
import type { Explanation } from './explanation.js'
import { fateOf } from './folded-rows.js'

/** The explanation as one JSON document. */
export const explanationData = (
  config: string,
  { fhirVersion, rules, coverage, supports, leaves }: Explanation,
  shown: readonly IdentifiedLeaf[],
): object => ({
  config,
  fhirVersion,
  elementCount: leaves.length,
  supports,
  rules: rules.map(ruleData),
  coverage,
  elements: shown.map(leafData),
})

const ruleData = ({ number, path, methodName, isBuiltIn }: ExplainedRule): object => ({
  number,
  path,
  method: methodName,
  ...(isBuiltIn ? { isBuiltIn } : {}),
})

const leafData = (leaf: IdentifiedLeaf): object => ({
  path: leaf.path,
  type: leaf.type,
  kind: valueKind(leaf),
  identifiers: leaf.identifiers.join(''),
  coverage: coverageOf(leaf),
  outcomes: leaf.outcomes.map(({ rule, result, isSure }) => ({
    result,
    ...(rule === undefined ? {} : { rule: rule.number, method: rule.methodName }),
    ...(isSure ? {} : { isConditional: true }),
  })),
  ...(leaf.isMixed ? { isMixed: true } : {}),
  ...(leaf.isDeeper ? { isDeeper: true } : {}),
  ...(leaf.lookingInto.length > 0 ? { rulesInside: leaf.lookingInto } : {}),
})

const HEAD = [
  'path',
  'type',
  'kind',
  'identifiers',
  'coverage',
  'result',
  'rule',
  'method',
  'rule path',
  'fate',
]

/** Lines of comma-separated values; the rule is the first that reaches the element. */
export const csvLines = (leaves: readonly IdentifiedLeaf[]): readonly string[] => [
  HEAD.join(','),
  ...leaves.map((leaf) => {
    const [first] = leaf.outcomes
    const rule = first?.rule
    return [
      leaf.path,
      leaf.type,
      valueKind(leaf),
      leaf.identifiers.join(''),
      coverageOf(leaf) ?? '',
      first?.result ?? '',
      String(rule?.number ?? ''),
      rule?.methodName ?? '',
      rule?.path ?? '',
      fateOf(leaf),
    ]
      .map(cell)
      .join(',')
  }),
]

/** Quotes where needed; a leading sign must not make a spreadsheet compute. */
function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
