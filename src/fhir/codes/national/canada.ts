import type { CodeSet, CodeSystem } from '../code-system.js'
import { isLoincTerm } from '../loinc.js'

const systems: readonly CodeSystem[] = [
  {
    title: 'Canadian Classification of Health Interventions (CCI)',
    urls: ['http://cihi.ca/fhir/CodeSystem/cihi-cci', 'urn:oid:2.16.840.1.113883.6.95'],
    edition: '2022',
    form: 'section, group, intervention and qualifiers, separated by dots and hyphens',
    accepts: (code) =>
      /^[1-8]\.[A-Z]{2}\.\d{2}\.(?:[A-Z]{2}|\^\^)(?:-[A-Z0-9^]{1,2}(?:-[A-Z0-9^]{1,2})?)?$/.test(code),
  },
  {
    title: 'ICD-10-CA',
    urls: ['http://hl7.org/fhir/sid/icd-10-ca', 'urn:oid:2.16.840.1.113883.6.94'],
    edition: '2022',
    form: 'letter, two digits, and up to three digits after a dot',
    accepts: (code) => /^[A-Z]\d{2}(?:\.\d{1,3})?[*+†]?$/.test(code),
  },
  {
    title: 'Drug Identification Number',
    urls: [
      'http://hl7.org/fhir/NamingSystem/ca-hc-din',
      'urn:oid:2.16.840.1.113883.5.1105',
      'http://terminology.hl7.org/CodeSystem/ca-hc-din',
    ],
    edition: '2026: 00000019 to 02599999',
    form: 'eight digits that begin with 00, 01 or 02',
    accepts: (code) => /^0[0-2]\d{6}$/.test(code) && Number(code) < 2_600_000,
  },
  {
    title: 'Natural Product Number',
    urls: ['http://hl7.org/fhir/NamingSystem/ca-hc-npn'],
    edition: '2026',
    form: 'eight digits that begin with 800 or 801',
    accepts: (code) => /^80[01]\d{5}$/.test(code),
  },
  {
    title: 'pan-Canadian LOINC Observation Code Database (pCLOCD)',
    urls: ['https://fhir.infoway-inforoute.ca/CodeSystem/pCLOCD', 'urn:oid:2.16.840.1.113883.2.20.5.1'],
    edition: '2026',
    form: 'a term of LOINC, or `X`, five digits, hyphen, digit',
    accepts: (code) => isLoincTerm(code) || /^X\d{5}-\d$/.test(code),
  },
]

export const CANADA: CodeSet = {
  name: 'canada',
  title: 'Canada',
  note: 'SNOMED CT CA and LOINC have their own names.',
  systems: () => systems,
}
