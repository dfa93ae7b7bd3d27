import {
  findFirstMember,
  findMember,
  skipSpace,
  skipValue,
  stringText,
  type ValueRange,
} from '../json/scanner.js'
import type { ElementType } from './elements.js'
import { resourceInUrl } from './resource-url.js'

/**
 * Elements in which a resource names its patient, from the parameters of the patient compartment, most specific
 * first.
 */
const PATIENT_ELEMENTS = ['patient', 'subject', 'beneficiary', 'individual', 'for', 'candidate', 'deliverFor']

/**
 * Types that name their patient in a nested or differently named element (FHIR R4 and R5,
 * CompartmentDefinition/patient).
 */
const NESTED: Readonly<Record<string, readonly string[]>> = {
  Appointment: ['participant.actor'],
  AppointmentResponse: ['actor'],
  AuditEvent: ['patient', 'agent.who', 'agent.reference', 'entity.what', 'entity.reference'],
  Coverage: ['beneficiary', 'subscriber', 'policyHolder'],
  Group: ['member.entity'],
  Person: ['link.target'],
  Provenance: ['patient', 'target'],
  Schedule: ['actor'],
  SupplyRequest: ['deliverFor', 'deliverTo'],
}

/** Types that can be in a patient's compartment in any FHIR version, plus Device, which names its patient too. */
export const PATIENT_COMPARTMENT_TYPES: ReadonlySet<string> = new Set(
  (
    'Account AdverseEvent AllergyIntolerance Appointment AppointmentResponse AuditEvent Basic BodySite BodyStructure ' +
    'CarePlan CareTeam ChargeItem Claim ClaimResponse ClinicalImpression Communication CommunicationRequest ' +
    'Composition Condition Consent Coverage CoverageEligibilityRequest CoverageEligibilityResponse DetectedIssue ' +
    'Device DeviceAssociation DeviceRequest DeviceUsage DeviceUseStatement DiagnosticReport DocumentManifest ' +
    'DocumentReference EligibilityRequest EligibilityResponse Encounter EncounterHistory EnrollmentRequest ' +
    'EpisodeOfCare ExplanationOfBenefit FamilyMemberHistory Flag GenomicStudy Goal Group ImagingSelection ' +
    'ImagingStudy Immunization ImmunizationEvaluation ImmunizationRecommendation Invoice List MeasureReport Media ' +
    'MedicationAdministration MedicationDispense MedicationRequest MedicationStatement MolecularSequence ' +
    'NutritionIntake NutritionOrder Observation Patient Person Procedure ProcedureRequest Provenance ' +
    'QuestionnaireResponse ReferralRequest RelatedPerson RequestGroup RequestOrchestration ResearchSubject ' +
    'RiskAssessment Schedule Sequence ServiceRequest Specimen SupplyDelivery SupplyRequest Task Transport ' +
    'VisionPrescription'
  ).split(' '),
)

/**
 * Types that give details of what a patient's resources refer to. Exports at Patient and Group level include them on
 * request, and only the resources that are referenced.
 */
export const SUPPORTING_TYPES: ReadonlySet<string> = new Set(
  (
    'ActivityDefinition BiologicallyDerivedProduct Endpoint HealthcareService InsurancePlan Library Location Measure ' +
    'Medication MedicationKnowledge NutritionProduct ObservationDefinition Organization OrganizationAffiliation ' +
    'PlanDefinition Practitioner PractitionerRole Questionnaire ResearchStudy SpecimenDefinition Substance ' +
    'SubstanceDefinition'
  ).split(' '),
)

/**
 * Returns the elements, most specific first, that alone decide `patientIdOf` for resources of a type: a Patient's id or
 * the references that the type has. Undefined where nested elements decide too.
 */
export function patientElementsOf({ name, members }: ElementType): readonly string[] | undefined {
  if (name === 'Patient') return ['id']
  if (NESTED[name] !== undefined) return undefined
  return PATIENT_ELEMENTS.filter((element) => members.has(element))
}

/**
 * Returns the id of the patient that a resource belongs to, as written in the source: a Patient's own id, otherwise
 * the id in the first reference to a patient by FHIR's patient compartment; '' if unknown. `source[start, end)` is
 * the resource's JSON object, which must be well-formed.
 */
export function patientIdOf(resourceType: string, source: Buffer, start: number, end: number): string {
  if (resourceType === 'Patient') {
    const id = findMember(source, start, end, 'id')
    return id !== undefined && source[id.start] === 0x22 ? stringText(source, id.start, id.end) : ''
  }
  const nested = NESTED[resourceType]
  if (nested === undefined) {
    const member = findFirstMember(source, start, end, PATIENT_ELEMENTS)
    return member === undefined ? '' : referenceAt(member, source)
  }
  for (const path of nested) {
    const id = idAt(path.split('.'), source, start, end)
    if (id !== '') return id
  }
  return ''
}

/** Returns the id of the first patient in the elements at a path below the object at `start`; '' if there is none. */
function idAt([name = '', ...rest]: readonly string[], source: Buffer, start: number, end: number): string {
  const member = findMember(source, start, end, name)
  if (member === undefined) return ''
  if (rest.length === 0) return referenceAt(member, source)
  for (const item of objectsIn(source, member.start, member.end)) {
    const id = idAt(rest, source, item.start, item.end)
    if (id !== '') return id
  }
  return ''
}

/**
 * Returns the id of the patient that a Reference names, or the first in an array of References; '' if there is none.
 */
function referenceAt({ start, end }: ValueRange, source: Buffer): string {
  for (const item of objectsIn(source, start, end)) {
    const reference = findMember(source, item.start, item.end, 'reference')
    if (reference === undefined || source[reference.start] !== 0x22) continue
    const id = patientId(stringText(source, reference.start, reference.end))
    if (id !== '') return id
  }
  return ''
}

/** Yields the range of the object itself, or of each object of an array. */
function* objectsIn(source: Buffer, start: number, end: number): Generator<{ start: number; end: number }> {
  if (source[start] === 0x7b) yield { start, end }
  if (source[start] !== 0x5b) return
  for (let at = skipSpace(source, start + 1, end); source[at] === 0x7b; ) {
    const itemEnd = skipValue(source, at, end, 0)
    yield { start: at, end: itemEnd }
    at = skipSpace(source, itemEnd, end)
    if (source[at] !== 0x2c) return
    at = skipSpace(source, at + 1, end)
  }
}

const PATIENT: ReadonlySet<string> = new Set(['Patient'])
const URN = /^urn:(?:uuid|oid):(.+)$/

const patientId = (reference: string): string =>
  resourceInUrl(reference, PATIENT)?.id ?? URN.exec(reference)?.[1] ?? ''
