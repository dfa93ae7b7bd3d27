import { type CodeSet, singleSet } from './code-system.js'
import { ICD_10_CM_CATEGORIES, ICD_10_PCS_OPERATIONS } from './icd-10-lists.js'
import { inPrefixList } from './list.js'

const isCategory = inPrefixList(ICD_10_CM_CATEGORIES)
const isOperation = inPrefixList(ICD_10_PCS_OPERATIONS)

/** Characters 4 to 7. A seventh digit stands only in some chapters; everywhere else it is a letter. */
const CM = /^[A-Z]\d[0-9AB](?:\.?[0-9A-KXZ](?:[0-9A-EXYZ](?:[0-9A-HX][A-HJKMNP-S]?)?)?)?$/
const CM_DIGIT =
  /^(?:O[346]\d|M1A|H[35][45]|H40|R40|E0[89]|E1[013]|C44|T86|J34|G71|Z86|K63)\.?[0-9A-KX][0-9A-EX]{2}\d$/

/** Whether a text has the form of a code of ICD-10-CM in one of its categories, with or without the dot. */
const isIcd10Cm = (code: string): boolean => isCategory(code) && (CM.test(code) || CM_DIGIT.test(code))

/** Chapters of WHO's ICD-10 with up to two more digits, always with the dot; dagger and asterisk as printed. */
const WHO = /^[A-Z]\d{2}(?:\.\d{1,2})?[*+†]?$/

/** A stem (`5A11`, `2C25.2`) or an extension (`XH5PL9`) of ICD-11. */
const ICD_11 =
  /^(?:[0-9A-HJ-NP-W][A-HJ-NP-Z]\d[0-9A-HJ-NP-Z](?:\.[0-9A-HJ-NP-Z]{1,2})?|X[A-HJ-NP-Z]\d[0-9A-HJ-NP-Z]{1,3})$/

export const ICD_10_CM = singleSet('icd-10-cm', 'A rare disease can single out a person.', {
  title: 'ICD-10-CM',
  urls: [
    'http://hl7.org/fhir/sid/icd-10-cm',
    'urn:oid:2.16.840.1.113883.6.90',
    'http://terminology.hl7.org/CodeSystem/icd10CM',
  ],
  edition: 'fiscal year 2026',
  form: 'a category of the list and up to four characters as the classification has them, with or without the dot',
  accepts: isIcd10Cm,
})

export const ICD_10_PCS = singleSet('icd-10-pcs', 'One of twenty numbers of seven digits fits.', {
  title: 'ICD-10-PCS',
  urls: [
    'http://www.cms.gov/Medicare/Coding/ICD10',
    'http://hl7.org/fhir/sid/icd-10-pcs',
    'urn:oid:2.16.840.1.113883.6.4',
    'http://terminology.hl7.org/CodeSystem/icd10PCS',
  ],
  edition: 'fiscal year 2026',
  form: 'section, body system and operation that go together, and four characters without I and O',
  accepts: (code) => /^[0-9A-HJ-NP-Z]{7}$/.test(code) && isOperation(code),
})

/** Diagnoses and procedures; the dot is required, because `02139` is a ZIP code. */
const ICD_9 = /^(?:\d{3}(?:\.\d{1,2})?|E\d{3}(?:\.\d)?|V\d{2}(?:\.\d{1,2})?|\d{2}\.\d{1,2})$/

export const ICD_9_CM = singleSet('icd-9-cm', 'Codes that are written without the dot are refused.', {
  title: 'ICD-9-CM',
  urls: [
    'http://hl7.org/fhir/sid/icd-9-cm',
    'urn:oid:2.16.840.1.113883.6.103',
    'urn:oid:2.16.840.1.113883.6.104',
    'urn:oid:2.16.840.1.113883.6.2',
    'http://terminology.hl7.org/CodeSystem/icd9cm',
  ],
  edition: '2015, the last',
  form: 'diagnoses (`250.00`, `V58.1`, `E812.0`) and procedures (`38.93`), with the dot',
  accepts: (code) => ICD_9.test(code),
})

const worldwide = [
  {
    title: 'ICD-10 (WHO)',
    urls: [
      'http://hl7.org/fhir/sid/icd-10',
      'urn:oid:2.16.840.1.113883.6.3',
      'http://terminology.hl7.org/CodeSystem/icd10',
    ],
    edition: '2019',
    form: 'letter, two digits, and up to two digits after a dot; codes of ICD-10-CM fit too',
    accepts: (code: string) => WHO.test(code) || isIcd10Cm(code),
  },
  {
    title: 'ICD-11 MMS',
    urls: ['http://id.who.int/icd/release/11/mms'],
    edition: '2025-01',
    form: 'stem and extension codes, joined by `&` and `/`',
    accepts: (code: string) =>
      code.split(/[&/]/).length <= 6 && code.split(/[&/]/).every((one) => ICD_11.test(one)),
  },
  {
    title: 'ICD-O-3',
    urls: [
      'http://terminology.hl7.org/CodeSystem/icd-o-3',
      'http://hl7.org/fhir/sid/icd-o-3',
      'urn:oid:2.16.840.1.113883.6.43.1',
    ],
    edition: '3.2',
    form: 'morphology (`8140/3`) and topography (`C50.9`)',
    accepts: (code: string) => /^(?:[89]\d{3}\/[01236][1-49]?|C\d{2}(?:\.\d)?)$/.test(code),
  },
]

export const ICD: CodeSet = {
  name: 'icd',
  title: 'ICD-10 (WHO), ICD-11, ICD-O-3',
  note: 'Classifications of WHO; national ones are sets of their own.',
  systems: () => worldwide,
}
