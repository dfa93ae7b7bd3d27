// Holds src/fhir/codes/ucum.ts, src/fhir/codes/ucum-units.ts.
import t from 'tap'
import { codeVerdicts } from '../../../src/fhir/codes/code-verdicts.js'

const { pair } = codeVerdicts({ allow: ['ucum'], grammar: true }, 'R4')
const accepts = (code: string): boolean => pair('http://unitsofmeasure.org', code)

t.test('units of the grammar are accepted', async (t) => {
  for (const code of [
    '1',
    '%',
    'mm[Hg]',
    '10*3/uL',
    '/min',
    'mL/min/{1.73_m2}',
    'kg.m/s2',
    'umol/(24.h)',
    "[arb'U]/mL",
    'Cel',
    'dB',
    'm[IU]/L',
    '10*-6',
    '/100{WBC}',
    '{score}',
    'g/(100.g)',
    'cm-1',
    'U/(10.g){feces}',
    '/100',
    '10*12/L',
    'Kibit',
  ])
    t.ok(accepts(code), code)
})

t.test('anything else is refused', async (t) => {
  for (const code of [
    '',
    ' ',
    'John',
    'mg dL',
    '{John Smith}',
    'mg{John}',
    'mg/',
    '/',
    '.mg',
    'mg//dL',
    '(mg',
    'mg)',
    '()',
    'mg/(',
    '617550199',
    '02139',
    '4242',
    'mg[John]',
    '[John]',
    'tab for John Smith',
    'MG/DL',
    'mg}{',
    '{score}{score}',
    'kmm',
    'Kim',
    'Max',
    'J45',
    '98.6',
    '120',
    '617.555',
    'm.m.m.m.m.m.m.m.m',
  ])
    t.notOk(accepts(code), code)
})
