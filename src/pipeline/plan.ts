import { withDeletionRules } from '../anonymizer/deletion-rules.js'
import type { AnonymizerSpec } from '../anonymizer/spec.js'
import type { FhirVersion } from '../fhir/version.js'
import type { ConfigurationFacts } from '../published/report.js'

/** A checked configuration, ready for a run; `config` makes it from a raw one. */
export interface AnonymizerPlan {
  /** Hash over rules, parameters and hashed fixed keys. */
  readonly fingerprint: string
  /** What recipients of the outputs may know about it. */
  readonly configuration?: ConfigurationFacts
  /** The version whose resource types may stand in names of outputs; undefined if these have the names of inputs. */
  readonly neutralNames?: FhirVersion | undefined
  /** Makes fresh secrets for a new run. */
  newRunSecrets(): RunSecrets
  /** Completes the specification with the secrets of a run. */
  settle(secrets: RunSecrets): AnonymizerSpec
}

/** Secrets kept in the state until a run is complete, so that a resumed run writes the same bytes. */
export interface RunSecrets {
  /** The reference day, `YYYY-MM-DD`. */
  readonly asOf: string
  /** Keys made for this run, by parameter name; destroyed when the run is complete. */
  readonly keys: Readonly<Record<string, string>>
}

/** Makes the plan for Bundles of deletions, which name resources as references do. */
export const forDeletions = (plan: AnonymizerPlan): AnonymizerPlan => ({
  get fingerprint() {
    return `${plan.fingerprint} deletions`
  },
  neutralNames: plan.neutralNames,
  newRunSecrets: () => plan.newRunSecrets(),
  settle: (secrets) => withDeletionRules(plan.settle(secrets)),
})
