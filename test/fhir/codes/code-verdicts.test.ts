// Holds src/fhir/codes/code-verdicts.ts, src/fhir/codes/code-system.ts, src/fhir/codes/code-form.ts,
// src/fhir/codes/hl7.ts.
import t from 'tap'
import { codeVerdicts } from '../../../src/fhir/codes/code-verdicts.js'

const { pair, countedAs } = codeVerdicts(
  { allow: ['loinc', 'snomed-ct', 'ucum', 'hl7', 'http://example.org/cs'], grammar: true },
  'R4',
)

t.test('a pair stays if its system is listed and its code fits', async (t) => {
  t.ok(pair('http://loinc.org', '8302-2'))
  t.ok(pair('urn:oid:2.16.840.1.113883.6.1', '8302-2'), 'an official alias')
  t.ok(pair('http://snomed.info/sct', '44054006'))
  t.ok(pair('http://unitsofmeasure.org', 'mL/min/{1.73_m2}'))
  t.ok(pair('http://terminology.hl7.org/CodeSystem/v3-ActCode', 'AMB'))
  t.ok(pair('http://hl7.org/fhir/v3/MaritalStatus', 'M'), 'the url of STU3')
  t.ok(pair('http://example.org/cs', 'local-1'))
  t.ok(pair('http://loinc.org', undefined), 'a listed system without a code')
  t.ok(pair(undefined, undefined))
})

t.test('a pair goes if its system is not listed or its code does not fit', async (t) => {
  t.notOk(pair('http://loinc.org', '8302-3'), 'a wrong check digit')
  t.notOk(pair('http://loinc.org/', '8302-2'), 'a trailing slash')
  t.notOk(pair('https://loinc.org', '8302-2'), 'another scheme')
  t.notOk(pair('http://snomed.info/sct', '44054007'))
  t.notOk(pair('http://terminology.hl7.org/CodeSystem/v3-ActCode', 'SMITH'))
  t.notOk(pair('http://hl7.org/fhir/john-smith', 'active'), 'a url that HL7 does not define')
  t.notOk(pair('http://example.org/cs', 'SMITH JOHN MRN 4242'))
  t.notOk(pair(undefined, '8302-2'), 'a code without a system')
  t.notOk(pair('urn:oid:1.2.840.114350', undefined), 'a system that is not listed')
})

t.test('a url without a set brings the form of a code', async (t) => {
  for (const code of ['A-1', 'x_1.2', '4242', '44054006', '446141000124107', 'mm[Hg]', '%'])
    t.ok(pair('http://example.org/cs', code), code)
  for (const code of [
    '617-555-0199',
    '6175550199',
    '123-45-6789',
    '123456789',
    '02139-4307',
    '1987-06-05',
    'a b',
    '',
    '-a',
    'a@b.c',
    'John/Smith',
  ])
    t.notOk(pair('http://example.org/cs', code), code)
})

t.test('without grammar only the system counts', async (t) => {
  const { pair } = codeVerdicts({ allow: ['loinc'], grammar: false }, 'R4')
  t.ok(pair('http://loinc.org', 'SMITH JOHN'))
  t.notOk(pair('http://snomed.info/sct', '44054006'))
})

t.test('what is removed is counted by public urls only', async (t) => {
  t.equal(countedAs(undefined), 'none')
  t.equal(countedAs('https://emr.st-marys-boston.org/codes'), 'other')
  t.equal(countedAs('http://example.org/cs'), 'http://example.org/cs')
  t.equal(codeVerdicts({ allow: [], grammar: true }, 'R4').countedAs('http://loinc.org'), 'http://loinc.org')
})
