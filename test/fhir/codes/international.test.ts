// Holds src/fhir/codes/international.ts, src/fhir/codes/list.ts.
import t from 'tap'
import { codeVerdicts } from '../../../src/fhir/codes/code-verdicts.js'

const { pair } = codeVerdicts({ allow: ['bcp-47', 'bcp-13', 'iso-3166', 'iso-4217'], grammar: true }, 'R4')

const CASES: readonly (readonly [system: string, fits: readonly string[], refused: readonly string[]])[] = [
  [
    'urn:ietf:bcp:47',
    ['en', 'en-US', 'zh-Hans-CN', 'es-419', 'hmn', 'EN-us', 'sr-Latn'],
    ['x-john-smith', 'en-x-john', 'bob', 'joe', 'en-JOHN', 'john', 'en-US-4242', 'en-99', 'en_US', ''],
  ],
  [
    'urn:ietf:bcp:13',
    ['application/fhir+json', 'text/plain;charset=UTF-8', 'application/vnd.ms-excel', 'image/jpeg'],
    [
      'image/x-john',
      'image/john',
      'application/vnd.john-smith',
      'john/smith',
      'text/plain; name=john',
      'text/john smith',
      'text/',
      'text',
    ],
  ],
  ['urn:iso:std:iso:3166', ['US', 'DEU', '840'], ['XX', 'us', 'JOE', '999', '02139']],
  ['urn:iso:std:iso:3166:-2', ['US-MA', 'MA', 'CA-AB', 'DE-BY'], ['US-XX', 'FR-75', 'MA-02139']],
  ['http://unstats.un.org/unsd/methods/m49/m49.htm', ['001', '840'], ['999', 'US']],
  ['urn:iso:std:iso:4217', ['USD', 'EUR', 'XAF'], ['JOE', 'usd', '840']],
]

for (const [system, fits, refused] of CASES)
  t.test(`${system}: members of the lists fit, private use and other texts are refused`, async (t) => {
    for (const code of fits) t.ok(pair(system, code), code)
    for (const code of refused) t.notOk(pair(system, code), code)
  })
