// Holds src/fhir/codes/loinc.ts, src/fhir/codes/snomed-ct.ts.
import t from 'tap'
import { codeVerdicts } from '../../../src/fhir/codes/code-verdicts.js'

const { pair } = codeVerdicts({ allow: ['loinc', 'snomed-ct'], grammar: true }, 'R4')

t.test('LOINC: terms, parts, answers and lists', async (t) => {
  for (const code of ['8302-2', '2951-2', '45401-7', '100000-9', 'LP7839-6', 'LA6576-8', 'LL358-3'])
    t.ok(pair('http://loinc.org', code), code)
  for (const code of ['8302-1', '8320-2', '83022', '02139-4307', '617-5', 'LX6576-8', '8302-2 ', 'SMITH'])
    t.notOk(pair('http://loinc.org', code), code)
})

t.test('SNOMED CT: concepts, extensions, metadata and expressions', async (t) => {
  const fits = [
    '44054006',
    '1119302008',
    '900000000000003001',
    '900000000000013009',
    '446141000124107',
    '999000541000001108',
  ]
  for (const code of [...fits, '73211009:363698007=39057004'])
    t.ok(pair('http://snomed.info/sct', code), code)
  for (const code of [
    '44054007',
    '44504006',
    '6175550199',
    '123456789',
    '73211009 |John Smith|',
    '73211009:',
  ])
    t.notOk(pair('http://snomed.info/sct', code), code)
})
