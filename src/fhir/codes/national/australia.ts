import type { CodeSet, CodeSystem } from '../code-system.js'
import { inList } from '../list.js'

const systems: readonly CodeSystem[] = [
  {
    title: 'Pharmaceutical Benefits Scheme',
    urls: ['http://pbs.gov.au/code/item'],
    edition: '2026',
    form: 'up to five digits and a letter',
    accepts: (code) => /^\d{4,5}[A-Z]$/.test(code),
  },
  {
    title: 'ICD-10-AM',
    urls: ['http://hl7.org/fhir/sid/icd-10-am'],
    edition: '13th edition',
    form: 'letter, two digits, and up to two digits after a dot',
    accepts: (code) => /^[A-Z]\d{2}(?:\.\d{1,2})?$/.test(code),
  },
  {
    title: 'Australian Classification of Health Interventions',
    urls: ['http://hl7.org/fhir/sid/achi'],
    edition: '13th edition',
    form: 'five digits, hyphen, two digits',
    accepts: (code) => /^\d{5}-\d{2}$/.test(code),
  },
  {
    title: 'Indigenous status',
    urls: ['https://healthterminologies.gov.au/fhir/CodeSystem/australian-indigenous-status-1'],
    edition: '2024',
    form: 'a code of the list',
    accepts: inList('1 2 3 4 9'),
  },
]

export const AUSTRALIA: CodeSet = {
  name: 'australia',
  title: 'Australia',
  note: "The Australian Medicines Terminology (AMT) is part of SNOMED CT: list 'snomed-ct'.",
  systems: () => systems,
}
