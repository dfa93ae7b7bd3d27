/**
 * Resource types in the order in which servers that check references accept them: each line refers mostly to the lines
 * above it. Types refer to each other in circles, so that no order is perfect; what is refused is tried again.
 */
const RANKS: readonly string[] = [
  'CodeSystem ConceptMap NamingSystem ValueSet StructureDefinition SearchParameter CapabilityStatement OperationDefinition CompartmentDefinition',
  'Organization Substance Library Questionnaire Measure',
  'Location Endpoint Practitioner PlanDefinition ActivityDefinition DeviceDefinition MedicationKnowledge',
  'HealthcareService PractitionerRole Medication OrganizationAffiliation InsurancePlan',
  'Patient',
  'RelatedPerson Person Group Device Coverage Account Schedule',
  'Slot Appointment EpisodeOfCare',
  'Encounter AppointmentResponse',
  'Condition AllergyIntolerance Specimen Goal QuestionnaireResponse FamilyMemberHistory Consent',
  'CareTeam ServiceRequest MedicationRequest DeviceRequest NutritionOrder Task Immunization BodyStructure Flag',
  'Procedure ImagingStudy MedicationDispense MedicationAdministration MedicationStatement SupplyDelivery Media',
  'Observation RiskAssessment',
  'DiagnosticReport DocumentReference CarePlan ClinicalImpression Communication',
  'Claim Composition List Basic',
  'ClaimResponse ExplanationOfBenefit PaymentNotice PaymentReconciliation',
  'MeasureReport Provenance AuditEvent',
]

export const RANK_COUNT = RANKS.length

const RANK_OF = new Map(RANKS.flatMap((types, rank) => types.split(' ').map((type) => [type, rank] as const)))

/** Types that are not listed go with the events of patients. */
const OTHER = RANK_OF.get('Observation') ?? 0

/** The place of a type in the order, from 0. */
export const rankOfType = (type: string): number => RANK_OF.get(type) ?? OTHER

/** Whether it is one of the types that are listed here: not every name that looks like a type is one. */
export const isRanked = (type: string): boolean => RANK_OF.has(type)
