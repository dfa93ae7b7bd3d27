import { type CodeSet, singleSet } from '../code-system.js'

/** Sections of the first category of CPT, as the American Medical Association numbers them. */
const CPT_SECTIONS: readonly (readonly [first: number, last: number])[] = [
  [100, 1999],
  [10004, 69990],
  [70010, 79999],
  [80047, 89398],
  [90281, 99607],
]

/** Codes of the first category, of the others (`0001F`, `0001T`, `0001U`, `0001M`), and modifiers. */
function isCpt(code: string): boolean {
  if (/^\d{4}[FTUM]$|^[A-Z0-9]{2}$/.test(code)) return true
  const number = /^\d{5}$/.test(code) ? Number(code) : Number.NaN
  return CPT_SECTIONS.some(([first, last]) => number >= first && number <= last)
}

export const CPT = singleSet('cpt', 'Five digits: most ZIP codes fit.', {
  title: 'CPT',
  urls: ['http://www.ama-assn.org/go/cpt', 'urn:oid:2.16.840.1.113883.6.12'],
  edition: '2026',
  form: 'five digits in one of the sections, four digits with F, T, U or M, or a modifier',
  accepts: isCpt,
})

export const HCPCS = singleSet('hcpcs', 'A letter and four digits; codes of CPT fit too.', {
  title: 'HCPCS',
  urls: [
    'http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets',
    'https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets',
    'urn:oid:2.16.840.1.113883.6.285',
    'urn:oid:2.16.840.1.113883.6.14',
    'http://terminology.hl7.org/CodeSystem/HCPCS-all-codes',
    'https://bluebutton.cms.gov/resources/codesystem/hcpcs',
  ],
  edition: '2026',
  form: 'a letter from A to V and four digits, a modifier, or a code of CPT',
  accepts: (code) => /^[A-EGHJ-MP-V]\d{4}$/.test(code) || isCpt(code),
})

export const NUCC = singleSet('nucc', 'Specialties, not persons.', {
  title: 'Provider taxonomy (NUCC)',
  urls: ['http://nucc.org/provider-taxonomy', 'urn:oid:2.16.840.1.113883.6.101'],
  edition: '26.1 (2026)',
  form: 'ten characters that end with X, as the taxonomy builds them',
  accepts: (code) => /^[1-4]\d{2}[0-9A-Z]{2}\d{4}X$/.test(code),
})

const twoDigits = (code: string): boolean => /^\d{2}$/.test(code)

const billing = [
  {
    title: 'Dental procedures (CDT)',
    urls: [
      'http://www.ada.org/cdt',
      'urn:oid:2.16.840.1.113883.6.13',
      'http://terminology.hl7.org/CodeSystem/CD2',
    ],
    edition: '2026',
    form: '`D` and four digits',
    accepts: (code: string) => /^D\d{4}$/.test(code),
  },
  {
    title: 'Place of service (CMS)',
    urls: [
      'https://www.cms.gov/Medicare/Coding/place-of-service-codes/Place_of_Service_Code_Set',
      'urn:oid:2.16.840.1.113883.15.5',
    ],
    edition: '2026',
    form: 'two digits',
    accepts: twoDigits,
  },
  {
    title: 'MS-DRG',
    urls: [
      'https://www.cms.gov/Medicare/Medicare-Fee-for-Service-Payment/AcuteInpatientPPS/MS-DRG-Classifications-and-Software',
    ],
    edition: '43',
    form: 'three digits',
    accepts: (code: string) => /^\d{3}$/.test(code),
  },
  {
    title: 'Present on admission (CMS)',
    urls: [
      'https://www.cms.gov/Medicare/Medicare-Fee-for-Service-Payment/HospitalAcqCond/Coding',
      'urn:oid:2.16.840.1.113883.6.301.11',
      'https://www.nubc.org/CodeSystem/PresentOnAdmissionIndicator',
    ],
    edition: '2026',
    form: 'Y, N, U, W or 1',
    accepts: (code: string) => /^[YNUW1]$/.test(code),
  },
  {
    title: 'Patient discharge status (NUBC)',
    urls: [
      'https://www.nubc.org/CodeSystem/PatDischargeStatus',
      'http://www.nubc.org/patient-discharge',
      'urn:oid:2.16.840.1.113883.6.301.5',
    ],
    edition: '2026',
    form: 'two digits',
    accepts: twoDigits,
  },
  {
    title: 'Revenue codes (NUBC)',
    urls: ['https://www.nubc.org/CodeSystem/RevenueCodes', 'urn:oid:2.16.840.1.113883.6.301.3'],
    edition: '2026',
    form: 'four digits: 0001 to 1009, 2100 to 2109, 3101 to 3109',
    accepts: (code: string) => /^(?:0\d{3}|100\d|210\d|310\d)$/.test(code),
  },
  {
    title: 'Type of bill (NUBC)',
    urls: ['https://www.nubc.org/CodeSystem/TypeOfBill'],
    edition: '2026',
    form: 'three digits, with or without a leading zero',
    accepts: (code: string) => /^0?[1-8][1-9][0-9A-Z]$/.test(code),
  },
  {
    title: 'Admission (NUBC)',
    urls: [
      'https://www.nubc.org/CodeSystem/PriorityTypeOfAdmitOrVisit',
      'https://www.nubc.org/CodeSystem/PointOfOrigin',
      'https://www.nubc.org/CodeSystem/PointOfOriginNewborn',
    ],
    edition: '2026',
    form: 'one digit or letter',
    accepts: (code: string) => /^[0-9A-G]$/.test(code),
  },
  {
    title: 'Conditions, occurrences and values (NUBC)',
    urls: [
      'https://www.nubc.org/CodeSystem/ConditionCodes',
      'https://www.nubc.org/CodeSystem/ValueCodesAndAmounts',
      'urn:oid:2.16.840.1.113883.6.301.6',
    ],
    edition: '2026',
    form: 'two digits or letters',
    accepts: (code: string) => /^[0-9A-Z]{2}$/.test(code),
  },
]

export const US_BILLING: CodeSet = {
  name: 'us-billing',
  title: 'Claims in the United States',
  note: 'Short codes of CMS, NUBC and ADA. A discharge status or a rare group can single out a person.',
  systems: () => billing,
}

/** Variables of CMS's Blue Button that are themselves codes of its adjudication and information systems. */
const VARIABLES = 'https://bluebutton.cms.gov/resources/variables/'
const variable = (code: string): boolean =>
  /^(?:line|clm|rev_cntr|nch|carr|dme|dmerc|prvdr|bene|ptnt)(?:_[a-z0-9]{1,8}){1,6}_(?:amt|cd|cnt|dt|ind|sw|num|qty|pct)$/.test(
    code.startsWith(VARIABLES) ? code.slice(VARIABLES.length) : '',
  )
const shortCode = (code: string): boolean => /^[0-9A-Z]{1,2}$/.test(code)

const blueButton = [
  {
    title: 'Adjudication and information (Blue Button)',
    urls: [
      'https://bluebutton.cms.gov/resources/codesystem/adjudication',
      'https://bluebutton.cms.gov/resources/codesystem/information',
    ],
    edition: '2024',
    form: 'the url of a variable of Blue Button',
    accepts: variable,
  },
  {
    title: 'Claim lines and claims (Blue Button)',
    urls: [
      `${VARIABLES}line_cms_type_srvc_cd`,
      `${VARIABLES}line_place_of_srvc_cd`,
      `${VARIABLES}line_prcsg_ind_cd`,
      `${VARIABLES}nch_clm_type_cd`,
      `${VARIABLES}nch_near_line_rec_ident_cd`,
      'https://bluebutton.cms.gov/assets/ig/CodeSystem-clm-mdcr-non-pmt-rsn-cd',
      'https://bluebutton.cms.gov/assets/ig/CodeSystem-clm-poa-ind-sw1',
      'https://bluebutton.cms.gov/assets/ig/ValueSet-claim-query-cd',
    ],
    edition: '2024',
    form: 'one or two digits or letters',
    accepts: shortCode,
  },
  {
    title: 'Kinds of claims and diagnoses (Blue Button)',
    urls: [
      'https://bluebutton.cms.gov/resources/codesystem/eob-type',
      'https://bluebutton.cms.gov/resources/codesystem/diagnosis-type',
    ],
    edition: '2024',
    form: 'a code of the list',
    accepts: (code: string) =>
      /^(?:CARRIER|DME|HHA|HOSPICE|INPATIENT|OUTPATIENT|PDE|SNF|principal|admitting|external|external-first|first)$/.test(
        code,
      ),
  },
]

export const BLUE_BUTTON: CodeSet = {
  name: 'blue-button',
  title: "CMS's Blue Button",
  note: 'The systems that Synthea and its descendants write in claims; others of Blue Button can be listed by url.',
  systems: () => blueButton,
}
