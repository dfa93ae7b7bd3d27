import { concept, PROCEDURES, SNOMED, term } from './codes.js'
import { clock, day, idOf, type Population, personName, type SyntheticType } from './population.js'
import type { Random } from './random.js'
import {
  encounterReference,
  money,
  organizationReference,
  patientReference,
  practitionerReference,
  start,
  type Writer,
} from './writing.js'

const claim: Writer = (population, index, random) => {
  const r4 = population.version === 'R4'
  const head = `"status":"active","type":${term('claim-type', 'institutional')},"use":"${r4 ? 'claim' : 'complete'}"`
  const insurance = '{"sequence":1,"focal":true,"coverage":{"display":"Aetna"}}'
  return `${start(population, 'Claim', index)},${head},"patient":${patientReference(
    population,
    random,
  )},"billablePeriod":${period(random)},"created":"${day(random, 2015, 2025)}${clock(random)}","${
    r4 ? 'provider' : 'organization'
  }":${organizationReference(population, random)},"priority":${term('processpriority', 'normal')},"insurance":[${insurance}],"item":[${items(
    population,
    random,
  )}],"total":${money(population, random.decimal(50, 5000, 2))}}`
}

const explanationOfBenefit: Writer = (population, index, random) => {
  const r4 = population.version === 'R4'
  const claimId = idOf(population, 'Claim', index)
  const outcome = r4 ? '"outcome":"complete"' : `"disposition":"Processed for ${random.digits(6)}"`
  const use = r4 ? '"use":"claim",' : ''
  const order = r4
    ? `{"resourceType":"ServiceRequest","id":"referral","status":"completed","intent":"order","subject":${patientReference(
        population,
        random,
      )},"requester":${practitionerReference(population, random)}}`
    : `{"resourceType":"ReferralRequest","id":"referral","status":"completed","intent":"order","subject":${patientReference(
        population,
        random,
      )}}`
  return `${start(population, 'ExplanationOfBenefit', index)},"contained":[${order}],"extension":[{"url":"https://bluebutton.cms.gov/resources/variables/clm_tot","valueMoney":${money(
    population,
    random.decimal(10, 900, 2),
  )}}],"identifier":[{"system":"https://bluebutton.cms.gov/resources/variables/clm_id","value":"${claimId}"}],"status":"active","type":${term(
    'claim-type',
    'institutional',
  )},${use}"patient":${patientReference(population, random)},"billablePeriod":${period(random)},"created":"${day(
    random,
    2015,
    2025,
  )}${clock(random)}","insurer":{"display":"Aetna"},"provider":${practitionerReference(
    population,
    random,
  )},"referral":{"reference":"#referral"},"claim":{"reference":"Claim/${claimId}"},${outcome},"payee":{"type":${term('payeetype', 'provider')},"party":${practitionerReference(
    population,
    random,
  )}},"item":[${items(population, random)}],"payment":{"date":"${day(random, 2015, 2025)}","amount":${money(
    population,
    random.decimal(50, 5000, 2),
  )}}}`
}

const auditEvent: Writer = (population, index, random) => {
  const { given, family } = personName(population, 'Practitioner', random.below(population.practitionerCount))
  const address = `10.${random.below(256)}.${random.below(256)}.${random.below(256)}`
  const r4 = population.version === 'R4'
  const what = r4 ? 'what' : 'reference'
  const source = r4
    ? `"observer":{"display":"${given}'s workstation"}`
    : `"identifier":{"value":"WS${random.digits(4)}"}`
  return `${start(population, 'AuditEvent', index)},"type":{"system":"http://dicom.nema.org/resources/ontology/DCM","code":"110110","display":"Patient Record"},"action":"R","recorded":"${day(
    random,
    2019,
    2025,
  )}T09:12:44.310+00:00","outcome":"0","outcomeDesc":"Opened by ${family}","agent":[{"altId":"u${random.digits(5)}","name":"${given} ${family}","requestor":true,"network":{"address":"${address}","type":"2"}}],"source":{"site":"Ward ${random.below(
    30,
  )}",${source}},"entity":[{"${what}":${patientReference(population, random)},"name":"Chart of ${random.digits(8)}","query":"bmFtZT1KYW5l"}]}`
}

export const FINANCIAL_WRITERS = {
  Claim: claim,
  ExplanationOfBenefit: explanationOfBenefit,
  AuditEvent: auditEvent,
} satisfies Partial<Record<SyntheticType, Writer>>

function period(random: Random): string {
  const date = day(random, 2009, 2025)
  return `{"start":"${date}${clock(random)}","end":"${date}${clock(random)}"}`
}

function items(population: Population, random: Random): string {
  const product = population.version === 'R4' ? 'productOrService' : 'service'
  return Array.from(
    { length: random.between(1, 6) },
    (_, at) =>
      `{"sequence":${at + 1},"${product}":${concept(SNOMED, random.pick(PROCEDURES))},"net":${money(
        population,
        random.decimal(20, 900, 2),
      )},"encounter":[${encounterReference(population, random)}]}`,
  ).join(',')
}
