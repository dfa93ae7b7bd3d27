import { type CodeSet, singleSet } from './code-system.js'
import { inList } from './list.js'

export const RXNORM = singleSet('rxnorm', 'A short number: a ZIP code or a local record number fits.', {
  title: 'RxNorm',
  urls: ['http://www.nlm.nih.gov/research/umls/rxnorm', 'urn:oid:2.16.840.1.113883.6.88'],
  edition: 'November 2026: numbers below 3,000,000',
  form: 'a number below 3,000,000 without leading zeros',
  accepts: (code) => /^(?:[1-9]\d{0,5}|[12]\d{6})$/.test(code),
})

export const NDC = singleSet('ndc', 'Numbers of 11 digits without hyphens fit only if they begin with 00.', {
  title: 'National Drug Code',
  urls: [
    'http://hl7.org/fhir/sid/ndc',
    'urn:oid:2.16.840.1.113883.6.69',
    'https://www.accessdata.fda.gov/scripts/cder/ndc',
  ],
  edition: '2026',
  form: 'packages with hyphens (4-4-2, 5-3-2, 5-4-1, 5-4-2), or 11 digits that begin with 00',
  accepts: (code) => /^(?:\d{4}-\d{4}-\d{2}|\d{5}-\d{3}-\d{2}|\d{5}-\d{4}-\d{1,2}|00\d{9})$/.test(code),
})

export const CVX = singleSet('cvx', 'Two or three digits.', {
  title: 'Vaccines (CVX)',
  urls: [
    'http://hl7.org/fhir/sid/cvx',
    'urn:oid:2.16.840.1.113883.12.292',
    'urn:oid:2.16.840.1.113883.6.59',
    'http://terminology.hl7.org/CodeSystem/CVX',
  ],
  edition: '2026: 01 to 349, 500 to 599, 801, 998, 999',
  form: 'a number of the ranges in use, with a leading zero below 10',
  accepts: (code) => /^(?:0[1-9]|[1-9]\d|[12]\d\d|3[0-4]\d|5\d\d|801|99[89])$/.test(code),
})

const isManufacturer =
  inList(`AB ACA AD AKR ALP AR ASZ AVB AVI BA BAH BAY BN BP BPC BRR BTP CEN CHI CMP CNJ CON
CRU CSL DVC DVX EVN GEO GRE GRF IAG IDB IM INN INT IUS JNJ JPN JSN KED KGC LED MA MBL MED MIL MIP MOD MSD NAB NAV
NOV NVX NYB ORT OTC OTH PAX PD PFR PHR PMC PRX PSC PWJ REB SCL SEQ SI SKB SOL TAL TVA UNK USA VAL VBI VXG WA WAL
ZLB`)

export const MVX = singleSet('mvx', 'A closed list.', {
  title: 'Manufacturers of vaccines (MVX)',
  urls: [
    'http://hl7.org/fhir/sid/mvx',
    'urn:oid:2.16.840.1.113883.12.227',
    'urn:oid:2.16.840.1.113883.6.60',
    'http://terminology.hl7.org/CodeSystem/MVX',
  ],
  edition: '2025',
  form: 'a code of the list',
  accepts: isManufacturer,
})

/** Whether a text is a code of WHO's Anatomical Therapeutic Chemical classification, at any of its five levels. */
export const isAtc = (code: string): boolean =>
  /^[ABCDGHJLMNPRSV](?:(?:0[1-9]|1[0-9]|2[0-9]|5[1-9]|9[01])(?:[A-Z](?:[A-Z](?:\d{2})?)?)?)?$/.test(code)

const worldwide = [
  {
    title: 'ATC',
    urls: ['http://www.whocc.no/atc', 'urn:oid:2.16.840.1.113883.6.73'],
    edition: '2026',
    form: 'one of the five levels (`A`, `A10`, `A10B`, `A10BA`, `A10BA02`)',
    accepts: isAtc,
  },
  {
    title: 'EDQM Standard Terms',
    urls: ['http://standardterms.edqm.eu', 'urn:oid:0.4.0.127.0.16.1.1.2.1'],
    edition: '2026',
    form: 'eight digits as EDQM numbers dose forms, routes, containers and units (`10219000`)',
    accepts: (code: string) => /^(?:1[0-3]\d{4}|[2-7]0\d{4})00$/.test(code),
  },
]

export const MEDICINES: CodeSet = {
  name: 'medicines',
  title: 'ATC and EDQM Standard Terms',
  note: 'Classifications that several countries use.',
  systems: () => worldwide,
}
