export const FHIR_VERSIONS = ['STU3', 'R4', 'R4B', 'R5'] as const

/** The FHIR releases that Sluice supports. */
export type FhirVersion = (typeof FHIR_VERSIONS)[number]
