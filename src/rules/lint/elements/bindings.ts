import type { FhirVersion } from '../../../fhir/version.js'
import type { Place } from './place.js'
import { REQUIRED_CODES } from './required-codes.js'

const tables = new Map<FhirVersion, ReadonlyMap<string, readonly string[]>>()

/** The codes of required bindings by element (`HumanName.use`, `Patient.contact.gender`). */
function codesByElement(version: FhirVersion): ReadonlyMap<string, readonly string[]> {
  const known = tables.get(version)
  if (known !== undefined) return known
  const table = new Map<string, readonly string[]>()
  for (const line of REQUIRED_CODES.split('\n')) {
    const [versions = '', elements = '', codes = ''] = line.split(': ')
    if (!versions.split(',').includes(version)) continue
    const list = codes.split(' ')
    for (const element of elements.split(' ')) table.set(element, list)
  }
  tables.set(version, table)
  return table
}

/** Returns the codes that a place may hold, if FHIR requires a binding. */
const codesOf = ({ name, parent }: Place, version: FhirVersion): readonly string[] | undefined =>
  parent === undefined ? undefined : codesByElement(version).get(`${parent.type.id}.${name}`)

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
