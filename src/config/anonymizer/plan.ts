import { createHash, scryptSync } from 'node:crypto'
import { KEY_NAMES, type KeyName } from '../../anonymizer/parameters.js'
import type { AnonymizerSpec } from '../../anonymizer/spec.js'
import type { FhirVersion } from '../../fhir/version.js'
import type { ConfigurationFacts } from '../../published/report.js'
import { today } from '../units/days.js'
import type { CheckedConfig } from './configuration.js'
import { derivedPerturbKey, randomKey } from './keys.js'

/** What a run keeps in its checkpoint until it is complete. */
export interface PlanSecrets {
  /** The reference day, `YYYY-MM-DD`. */
  readonly asOf: string
  /** Keys made for this run, by parameter name. */
  readonly keys: Readonly<Record<string, string>>
}

/** A checked configuration as a run takes it: the pipeline's `AnonymizerPlan`. */
export interface ConfigPlan {
  /** Digest of everything that decides the output: rules, parameters, hashed keys, custom methods, reference day if given. */
  readonly fingerprint: string
  /** What recipients of the outputs may know about the configuration. */
  readonly configuration: ConfigurationFacts
  /** The version whose resource types may stand in names of outputs; undefined if these have the names of inputs. */
  readonly neutralNames: FhirVersion | undefined
  newRunSecrets(): PlanSecrets
  /** The complete specification. Throws nothing for secrets that `newRunSecrets` of the same configuration made. */
  settle(secrets: PlanSecrets): AnonymizerSpec
}

/** Plans a run. Without `asOf` the reference day is the day the run begins (UTC). */
export function planOf(config: CheckedConfig, asOf?: string): ConfigPlan {
  const { spec, randomKeys } = config
  let fingerprint: string | undefined
  return {
    // Slow on purpose, and only runs with a checkpoint need it.
    get fingerprint() {
      fingerprint ??= fingerprintOf(config, asOf)
      return fingerprint
    },
    configuration: configurationFacts(config),
    neutralNames: config.outputNames === 'neutral' ? spec.fhirVersion : undefined,
    newRunSecrets: () => ({
      asOf: asOf ?? today(),
      keys: Object.fromEntries(randomKeys.map((name) => [name, randomKey()])),
    }),
    settle(secrets) {
      const made = Object.fromEntries(randomKeys.map((name) => [name, secrets.keys[name]]))
      const keys: Partial<Record<KeyName, string>> = { ...fixedKeys(config), ...made }
      const perturbKey = keys.perturbKey ?? derivedPerturbKey(keys)
      return { ...spec, asOf: secrets.asOf, parameters: { ...spec.parameters, ...keys, perturbKey } }
    },
  }
}

function configurationFacts({ spec, customModules, digest }: CheckedConfig): ConfigurationFacts {
  const modules = customModules.map(({ name, sha256 }) => [name, sha256] as const)
  return {
    sha256: digest,
    fhirVersion: spec.fhirVersion,
    ...(modules.length === 0 ? {} : { customMethods: Object.fromEntries(modules) }),
  }
}

const fixedKeys = ({ spec }: CheckedConfig): Partial<Record<KeyName, string>> =>
  Object.fromEntries(
    KEY_NAMES.filter((name) => spec.parameters[name] !== undefined).map((name) => [
      name,
      spec.parameters[name],
    ]),
  )

function fingerprintOf(config: CheckedConfig, asOf: string | undefined): string {
  const { spec, randomKeys, customModules } = config
  const parameters = { ...spec.parameters, ...Object.fromEntries(KEY_NAMES.map((name) => [name, undefined])) }
  const modules = customModules.map(({ name, sha256 }) => [name, sha256])
  const rest = { ...spec, parameters, customMethods: modules, randomKeys, asOf: asOf ?? null }
  return createHash('sha256')
    .update(JSON.stringify(rest))
    .update(keyDigest(fixedKeys(config)))
    .digest('hex')
}

// The fingerprint is in run.json, which is shared: a slow hash keeps a weak key from being guessed from it.
function keyDigest(keys: Readonly<Partial<Record<KeyName, string>>>): Buffer {
  if (Object.keys(keys).length === 0) return Buffer.alloc(0)
  return scryptSync(JSON.stringify(KEY_NAMES.map((name) => keys[name] ?? null)), 'fhir-sluice keys', 32, {
    cost: 4096,
  })
}
