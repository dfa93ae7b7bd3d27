import t from 'tap'
import { isModulo10, isVerhoeff } from '../../../src/fhir/codes/check-digits.js'

/** Numbers with their check digits, as published: SNOMED CT, Wikipedia's example; LOINC, NPI. */
const VERHOEFF = ['2363', '44054006', '73211009', '900000000000003001']
const MODULO_10 = ['83022', '29512', '79927398713', '808401234567893']

for (const [name, isValid, numbers] of [
  ['Verhoeff', isVerhoeff, VERHOEFF],
  ['modulo 10', isModulo10, MODULO_10],
] as const) {
  t.test(`${name}: published numbers fit, and no number with one digit changed`, async (t) => {
    for (const number of numbers) {
      t.ok(isValid(number), number)
      for (let place = 0; place < number.length; place++)
        for (const digit of '0123456789') {
          const changed = number.slice(0, place) + digit + number.slice(place + 1)
          if (changed !== number && isValid(changed)) t.fail(changed)
        }
    }
  })
}

t.test('Verhoeff finds every two neighbours that are swapped', async (t) => {
  for (const number of VERHOEFF)
    for (let place = 1; place < number.length; place++) {
      const [a = '', b = ''] = [number[place - 1], number[place]]
      if (a !== b) t.notOk(isVerhoeff(number.slice(0, place - 1) + b + a + number.slice(place + 1)), number)
    }
})
