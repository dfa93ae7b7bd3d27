export interface SearchParameter {
  readonly kind: 'token' | 'date' | 'reference' | 'string'
  /** Root elements, or `parent.child`; a choice element is given by its JSON keys. */
  readonly paths: readonly string[]
}

const token = (...paths: string[]): SearchParameter => ({ kind: 'token', paths })
const date = (...paths: string[]): SearchParameter => ({ kind: 'date', paths })
const reference = (...paths: string[]): SearchParameter => ({ kind: 'reference', paths })

const string = (...paths: string[]): SearchParameter => ({ kind: 'string', paths })

const STATUS = { status: token('status') }
const SUBJECT = { patient: reference('subject'), subject: reference('subject') }
const PATIENT = { patient: reference('patient') }
const ENCOUNTER = { encounter: reference('encounter', 'context') }
const CODE = { code: token('code') }
const CATEGORY = { category: token('category') }
const MEDICATION = { code: token('medicationCodeableConcept') }

/** Parameters of every type. */
const FOR_ALL: Readonly<Record<string, SearchParameter>> = {
  _id: token('id'),
  _lastUpdated: date('meta.lastUpdated'),
  _tag: token('meta.tag'),
  _security: token('meta.security'),
  identifier: token('identifier'),
}

const BY_TYPE: Readonly<Record<string, Readonly<Record<string, SearchParameter>>>> = {
  AllergyIntolerance: {
    ...PATIENT,
    ...CODE,
    ...CATEGORY,
    'clinical-status': token('clinicalStatus'),
    'verification-status': token('verificationStatus'),
    criticality: token('criticality'),
    date: date('recordedDate', 'assertedDate'),
  },
  CarePlan: { ...STATUS, ...SUBJECT, ...CATEGORY, intent: token('intent'), date: date('period') },
  CareTeam: { ...STATUS, ...SUBJECT, ...CATEGORY, date: date('period') },
  Claim: { ...STATUS, ...PATIENT, use: token('use'), created: date('created') },
  Condition: {
    ...SUBJECT,
    ...ENCOUNTER,
    ...CODE,
    ...CATEGORY,
    'clinical-status': token('clinicalStatus'),
    'verification-status': token('verificationStatus'),
    'recorded-date': date('recordedDate', 'assertedDate'),
    'onset-date': date('onsetDateTime', 'onsetPeriod'),
  },
  Coverage: { ...STATUS, type: token('type'), patient: reference('beneficiary') },
  Device: { ...STATUS, ...PATIENT, type: token('type') },
  DiagnosticReport: {
    ...STATUS,
    ...SUBJECT,
    ...ENCOUNTER,
    ...CODE,
    ...CATEGORY,
    date: date('effectiveDateTime', 'effectivePeriod'),
    issued: date('issued'),
  },
  DocumentReference: {
    ...STATUS,
    ...SUBJECT,
    ...CATEGORY,
    type: token('type'),
    date: date('date'),
    period: date('context.period'),
  },
  Encounter: { ...STATUS, ...SUBJECT, class: token('class'), type: token('type'), date: date('period') },
  ExplanationOfBenefit: { ...STATUS, ...PATIENT, created: date('created'), type: token('type') },
  Goal: { ...SUBJECT, ...CATEGORY, 'lifecycle-status': token('lifecycleStatus') },
  Group: {
    type: token('type'),
    actual: token('actual'),
    membership: token('membership'),
    code: token('code'),
    name: string('name'),
    'managing-entity': reference('managingEntity'),
  },
  Immunization: {
    ...STATUS,
    ...PATIENT,
    'vaccine-code': token('vaccineCode'),
    date: date('occurrenceDateTime', 'date'),
  },
  Location: { ...STATUS, type: token('type') },
  MedicationAdministration: {
    ...STATUS,
    ...SUBJECT,
    ...MEDICATION,
    'effective-time': date('effectiveDateTime', 'effectivePeriod'),
  },
  MedicationDispense: { ...STATUS, ...SUBJECT, ...MEDICATION, whenhandedover: date('whenHandedOver') },
  MedicationRequest: {
    ...STATUS,
    ...SUBJECT,
    ...ENCOUNTER,
    ...MEDICATION,
    ...CATEGORY,
    intent: token('intent'),
    authoredon: date('authoredOn'),
  },
  MedicationStatement: {
    ...STATUS,
    ...SUBJECT,
    ...MEDICATION,
    effective: date('effectiveDateTime', 'effectivePeriod'),
  },
  Observation: {
    ...STATUS,
    ...SUBJECT,
    ...ENCOUNTER,
    ...CODE,
    ...CATEGORY,
    date: date('effectiveDateTime', 'effectivePeriod', 'effectiveInstant'),
    'value-concept': token('valueCodeableConcept'),
  },
  Organization: { active: token('active'), type: token('type') },
  Patient: {
    active: token('active'),
    gender: token('gender'),
    birthdate: date('birthDate'),
    'death-date': date('deceasedDateTime'),
    language: token('communication.language'),
  },
  Practitioner: { active: token('active'), gender: token('gender') },
  Procedure: {
    ...STATUS,
    ...SUBJECT,
    ...ENCOUNTER,
    ...CODE,
    ...CATEGORY,
    date: date('performedDateTime', 'performedPeriod', 'occurrenceDateTime', 'occurrencePeriod'),
  },
  Provenance: { recorded: date('recorded'), target: reference('target') },
  ServiceRequest: {
    ...STATUS,
    ...SUBJECT,
    ...ENCOUNTER,
    ...CODE,
    ...CATEGORY,
    intent: token('intent'),
    authored: date('authoredOn'),
  },
}

/** Looks up a search parameter supported by `_typeFilter`; undefined if it is not supported. */
export const searchParameter = (type: string, name: string): SearchParameter | undefined =>
  Object.hasOwn(FOR_ALL, name) ? FOR_ALL[name] : own(BY_TYPE[type], name)

const own = <T>(table: Readonly<Record<string, T>> | undefined, name: string): T | undefined =>
  table !== undefined && Object.hasOwn(table, name) ? table[name] : undefined

/** Lists parameter names for the CapabilityStatement and for messages. */
export const supportedParameters = (type: string): readonly string[] => [
  ...Object.keys(FOR_ALL),
  ...Object.keys(BY_TYPE[type] ?? {}),
]
