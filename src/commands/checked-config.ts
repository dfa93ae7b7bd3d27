import { type CheckedConfig, checkConfig } from '../config/anonymizer/configuration.js'
import type { Series } from '../config/anonymizer/random-keys.js'
import type { StoreAccess } from '../storage/access.js'
import type { AnonymizeValues } from './anonymize/options.js'
import { readConfigAt } from './store-access.js'

type ConfigValues = Pick<AnonymizeValues, 'fhirVersion' | 'allowRandomKeys' | 'allowWeakKeys'>

/** Reads and checks the configuration that `--config` names. Throws CONFIG_INVALID, KEY_MISSING, USAGE and SOURCE_*. */
export async function checkedConfigAt(
  path: string,
  { fhirVersion, allowRandomKeys, allowWeakKeys }: ConfigValues,
  access: StoreAccess,
  series?: Series,
): Promise<CheckedConfig> {
  const { raw, baseFolder } = await readConfigAt(path, access)
  return checkConfig(raw, { fhirVersion, baseFolder, allowRandomKeys, allowWeakKeys, series })
}
