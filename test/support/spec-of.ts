import type { AnonymizerSpec } from '../../src/anonymizer/spec.js'
import { checkConfig } from '../../src/config/anonymizer/configuration.js'
import { parseConfigText } from '../../src/config/anonymizer/configuration-file.js'
import { derivedPerturbKey } from '../../src/config/anonymizer/keys.js'

/** The day on which the golden files were made: it decides who is over 89. */
export const GOLDEN_DAY = '2026-11-21'

/**
 * A Microsoft-format configuration as an engine takes it; as text, where the order of integer-like keys matters.
 * Throws SluiceError CONFIG_INVALID. The plan of a run would do the same, but hashes the keys slowly each time.
 */
export function specOf(config: unknown, asOf = GOLDEN_DAY): AnonymizerSpec {
  const text = typeof config === 'string' ? config : JSON.stringify(config)
  const { spec } = checkConfig(parseConfigText(text, 'the configuration of a test'), { allowWeakKeys: true })
  const perturbKey = spec.parameters.perturbKey ?? derivedPerturbKey(spec.parameters)
  return { ...spec, asOf, parameters: { ...spec.parameters, perturbKey } }
}
