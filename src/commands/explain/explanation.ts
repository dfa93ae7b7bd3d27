import { withDeletionRules } from '../../anonymizer/deletion-rules.js'
import { claimOf } from '../../config/anonymizer/claim-check.js'
import type { Verdict } from '../../config/anonymizer/configuration.js'
import { explainedConfig } from '../../config/anonymizer/explained-config.js'
import { elementTree } from '../../fhir/elements.js'
import type { FhirVersion } from '../../fhir/version.js'
import { type CoverageRow, coverageTable, type IdentifiedLeaf } from '../../rules/explain/coverage-table.js'
import { ElementFates } from '../../rules/explain/element-fates.js'
import type { ExplainedRule } from '../../rules/explain/explained-rule.js'
import { identifiersAt } from '../../rules/explain/identifiers.js'
import { LeafSurvey } from '../../rules/explain/leaves.js'
import type { SupportedClaim } from '../../rules/explain/supported-claim.js'

/** What a configuration does to each element of a FHIR version. */
export interface Explanation {
  readonly fhirVersion: FhirVersion
  /** In the order of their numbers, with those that Sluice adds. */
  readonly rules: readonly ExplainedRule[]
  readonly leaves: readonly IdentifiedLeaf[]
  readonly coverage: readonly CoverageRow[]
  readonly supports: SupportedClaim
}

export interface ExplanationOptions {
  /** Path of an element whose extensions are listed value by value. */
  readonly open?: string | undefined
  /** The only resource type to examine for `leaves` and `coverage`. */
  readonly type?: string | undefined
}

/** Explains a configuration. What takes long and is not asked for is not computed. */
export function explanationOf(verdict: Verdict, { open, type }: ExplanationOptions = {}): Explanation {
  const { fhirVersion } = verdict
  const tree = elementTree(fhirVersion)
  const config = explainedConfig(withDeletionRules(verdict))
  const survey = new LeafSurvey(new ElementFates(config, tree))
  const leaves: IdentifiedLeaf[] = []
  for (const resource of tree.resources.values())
    if (type === undefined || resource.name === type)
      survey.visit(
        resource,
        (leaf) => leaves.push({ ...leaf, identifiers: identifiersAt(resource, leaf.members) }),
        { open },
      )
  let coverage: readonly CoverageRow[] | undefined
  let supports: SupportedClaim | undefined
  return {
    fhirVersion,
    rules: [...config.rules].sort((a, b) => a.number - b.number),
    leaves,
    get coverage() {
      coverage ??= coverageTable(leaves)
      return coverage
    },
    get supports() {
      supports ??= claimOf(verdict)
      return supports
    },
  }
}
