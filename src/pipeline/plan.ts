import { withDeletionRules } from '../anonymizer/deletion-rules.js'
import type { AnonymizerSpec } from '../anonymizer/spec.js'
import type { ConfigurationFacts } from '../published/report.js'

/** A checked configuration as a run takes it; made by `config` from a raw one. */
export interface AnonymizerPlan {
  /** Hash over rules, parameters and hashed fixed keys. */
  readonly fingerprint: string
  /** What recipients of the outputs may know of it. */
  readonly configuration?: ConfigurationFacts
  /** Fresh secrets for a new run. */
  newRunSecrets(): RunSecrets
  /** The complete specification with the secrets of this run. */
  settle(secrets: RunSecrets): AnonymizerSpec
}

/** What a run keeps in its state until it is complete, so that a resumed run writes the same bytes. */
export interface RunSecrets {
  /** The reference day, `YYYY-MM-DD`. */
  readonly asOf: string
  /** Keys made for this run, by parameter name; destroyed when the run is complete. */
  readonly keys: Readonly<Record<string, string>>
}

/** The same plan, but Bundles of deletions name resources as references do. */
export const forDeletions = (plan: AnonymizerPlan): AnonymizerPlan => ({
  get fingerprint() {
    return `${plan.fingerprint} deletions`
  },
  newRunSecrets: () => plan.newRunSecrets(),
  settle: (secrets) => withDeletionRules(plan.settle(secrets)),
})
