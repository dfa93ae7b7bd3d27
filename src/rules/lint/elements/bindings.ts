import { hasForm, requiredList } from '../../../fhir/codes/required-lists.js'
import type { FhirVersion } from '../../../fhir/version.js'
import type { Place } from './place.js'

/** Returns the codes that a place may hold, if FHIR requires a binding to a list. */
function codesOf({ name, parent }: Place, version: FhirVersion): readonly string[] | undefined {
  const list = parent && requiredList(`${parent.type.id}.${name}`, version)
  return list === undefined || hasForm(list) ? undefined : list
}

/** Returns the codes that these places may hold; undefined if one of them may hold other codes. */
export function codesAt(
  places: readonly Place[] | undefined,
  version: FhirVersion,
): ReadonlySet<string> | undefined {
  if (places === undefined || places.length === 0) return undefined
  const codes = new Set<string>()
  for (const place of places) {
    const list = codesOf(place, version)
    if (list === undefined) return undefined
    for (const code of list) codes.add(code)
  }
  return codes
}
