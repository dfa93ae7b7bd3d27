import { methodOf } from '../../anonymizer/methods/table.js'
import type { Parameters } from '../../anonymizer/parameters.js'
import type { Rule } from '../../anonymizer/spec.js'
import type { ExplainedRule } from '../../rules/explain/explained-rule.js'
import type { LeafFacts, Result } from '../../rules/explain/result.js'

/** Returns rules as explanations need them, in the order in which they run. */
export const explainedRules = (rules: readonly Rule[], parameters: Parameters): readonly ExplainedRule[] =>
  rules
    .map((rule): ExplainedRule => {
      const method = methodOf(rule)
      return {
        number: rule.number,
        path: rule.path,
        methodName: rule.method === 'custom' ? rule.name : rule.method,
        method,
        replaceWith: method.templateOf?.(rule),
        isBuiltIn: rule.goesFirst === true,
        resultOf: remembered((leaf) => method.resultOf(leaf, parameters, rule)),
      }
    })
    .sort((a, b) => Number(b.isBuiltIn ?? false) - Number(a.isBuiltIn ?? false))

/** Some methods are tried on values, which takes long for each leaf of the element tree. */
function remembered(resultOf: (leaf: LeafFacts) => Result): (leaf: LeafFacts) => Result {
  const known = new Map<string, Result>()
  return (leaf) => {
    const key = `${leaf.name} ${leaf.type} ${leaf.parentType}`
    const result = known.get(key) ?? resultOf(leaf)
    known.set(key, result)
    return result
  }
}
