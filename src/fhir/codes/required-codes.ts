import type { FhirVersion } from '../version.js'

/** Returns the codes of required bindings by element (`HumanName.use`, `Patient.contact.gender`). */
export function requiredCodes(_version: FhirVersion): ReadonlyMap<string, ReadonlySet<string>> {
  return new Map()
}
