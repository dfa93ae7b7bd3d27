import { methodOf } from '../../src/anonymizer/methods/table.js'
import { type Finding, type LintedRule, lintRules as lint } from '../../src/rules/lint/lint.js'

/** A rule as a configuration names its method. */
export type NamedRule = Omit<LintedRule, 'method'> & { readonly method?: string }

type Rest = Parameters<typeof lint> extends [unknown, ...infer Others] ? Others : never

/** What lint finds in rules that name their methods. */
export const lintRules = (rules: readonly NamedRule[], ...rest: Rest): Finding[] =>
  lint(
    rules.map(({ method, ...rule }) =>
      method === undefined ? rule : { ...rule, method: methodOf({ method }) },
    ),
    ...rest,
  )
