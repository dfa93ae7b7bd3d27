import {
  ALLERGENS,
  CONDITIONS,
  CVX,
  concept,
  DOCUMENTS,
  DRUGS,
  ENCOUNTERS,
  LOINC,
  MEASUREMENTS,
  PROCEDURES,
  RXNORM,
  SNOMED,
  term,
  UCUM,
  VACCINES,
} from './codes.js'
import { clock, day, idOf, type Population, personName, type SyntheticType } from './population.js'
import type { Random } from './random.js'
import {
  encounterReference,
  narrative,
  organizationReference,
  patientReference,
  practitionerReference,
  start,
  type Writer,
} from './writing.js'

const BODY = Buffer.from('Seen today, accompanied by the spouse. '.repeat(12)).toString('base64')

const encounter: Writer = (population, index, random) => {
  const reason = population.version === 'R4' ? 'reasonCode' : 'reason'
  return `${start(population, 'Encounter', index)},"identifier":[{"system":"https://ehr.quarryside.example/visit","value":"V${random.digits(
    9,
  )}"}],"status":"finished","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"${random.pick(
    ['AMB', 'EMER', 'IMP'],
  )}"},"type":[${concept(SNOMED, random.pick(ENCOUNTERS))}],"subject":${patientReference(
    population,
    random,
  )},"participant":[{"type":[${term('v3-ParticipationType', 'PPRF')}],"individual":${practitionerReference(
    population,
    random,
  )}}],"period":${period(random)},"${reason}":[${concept(
    SNOMED,
    random.pick(CONDITIONS),
  )}],"serviceProvider":${organizationReference(population, random)}}`
}

const condition: Writer = (population, index, random) => {
  const r4 = population.version === 'R4'
  const status = r4
    ? `"clinicalStatus":${term('condition-clinical', 'active')},"verificationStatus":${term('condition-ver-status', 'confirmed')}`
    : '"clinicalStatus":"active","verificationStatus":"confirmed"'
  return `${start(population, 'Condition', index)},${status},"code":${concept(
    SNOMED,
    random.pick(CONDITIONS),
  )},"subject":${patientReference(population, random)},${visit(population, random)},"onsetDateTime":"${moment(
    random,
  )}","${r4 ? 'recordedDate' : 'assertedDate'}":"${moment(random)}"}`
}

const observation: Writer = (population, index, random) => {
  const [code, unit, low, high, decimals, category] = random.pick(MEASUREMENTS)
  const time = moment(random)
  const value = `"valueQuantity":{"value":${random.decimal(low, high, decimals)},"unit":"${unit}","system":"${UCUM}","code":"${unit}"}`
  const components = random.chance(0.1)
    ? `"component":[{"code":${concept(LOINC, ['8462-4', 'Diastolic Blood Pressure'])},"valueQuantity":{"value":${random.between(
        55,
        110,
      )},"unit":"mm[Hg]","system":"${UCUM}","code":"mm[Hg]"}},{"code":${concept(LOINC, [
        '8480-6',
        'Systolic Blood Pressure',
      ])},"valueQuantity":{"value":${random.between(90, 190)},"unit":"mm[Hg]","system":"${UCUM}","code":"mm[Hg]"}}]`
    : value
  return `${start(population, 'Observation', index)},"status":"final","category":[${term(
    'observation-category',
    category,
  )}],"code":${concept(LOINC, code)},"subject":${patientReference(population, random)},${visit(
    population,
    random,
  )},"effectiveDateTime":"${time}","issued":"${time.slice(0, 19)}.139-05:00"${remark(population, random)},${components}}`
}

const procedure: Writer = (population, index, random) =>
  `${start(population, 'Procedure', index)},"status":"completed","code":${concept(
    SNOMED,
    random.pick(PROCEDURES),
  )},"subject":${patientReference(population, random)},${visit(population, random)},"performedPeriod":${period(random)}}`

const medicationRequest: Writer = (population, index, random) => {
  const r4 = population.version === 'R4'
  const dose = r4 ? '"doseAndRate":[{"doseQuantity":{"value":1.0}}]' : '"doseQuantity":{"value":1.0}'
  const requester = practitionerReference(population, random)
  return `${start(population, 'MedicationRequest', index)},"status":"active","intent":"order","medicationCodeableConcept":${concept(
    RXNORM,
    random.pick(DRUGS),
  )},"subject":${patientReference(population, random)},${visit(population, random)},"authoredOn":"${moment(
    random,
  )}","requester":${r4 ? requester : `{"agent":${requester}}`},"dosageInstruction":[{"sequence":1,"text":"One at breakfast, call ${
    personName(population, 'Practitioner', random.below(population.practitionerCount)).family
  } if dizzy","timing":{"repeat":{"frequency":1,"period":1.0,"periodUnit":"d"}},"asNeededBoolean":false,${dose}}]}`
}

const immunization: Writer = (population, index, random) =>
  `${start(population, 'Immunization', index)},"status":"completed",${
    population.version === 'R4' ? '' : '"notGiven":false,'
  }"vaccineCode":${concept(CVX, random.pick(VACCINES))},"patient":${patientReference(
    population,
    random,
  )},"encounter":${encounterReference(population, random)},"${
    population.version === 'R4' ? 'occurrenceDateTime' : 'date'
  }":"${moment(random)}","primarySource":true,"lotNumber":"L${random.digits(6)}"}`

const allergyIntolerance: Writer = (population, index, random) => {
  const r4 = population.version === 'R4'
  const status = r4
    ? `"clinicalStatus":${term('allergyintolerance-clinical', 'active')},"verificationStatus":${term('allergyintolerance-verification', 'confirmed')}`
    : '"clinicalStatus":"active","verificationStatus":"confirmed"'
  return `${start(population, 'AllergyIntolerance', index)},${status},"type":"allergy","category":["food"],"criticality":"low","code":${concept(
    SNOMED,
    random.pick(ALLERGENS),
  )},"patient":${patientReference(population, random)},"${r4 ? 'recordedDate' : 'assertedDate'}":"${moment(
    random,
  )}","reaction":[{"manifestation":[${concept(SNOMED, ['271807003', 'Eruption of skin'])}],"description":"Began at the wedding in ${random.between(
    1990,
    2020,
  )}"}]}`
}

const diagnosticReport: Writer = (population, index, random) => {
  const code = random.pick(MEASUREMENTS)[0]
  const results = Array.from(
    { length: random.between(1, 8) },
    () =>
      `{"reference":"Observation/${idOf(population, 'Observation', random.next())}","display":"${code[1]}"}`,
  )
  const time = moment(random)
  return `${start(population, 'DiagnosticReport', index)},${narrative(`<p>Report of ${time}</p>`)},"status":"final","category":${
    population.version === 'R4' ? `[${term('v2-0074', 'LAB')}]` : term('v2-0074', 'LAB')
  },"code":${concept(LOINC, code)},"subject":${patientReference(population, random)},${visit(
    population,
    random,
  )},"effectiveDateTime":"${time}","issued":"${time.slice(0, 19)}.000-05:00","result":[${results.join(',')}],"conclusion":"As discussed by telephone on ${time.slice(
    0,
    10,
  )}"}`
}

const documentReference: Writer = (population, index, random) => {
  const code = random.pick(DOCUMENTS)
  const time = moment(random)
  const r4 = population.version === 'R4'
  const context = encounterReference(population, random)
  return `${start(population, 'DocumentReference', index)},"status":"current","type":${concept(
    LOINC,
    code,
  )},"subject":${patientReference(population, random)},"${r4 ? 'date' : 'indexed'}":"${time.slice(
    0,
    19,
  )}.000-05:00","author":[${practitionerReference(population, random)}],"description":"${code[1]} \\"as dictated\\"","content":[{"attachment":{"contentType":"text/plain","data":"${BODY}","url":"https://ehr.quarryside.example/Binary/${random.digits(
    9,
  )}","title":"note-${random.digits(6)}.txt","creation":"${time}"}}],"context":{"encounter":${
    r4 ? `[${context}]` : context
  },"period":${period(random)}}}`
}

export const CLINICAL_WRITERS = {
  Encounter: encounter,
  Condition: condition,
  Observation: observation,
  Procedure: procedure,
  MedicationRequest: medicationRequest,
  Immunization: immunization,
  AllergyIntolerance: allergyIntolerance,
  DiagnosticReport: diagnosticReport,
  DocumentReference: documentReference,
} satisfies Partial<Record<SyntheticType, Writer>>

const moment = (random: Random): string => day(random, 2009, 2025) + clock(random)

function period(random: Random): string {
  const date = day(random, 2009, 2025)
  return `{"start":"${date}${clock(random)}","end":"${date}${clock(random)}"}`
}

/** The visit is `encounter` in R4 and `context` before. */
const visit = (population: Population, random: Random): string =>
  `"${population.version === 'R4' ? 'encounter' : 'context'}":${encounterReference(population, random)}`

function remark(population: Population, random: Random): string {
  if (!random.chance(0.05)) return ''
  const text = `Patient says: \\"since ${random.between(1990, 2020)}\\"\\nCall ${random.digits(7)}`
  return population.version === 'R4' ? `,"note":[{"text":"${text}"}]` : `,"comment":"${text}"`
}
