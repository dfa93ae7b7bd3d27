import type { CodeSet, CodeSystem } from '../code-system.js'
import { isSnomedId } from '../snomed-ct.js'

/** Up to five characters, filled with dots, and in version 2 the two digits of a term. */
const READ = /^(?=.{5}$|(?!\d{7}).{5}[01]\d$)[0-9A-Za-z]{1,5}?\.{0,4}(?:[01]\d)?$/
/** Five letters that CTV3 numbers: `XaJLG`, `XEybc`, `UaVxk`. Other words of five letters are refused. */
const CTV3_LETTERS = /^(?:X[A-Za-z][A-Z][A-Za-z]{2}|U[a-c][A-Z][A-Za-z]{2})$/
const isRead = (code: string): boolean =>
  READ.test(code) && (/^[^.]{0,4}\d|^[A-Za-z]{1,3}\./.test(code) || CTV3_LETTERS.test(code))

const systems: readonly CodeSystem[] = [
  {
    title: 'Dictionary of medicines and devices (dm+d)',
    urls: ['https://dmd.nhs.uk', 'https://fhir.hl7.org.uk/Id/dmd'],
    edition: '2026',
    form: 'an id of SNOMED CT with its check digit',
    accepts: isSnomedId,
  },
  {
    title: 'Read version 2 and CTV3',
    urls: [
      'http://read.info/readv2',
      'http://read.info/ctv3',
      'urn:oid:2.16.840.1.113883.2.1.6.2',
      'urn:oid:2.16.840.1.113883.2.1.3.2.4.14',
      'urn:oid:2.16.840.1.113883.6.6',
    ],
    edition: '2018, the last',
    form: 'five characters with a digit or dots, and two digits of a term; CTV3 also letters as it numbers them',
    accepts: isRead,
  },
  {
    title: 'OPCS-4',
    urls: [
      'https://fhir.nhs.uk/Id/opcs-4',
      'https://fhir.hl7.org.uk/Id/opcs-4',
      'urn:oid:2.16.840.1.113883.2.1.3.2.4.16.123',
    ],
    edition: '4.11',
    form: 'letter, two digits, and a digit after a dot',
    accepts: (code) => /^[A-HJ-Z]\d{2}(?:\.\d)?$/.test(code),
  },
  {
    title: 'ICD-10 (United Kingdom)',
    urls: ['http://hl7.org/fhir/sid/icd-10-uk', 'https://fhir.hl7.org.uk/Id/icd-10'],
    edition: '5th edition',
    form: 'letter, two digits, and up to two digits after a dot',
    accepts: (code) => /^[A-Z]\d{2}(?:\.\d{1,2})?[*+†]?$/.test(code),
  },
  {
    title: 'UK Core',
    urls: [
      'https://fhir.hl7.org.uk/CodeSystem/UKCore-EthnicCategory',
      'https://fhir.hl7.org.uk/CodeSystem/UKCore-EthnicCategoryEngland',
      'https://fhir.hl7.org.uk/CodeSystem/UKCore-EthnicCategoryWales',
      'https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatus',
      'https://fhir.hl7.org.uk/CodeSystem/UKCore-AdmissionMethodEngland',
      'https://fhir.hl7.org.uk/CodeSystem/UKCore-DischargeMethodEngland',
      'https://fhir.hl7.org.uk/CodeSystem/UKCore-DischargeDestinationEngland',
      'https://fhir.hl7.org.uk/CodeSystem/UKCore-SourceOfAdmissionEngland',
    ],
    edition: '2024',
    form: 'up to two digits, or a letter and a digit',
    accepts: (code) => /^(?:\d{1,2}|[A-Z]\d?|\d[A-Z])$/.test(code),
  },
]

export const UNITED_KINGDOM: CodeSet = {
  name: 'uk',
  title: 'United Kingdom',
  note: 'Codes of organizations (ODS) name a practice, that is a place, and are not part of it.',
  systems: () => systems,
}
