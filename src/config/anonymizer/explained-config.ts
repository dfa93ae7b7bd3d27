import { definitionPath, isPair, isSoleCode } from '../../anonymizer/code-places.js'
import { custom } from '../../anonymizer/methods/custom.js'
import { methodOf } from '../../anonymizer/methods/table.js'
import type { Parameters } from '../../anonymizer/parameters.js'
import type { Rule } from '../../anonymizer/spec.js'
import type { CodeSystemsSetting } from '../../fhir/codes/code-verdicts.js'
import { isBound } from '../../fhir/codes/required-lists.js'
import type { ElementType, Member } from '../../fhir/elements.js'
import type { FhirVersion } from '../../fhir/version.js'
import type { ExplainedConfig, ExplainedRule } from '../../rules/explain/explained-rule.js'
import type { LeafFacts, Result } from '../../rules/explain/result.js'

/** The parts of a configuration that decide about values. */
export interface DecidingParts {
  readonly rules: readonly Rule[]
  readonly fhirVersion: FhirVersion
  readonly parameters: Parameters
  readonly codeSystems?: CodeSystemsSetting | undefined
}

/** Returns a configuration as explanations need it. */
export const explainedConfig = ({
  rules,
  fhirVersion,
  parameters,
  codeSystems,
}: DecidingParts): ExplainedConfig => ({
  rules: rules
    .map((rule) => explainedRule(rule, parameters))
    .sort((a, b) => Number(b.isBuiltIn ?? false) - Number(a.isBuiltIn ?? false)),
  leftAs: codeSystems && ((owner, member) => leftAs(owner, member, { ...codeSystems, fhirVersion })),
})

function explainedRule(rule: Rule, parameters: Parameters): ExplainedRule {
  const method = methodOf(rule)
  return {
    number: rule.number,
    path: rule.path,
    methodName: rule.method === custom.name ? rule.name : rule.method,
    method,
    replaceWith: method.templateOf?.(rule),
    isBuiltIn: rule.goesFirst === true,
    resultOf: remembered((leaf) => method.resultOf(leaf, parameters, rule)),
  }
}

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

/** What `codeSystems` makes of a value that the rules leave as it is (law 18). */
function leftAs(
  owner: ElementType,
  { name, type }: Member,
  { grammar, fhirVersion }: { readonly grammar: boolean; readonly fhirVersion: FhirVersion },
): Result {
  if (isPair(owner)) {
    if (name === 'system') return 'listed code'
    if (name === 'code') return grammar ? 'listed code' : 'kept'
  }
  if (!isSoleCode(owner, { name, type })) return 'kept'
  if (isBound(definitionPath(owner, name), fhirVersion)) return 'listed code'
  return grammar ? 'code form' : 'kept'
}
