/** [code, display] in one code system. */
export type Code = readonly [code: string, display: string]

export const SNOMED = 'http://snomed.info/sct'
export const LOINC = 'http://loinc.org'
export const RXNORM = 'http://www.nlm.nih.gov/research/umls/rxnorm'
export const CVX = 'http://hl7.org/fhir/sid/cvx'
export const UCUM = 'http://unitsofmeasure.org'
const TERMINOLOGY = 'http://terminology.hl7.org/CodeSystem/'

const coding = (system: string, [code, display]: Code): string =>
  `{"system":"${system}","code":"${code}","display":"${display}"}`

/** A CodeableConcept with its text. */
export const concept = (system: string, code: Code): string =>
  `{"coding":[${coding(system, code)}],"text":"${code[1]}"}`

/** A CodeableConcept from one of HL7's own code systems, without display. */
export const term = (system: string, code: string): string =>
  `{"coding":[{"system":"${TERMINOLOGY}${system}","code":"${code}"}]}`

export const CONDITIONS: readonly Code[] = [
  ['44054006', 'Diabetes mellitus type 2'],
  ['38341003', 'Hypertensive disorder'],
  ['195662009', 'Acute viral pharyngitis'],
  ['39848009', 'Whiplash injury to neck'],
  ['40055000', 'Chronic sinusitis'],
  ['271737000', 'Anemia'],
  ['162864005', 'Body mass index 30+ - obesity'],
]
export const PROCEDURES: readonly Code[] = [
  ['430193006', 'Medication Reconciliation'],
  ['73761001', 'Colonoscopy'],
  ['710824005', 'Assessment of health and social care needs'],
  ['232717009', 'Coronary artery bypass grafting'],
  ['274474001', 'Bone immobilization'],
]
export const ENCOUNTERS: readonly Code[] = [
  ['410620009', 'Well child visit'],
  ['185345009', 'Encounter for symptom'],
  ['162673000', 'General examination of patient'],
  ['50849002', 'Emergency room admission'],
]
export const DRUGS: readonly Code[] = [
  ['313820', 'Acetaminophen 160 MG Chewable Tablet'],
  ['860975', '24 HR metformin hydrochloride 500 MG Extended Release Oral Tablet'],
  ['314076', 'lisinopril 10 MG Oral Tablet'],
  ['308136', 'amlodipine 2.5 MG Oral Tablet'],
  ['834061', 'Penicillin V Potassium 250 MG Oral Tablet'],
]
export const VACCINES: readonly Code[] = [
  ['140', 'Influenza, seasonal, injectable, preservative free'],
  ['113', 'Td (adult) preservative free'],
  ['33', 'pneumococcal polysaccharide vaccine, 23 valent'],
]
export const ALLERGENS: readonly Code[] = [
  ['419474003', 'Allergy to mould'],
  ['91935009', 'Allergy to peanuts'],
  ['300916003', 'Latex allergy'],
]
export const DOCUMENTS: readonly Code[] = [
  ['34133-9', 'Summary of episode note'],
  ['11506-3', 'Progress note'],
  ['18842-5', 'Discharge summary'],
]
export const DEVICES: readonly Code[] = [
  ['72506001', 'Implantable defibrillator'],
  ['706004007', 'Implantable cardiac pacemaker'],
]
/** LOINC code, display, unit, low, high, decimals. */
export const MEASUREMENTS: readonly (readonly [Code, string, number, number, number, string])[] = [
  [['8302-2', 'Body Height'], 'cm', 50, 200, 1, 'vital-signs'],
  [['29463-7', 'Body Weight'], 'kg', 3, 140, 1, 'vital-signs'],
  [['39156-5', 'Body Mass Index'], 'kg/m2', 15, 45, 2, 'vital-signs'],
  [['8867-4', 'Heart rate'], '/min', 45, 140, 0, 'vital-signs'],
  [['6298-4', 'Potassium'], 'mmol/L', 3, 6, 2, 'laboratory'],
  [['2339-0', 'Glucose'], 'mg/dL', 60, 240, 1, 'laboratory'],
  [['4548-4', 'Hemoglobin A1c/Hemoglobin.total in Blood'], '%', 4, 12, 2, 'laboratory'],
  [['718-7', 'Hemoglobin [Mass/volume] in Blood'], 'g/dL', 9, 18, 1, 'laboratory'],
]
