import { isModulo10 } from './check-digits.js'
import { singleSet } from './code-system.js'

/** A part (LP), answer (LA), answer list (LL) or group (LG). Their check digits follow no published rule. */
const LETTERED = /^L[APLG][1-9]\d{0,6}-\d$/

/** The number of a term with its check digit (LOINC Users' Guide, appendix C). */
export function isLoincTerm(code: string): boolean {
  const [, number, check] = /^([1-9]\d{0,5})-(\d)$/.exec(code) ?? []
  return number !== undefined && check !== undefined && isModulo10(number + check)
}

export const LOINC = singleSet('loinc', 'One of ten numbers has the right check digit by chance.', {
  title: 'LOINC',
  urls: ['http://loinc.org', 'urn:oid:2.16.840.1.113883.6.1'],
  edition: '2.81 (2025)',
  form: 'number of up to 6 digits with its check digit (modulo 10), or LP, LA, LL, LG and a number',
  accepts: (code) => isLoincTerm(code) || LETTERED.test(code),
})
