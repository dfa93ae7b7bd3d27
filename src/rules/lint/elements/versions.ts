import { type ElementTree, type ElementType, elementTree } from '../../../fhir/elements.js'
import { FHIR_VERSIONS, type FhirVersion } from '../../../fhir/version.js'
import { membersNamed } from './place.js'

/** Names of one element in different versions, by type. */
const NAMES: Readonly<Record<string, readonly (readonly string[])[]>> = {
  CarePlan: [['context', 'encounter']],
  Condition: [['context', 'encounter']],
  Consent: [
    ['patient', 'subject'],
    ['performer', 'grantee'],
  ],
  DiagnosticReport: [['context', 'encounter']],
  DocumentReference: [['indexed', 'date']],
  Encounter: [
    ['hospitalization', 'admission'],
    ['period', 'actualPeriod'],
    ['incomingReferral', 'basedOn'],
  ],
  ImagingStudy: [['context', 'encounter']],
  MedicationAdministration: [
    ['context', 'encounter'],
    ['effective', 'occurence'],
  ],
  MedicationDispense: [['context', 'encounter']],
  MedicationRequest: [['context', 'encounter']],
  MedicationStatement: [['context', 'encounter']],
  Observation: [['context', 'encounter']],
  Procedure: [
    ['context', 'encounter'],
    ['performed', 'occurrence'],
  ],
  RiskAssessment: [['context', 'encounter']],
}

/** Returns the names of an element of one of the types in other versions. */
export const renamesOf = (name: string, types: readonly ElementType[]): readonly string[] =>
  types.flatMap(({ id }) =>
    (NAMES[id] ?? [])
      .filter((names) => names.includes(name))
      .flatMap((names) => names.filter((own) => own !== name)),
  )

/** A rule on any resource has no single type to look up in another version. */
const MAX_TYPES = 20

/** Returns the versions in which one of these types has an element of that name. */
export function versionsWith(
  name: string,
  types: readonly ElementType[],
  tree: ElementTree,
): readonly FhirVersion[] {
  const ids = new Set(types.map(({ id }) => id))
  if (ids.size > MAX_TYPES) return []
  return FHIR_VERSIONS.filter((version) => {
    if (version === tree.version) return false
    const other = elementTree(version)
    return [...ids].some((id) => {
      const type = other.resources.get(id) ?? other.dataTypes.get(id)
      return type !== undefined && (membersNamed(type, name).length > 0 || type.members.has(name))
    })
  })
}
