import type { ElementType, Member } from '../../fhir/elements.js'

/**
 * The 18 identifiers of HIPAA's Safe Harbor, 45 CFR 164.514(b)(2)(i) (A) to (R), with the places of FHIR that hold them.
 * A place is a type (`HumanName`: everything in it), or an element of a type (`Address.city`). A place may hold several
 * identifiers. `T` is not one of the 18: free texts and files, which may hold any of them.
 */
export const IDENTIFIERS = {
  A: {
    name: 'Names',
    places: [
      'HumanName',
      'Reference.display',
      'Annotation.author',
      'Attachment.title',
      'Account.name',
      'AuditEvent.agent.name',
      'CareTeam.name',
      'Device.deviceName.name',
      'FamilyMemberHistory.name',
      'Group.name',
      'List.title',
    ],
  },
  B: {
    name: 'Geography below state',
    places: [
      'Address',
      'Location.position',
      'Location.name',
      'Location.alias',
      'Location.description',
      'Organization.name',
      'Organization.alias',
    ],
  },
  C: {
    name: 'Dates other than years, ages over 89',
    places: [
      'date',
      'dateTime',
      'instant',
      'Age',
      'FamilyMemberHistory.age',
      'FamilyMemberHistory.born',
      'FamilyMemberHistory.deceased',
      'Condition.onset',
      'Condition.abatement',
    ],
  },
  D: { name: 'Phone numbers', places: ['ContactPoint'] },
  E: { name: 'Fax numbers', places: ['ContactPoint'] },
  F: { name: 'E-mail addresses', places: ['ContactPoint'] },
  G: { name: 'Social security numbers', places: ['Identifier'] },
  H: {
    name: 'Medical record numbers',
    places: [
      'Identifier',
      'Resource.id',
      'Reference.reference',
      'AuditEvent.entity.name',
      'AuditEvent.entity.query',
      'Bundle.entry.fullUrl',
      'Bundle.entry.request.url',
      'Bundle.entry.request.ifNoneExist',
      'Bundle.entry.response.location',
      'Meta.source',
      'OperationOutcome.issue.diagnostics',
    ],
  },
  I: {
    name: 'Health plan numbers',
    places: [
      'Identifier',
      'Claim.insurance.preAuthRef',
      'ClaimResponse.preAuthRef',
      'Coverage.class.name',
      'Coverage.class.value',
      'Coverage.dependent',
      'Coverage.network',
      'Coverage.subscriberId',
      'ExplanationOfBenefit.insurance.preAuthRef',
      'ExplanationOfBenefit.preAuthRef',
    ],
  },
  J: { name: 'Account numbers', places: ['Identifier', 'Account.name'] },
  K: {
    name: 'Certificate and licence numbers',
    places: ['Identifier', 'Practitioner.qualification', 'VerificationResult.validator.identityCertificate'],
  },
  L: {
    name: 'Vehicles and licence plates',
    places: ['Identifier', 'Claim.accident.location', 'ExplanationOfBenefit.accident.location'],
  },
  M: {
    name: 'Device identifiers and serial numbers',
    places: [
      'Identifier',
      'Device.distinctIdentifier',
      'Device.lotNumber',
      'Device.modelNumber',
      'Device.partNumber',
      'Device.serialNumber',
      'Device.udi',
      'Device.udiCarrier',
      'Immunization.lotNumber',
      'Medication.batch.lotNumber',
    ],
  },
  N: {
    name: 'Web addresses',
    places: ['uri', 'url', 'ContactPoint', 'Endpoint.header', 'Reference.reference'],
  },
  O: { name: 'IP addresses', places: ['ContactPoint', 'AuditEvent.agent.network'] },
  P: {
    name: 'Biometric identifiers',
    places: [
      'Attachment.data',
      'Binary.data',
      'Media.content',
      'SampledData.data',
      'MolecularSequence.observedSeq',
      'MolecularSequence.referenceSeq',
      'MolecularSequence.repository',
      'MolecularSequence.variant',
    ],
  },
  Q: {
    name: 'Full-face photographs',
    places: [
      'Attachment.data',
      'Binary.data',
      'BodySite.image',
      'BodyStructure.image',
      'Media.content',
      'Patient.photo',
      'Person.photo',
      'Practitioner.photo',
      'RelatedPerson.photo',
    ],
  },
  R: {
    name: 'Any other unique number, characteristic or code',
    places: [
      'Identifier',
      'Extension',
      'Signature',
      'id',
      'oid',
      'uuid',
      'Attachment.hash',
      'Element.id',
      'ImagingStudy.series.instance.uid',
      'ImagingStudy.series.uid',
      'Meta.versionId',
      'Reference.reference',
      'Resource.id',
    ],
  },
  T: {
    name: 'Free text and files, which may hold any of them',
    places: ['string', 'markdown', 'xhtml', 'base64Binary'],
  },
} as const satisfies Readonly<Record<string, { readonly name: string; readonly places: readonly string[] }>>

export type IdentifierLetter = keyof typeof IDENTIFIERS

export const LETTERS = Object.keys(IDENTIFIERS) as readonly IdentifierLetter[]

/** Addresses that name a definition or a code system, not a person's data. */
const DEFINITIONS: ReadonlySet<string> = new Set([
  'Extension.url',
  ...['Coding', 'Quantity', 'Age', 'Count', 'Distance', 'Duration', 'Money', 'SimpleQuantity'].map(
    (type) => `${type}.system`,
  ),
])

const lettersByPlace = new Map<string, IdentifierLetter[]>()
for (const letter of LETTERS)
  for (const place of IDENTIFIERS[letter].places)
    lettersByPlace.set(place, [...(lettersByPlace.get(place) ?? []), letter])

/** Returns the identifiers that a leaf of a resource may hold; `T` only if the place says nothing more. */
export function identifiersAt(
  resource: ElementType,
  members: readonly Member[],
): readonly IdentifierLetter[] {
  const found = new Set<IdentifierLetter>()
  let owner = resource
  for (const member of members) {
    for (const place of placesOf(owner, member))
      for (const letter of lettersByPlace.get(place) ?? []) found.add(letter)
    owner = member.type
  }
  if ([...found].some((letter) => letter !== 'T' && letter !== 'C')) found.delete('T')
  return LETTERS.filter((letter) => found.has(letter))
}

function placesOf(owner: ElementType, { name, type }: Member): readonly string[] {
  const element = `${owner.id}.${name}`
  if (DEFINITIONS.has(element)) return []
  if (name === 'id') return [owner.isResource ? 'Resource.id' : 'Element.id']
  return [element, type.name]
}
