import { concept, DEVICES, SNOMED, term } from './codes.js'
import {
  clock,
  day,
  idOf,
  organizationName,
  PLACES,
  personName,
  STREET_KINDS,
  STREETS,
  type SyntheticType,
} from './population.js'
import type { Random } from './random.js'
import { narrative, organizationReference, patientReference, start, type Writer } from './writing.js'

const RACES = [
  ['2106-3', 'White'],
  ['2054-5', 'Black or African American'],
  ['2028-9', 'Asian'],
  ['1002-5', 'American Indian or Alaska Native'],
] as const
const US_CORE = 'http://hl7.org/fhir/us/core/StructureDefinition/'
const PAYERS = ['Aetna', 'Humana', 'Medicaid', 'Medicare', 'Cigna Health'] as const

const patient: Writer = (population, index, random) => {
  const { given, family, female } = personName(population, 'Patient', index)
  const [race, raceText] = random.pick(RACES)
  const phone = phoneNumber(random)
  const dead = random.chance(0.12)
  const birthYear = random.between(1926, dead ? 1985 : 2024)
  const birth = day(random, birthYear, birthYear)
  const mrn = random.digits(8)
  const updated = day(random, 2021, 2025)
  const maiden = female ? `,{"use":"maiden","family":"Ni${family}","given":["${given}"]}` : ''
  const source = population.version === 'R4' ? `,"source":"https://ehr.quarryside.example/feeds/${mrn}"` : ''
  const deceased = dead ? `,"deceasedDateTime":"${day(random, 2005, 2024)}${clock(random)}"` : ''
  return `${start(population, 'Patient', index)},"meta":{"versionId":"${random.between(1, 9)}","lastUpdated":"${
    updated
  }T08:15:27.412+00:00"${source},"profile":["${US_CORE}us-core-patient"]},${narrative(`<p>${given} <b>${family}</b>, born ${birth}, MRN ${mrn}</p>`)},"extension":[{"url":"${
    US_CORE
  }us-core-race","extension":[{"url":"ombCategory","valueCoding":{"system":"urn:oid:2.16.840.1.113883.6.238","code":"${
    race
  }","display":"${raceText}"}},{"url":"text","valueString":"${raceText}"}]},{"url":"http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName","valueString":"${
    random.pick(PLACES)[0]
  } ${family}"},{"url":"http://hl7.org/fhir/StructureDefinition/patient-birthPlace","valueAddress":{"city":"${
    random.pick(PLACES)[0]
  }","state":"MA","country":"US"}}],"identifier":[${identifier('MR', 'http://hospital.quarryside.example/mrn', mrn)},${identifier(
    'SS',
    'http://hl7.org/fhir/sid/us-ssn',
    `999-${random.digits(2)}-${random.digits(4)}`,
  )},${identifier('DL', 'urn:oid:2.16.840.1.113883.4.3.25', `S999${random.digits(5)}`)}],"active":true,"name":[{"use":"official","family":"${
    family
  }","given":["${given}","${family.slice(0, 1)}."],"prefix":["${female ? 'Ms.' : 'Mr.'}"]}${
    maiden
  }],"telecom":[{"system":"phone","value":"${phone}","use":"home"},{"system":"email","value":"${given.toLowerCase()}.${mrn}@mail.example"}],"gender":"${female ? 'female' : 'male'}","birthDate":"${
    birth
  }","_birthDate":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/patient-birthTime","valueDateTime":"${
    birth
  }${clock(random)}"}]}${deceased},"address":[${address(random)}],"maritalStatus":${term(
    'v3-MaritalStatus',
    random.pick(['M', 'S', 'D', 'W']),
  )},"multipleBirthBoolean":false,"contact":[{"name":{"text":"${random.pick(['Auntie', 'Uncle'])} ${
    family
  }"},"telecom":[{"system":"phone","value":"${phoneNumber(random)}"}]}],"communication":[{"language":{"coding":[{"system":"urn:ietf:bcp:47","code":"${random.pick(
    ['en-US', 'es', 'pl'],
  )}"}]}}],"generalPractitioner":[${organizationReference(population, random)}]}`
}

const practitioner: Writer = (population, index, random) => {
  const { given, family, female } = personName(population, 'Practitioner', index)
  return `${start(population, 'Practitioner', index)},"identifier":[{"system":"http://hl7.org/fhir/sid/us-npi","value":"99999${random.digits(
    5,
  )}"}],"active":true,"name":[{"family":"${family}","given":["${given}"],"prefix":["Dr."]}],"telecom":[{"system":"email","value":"${given.toLowerCase()}.${random.digits(4)}@clinic.example","use":"work"}],"address":[${address(random)}],"gender":"${
    female ? 'female' : 'male'
  }"}`
}

const organization: Writer = (population, index, random) =>
  `${start(population, 'Organization', index)},"identifier":[{"system":"https://registry.example/org","value":"${random.digits(
    9,
  )}"}],"active":true,"type":[${term('organization-type', 'prov')}],"name":"${organizationName(population, index)}","alias":["${
    organizationName(population, index).split(' ')[0]
  }"],"telecom":[{"system":"phone","value":"${phoneNumber(random)}"}],"address":[${address(random)}]}`

const location: Writer = (population, index, random) =>
  `${start(population, 'Location', index)},"status":"active","name":"${organizationName(
    population,
    index,
  )}, wing ${random.below(9)}","description":"Third door behind the chapel","telecom":[{"system":"phone","value":"${phoneNumber(
    random,
  )}"}],"address":${address(random)},"position":{"longitude":-${random.decimal(70, 120, 6)},"latitude":${random.decimal(
    25,
    48,
    6,
  )}},"managingOrganization":${organizationReference(population, random)}}`

const relatedPerson: Writer = (population, index, random) =>
  `${start(population, 'RelatedPerson', index)},"active":true,"patient":${patientReference(population, random)},"name":[{"text":"Cousin ${
    personName(population, 'Patient', index).family
  }"}],"telecom":[{"system":"phone","value":"${phoneNumber(random)}"}],"gender":"unknown","birthDate":"${day(
    random,
    1930,
    1999,
  )}","address":[${address(random)}]}`

const coverage: Writer = (population, index, random) =>
  `${start(population, 'Coverage', index)},"identifier":[{"system":"https://payer.example/member","value":"M${random.digits(
    9,
  )}"}],"status":"active","type":{"text":"${random.pick(PAYERS)}"},"subscriberId":"SUB${random.digits(
    8,
  )}","beneficiary":${patientReference(population, random)},"dependent":"0${random.below(9)}","period":{"start":"${day(
    random,
    2012,
    2020,
  )}","end":"${day(random, 2021, 2025)}"},"payor":[{"display":"${random.pick(PAYERS)}"}],"network":"Net ${random.digits(4)}"}`

const device: Writer = (population, index, random) => {
  const code = random.pick(DEVICES)
  const serial = random.digits(7)
  const lot = random.digits(10)
  const barcode = `(01)55${random.digits(12)}(10)${lot}(21)${serial}`
  const carrier =
    population.version === 'R4'
      ? `"udiCarrier":[{"deviceIdentifier":"55${random.digits(12)}","carrierHRF":"${barcode}"}],"distinctIdentifier":"55${
          lot
        }","serialNumber":"${serial}","deviceName":[{"name":"${code[1]} of ${lot}","type":"user-friendly-name"}]`
      : `"udi":{"deviceIdentifier":"55${random.digits(12)}","carrierHRF":"${barcode}"}`
  return `${start(population, 'Device', index)},${carrier},"status":"active","manufactureDate":"${day(
    random,
    2010,
    2015,
  )}${clock(random)}","expirationDate":"${day(random, 2030, 2040)}${clock(random)}","lotNumber":"${lot}","type":${concept(
    SNOMED,
    code,
  )},"patient":{"reference":"urn:uuid:${idOf(population, 'Patient', random.below(population.patientCount))}"}}`
}

export const ADMINISTRATIVE_WRITERS = {
  Patient: patient,
  Practitioner: practitioner,
  Organization: organization,
  Location: location,
  RelatedPerson: relatedPerson,
  Coverage: coverage,
  Device: device,
} satisfies Partial<Record<SyntheticType, Writer>>

const phoneNumber = (random: Random): string => `555-${random.between(200, 989)}-${random.digits(4)}`

const identifier = (type: string, system: string, value: string): string =>
  `{"use":"usual","type":${term('v2-0203', type)},"system":"${system}","value":"${value}"}`

function address(random: Random): string {
  const [city, district, state, zip] = random.pick(PLACES)
  const line = `${random.between(1, 999)} ${random.pick(STREETS)} ${random.pick(STREET_KINDS)}`
  return `{"use":"home","line":["${line}"],"city":"${city}","district":"${district}","state":"${state}","postalCode":"${
    zip
  }","country":"US"}`
}
