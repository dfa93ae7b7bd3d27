import type { CustomMethod } from '../../src/anonymizer/methods/custom-method.js'
import type { AnonymizerSpec } from '../../src/anonymizer/spec.js'
import { KEYS } from './rules.js'
import { specOf } from './spec-of.js'

const RULES = [
  { path: 'Patient.contact', method: 'remove' },
  { path: "nodesByType('Extension')", method: 'redact' },
  { path: 'Resource.id', method: 'cryptoHash' },
  { path: "nodesByType('Reference').reference", method: 'cryptoHash' },
  { path: 'Patient.birthDate', method: 'dateShift' },
  { path: "nodesByType('Period').start", method: 'dateShift' },
  { path: "nodesByType('HumanName').use", method: 'keep' },
  { path: "nodesByType('HumanName').given", method: 'generalize', cases: { "$this = 'Ann'": "'A'" } },
  { path: "nodesByType('HumanName')", method: 'redact' },
  { path: "nodesByType('Address').postalCode", method: 'redact' },
  { path: "nodesByType('ContactPoint').value", method: 'substitute', replaceWith: '5' },
  { path: 'Patient.maritalStatus.text', method: 'substitute', replaceWith: 'gone' },
  { path: 'Patient.communication.preferred', method: 'keep' },
  { path: 'Organization.name', method: 'cryptoHash' },
]

/** Rules to put before those of `walkSpec`. */
export const MORE_RULES = {
  none: [],
  predicates: [
    { path: "nodesByType('Extension').where(url = 'http://test/kept')", method: 'keep' },
    {
      path: "nodesByType('Identifier').where(system = 'urn:s' and value.exists()).value",
      method: 'cryptoHash',
    },
  ],
  /** What they write depends on where in the line a value is. */
  places: [
    { path: "nodesByType('ContactPoint').value", method: 'encrypt' },
    { path: 'Patient.multipleBirth', method: 'perturb', span: 10, roundTo: 0 },
  ],
} as const

/** R4 rules with which the walk meets each thing that it does with a value. */
export const walkSpec = (more: keyof typeof MORE_RULES = 'none'): AnonymizerSpec =>
  specOf({
    fhirVersion: 'R4',
    fhirPathRules: [...MORE_RULES[more], ...RULES],
    parameters: {
      ...KEYS,
      dateShiftScope: 'patient',
      enablePartialDatesForRedact: true,
      enablePartialZipCodesForRedact: true,
    },
  })

const RESOURCE = {
  resourceType: 'Patient',
  id: '1f0c2a9b-0001',
  meta: { profile: ['http://test/profile'], security: [{ code: 'R' }] },
  contained: [{ resourceType: 'Organization', id: 'o', name: 'Spital Zürich' }],
  extension: [
    { url: 'http://test/kept', valueString: 'k' },
    { url: 'x', valueDecimal: -1.5e3 },
  ],
  identifier: [{ system: 'urn:s', value: 'a"b\\c', period: { start: '2001-02-03T04:05:06Z' } }],
  active: true,
  name: [{ use: 'usual', family: 'É', given: ['Ann', 'Bo'] }],
  telecom: [{ system: 'phone', value: '555' }],
  gender: 'female',
  birthDate: '1971-05-17',
  address: [{ city: 'x', postalCode: '12345' }],
  maritalStatus: { text: 'M' },
  multipleBirthInteger: 2,
  contact: [{ gender: 'male', name: { family: 'y' } }],
  communication: [{ language: { text: 'de' }, preferred: false }],
  managingOrganization: { reference: 'Organization/o1' },
}

/** A Patient that meets every rule of `walkSpec`, as one line without white space. */
export const WALK_LINE = JSON.stringify(RESOURCE)

const TOKENS = /"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s"[\]{},:]+/gs

/** The tokens of a line that has no white space between them. */
export const tokensOf = (line: string): readonly string[] => line.match(TOKENS) ?? []

/** A method that throws where the text holds `throw`; else it turns the text round. */
export const moody: CustomMethod = ({ text }) => {
  if (text.includes('throw')) throw new Error(`a method fails for ${text}`)
  return { json: [...text].toReversed().join('') }
}
