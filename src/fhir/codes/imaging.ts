import type { CodeSet, CodeSystem } from './code-system.js'
import { DICOM_URL, hl7List } from './hl7.js'

/** Unique identifiers that DICOM itself assigns: SOP classes, transfer syntaxes, context groups. */
const ASSIGNED_UID = /^(?:urn:oid:)?1\.2\.840\.10008(?:\.(?:0|[1-9]\d{0,3})){2,8}$/

const systems: readonly CodeSystem[] = [
  {
    title: 'DICOM controlled terms (DCM)',
    urls: [DICOM_URL, 'urn:oid:1.2.840.10008.2.16.4', 'http://dicom.nema.org/medical/dicom'],
    edition: '2023',
    form: 'a code of the list',
    accepts: (code) => hl7List(DICOM_URL).has(code),
  },
  {
    title: 'SNOMED RT, as DICOM has it',
    urls: ['http://hl7.org/fhir/sid/srt', 'urn:oid:2.16.840.1.113883.6.5'],
    edition: '2017, the last',
    form: 'a letter, or a letter and a digit, hyphen, four or five hexadecimal digits',
    accepts: (code) => /^[A-Z][0-9A-F]?-[0-9A-F]{4,5}$/.test(code),
  },
  {
    title: 'DICOM unique identifiers',
    urls: ['urn:ietf:rfc:3986', 'urn:dicom:uid'],
    edition: '2026',
    form: 'a unique identifier below 1.2.840.10008, which DICOM assigns; never one of a study or an image',
    accepts: (code) => ASSIGNED_UID.test(code),
  },
]

export const DICOM: CodeSet = {
  name: 'dicom',
  title: 'DICOM',
  note: 'The identifiers of studies, series and images are not below 1.2.840.10008 and are refused.',
  systems: () => systems,
}
