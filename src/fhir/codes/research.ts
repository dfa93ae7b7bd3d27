import type { CodeSet, CodeSystem } from './code-system.js'

const systems: readonly CodeSystem[] = [
  {
    title: 'Devices and vital signs (ISO/IEEE 11073, MDC)',
    urls: ['urn:iso:std:iso:11073:10101', 'urn:oid:2.16.840.1.113883.6.24'],
    edition: '2019',
    form: 'a number of three to six digits, or of seven that begins with 84',
    accepts: (code) => /^(?:[1-9]\d{2,5}|84\d{5})$/.test(code),
  },
  {
    title: 'NCI Thesaurus',
    urls: ['http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl', 'urn:oid:2.16.840.1.113883.3.26.1.1'],
    edition: '2026',
    form: '`C` and four to six digits',
    accepts: (code) => /^C\d{4,6}$/.test(code),
  },
  {
    title: 'MeSH',
    urls: [
      'https://www.nlm.nih.gov/mesh',
      'urn:oid:2.16.840.1.113883.6.177',
      'http://terminology.hl7.org/CodeSystem/MSH',
    ],
    edition: '2026',
    form: '`D`, `C` or `Q` and six or nine digits that begin with 0',
    accepts: (code) => /^[DCQ]0(?:\d{5}|\d{8})$/.test(code),
  },
]

export const RESEARCH: CodeSet = {
  name: 'research',
  title: 'MDC, NCI Thesaurus, MeSH',
  note: 'A letter or none and up to six digits: a local record number can fit. Genes and variants are not part of it.',
  systems: () => systems,
}
