import t from 'tap'
import {
  add,
  decimalFromDouble,
  decimalText,
  divide,
  multiply,
  numberText,
  parseDecimal,
  roundHalfEven,
} from '../../src/fhir/decimal.js'

const parsed = (text: string) => parseDecimal(text) ?? { units: -1n, scale: 99 }

t.test('a number’s text has no exponent, keeps its scale and at most 28 decimals', async (t) => {
  for (const [token, expected] of [
    ['0', '0'],
    ['1.50', '1.50'],
    ['-1.50', '-1.50'],
    ['1e2', '100'],
    ['1.5E+2', '150'],
    ['1E-7', '0.0000001'],
    ['-0.0', '0.0'],
    ['-0', '0'],
    ['0.00', '0.00'],
    ['-0.5', '-0.5'],
    ['12345678901234567890', '12345678901234567890'],
    ['0.1234567890123456789012345678', '0.1234567890123456789012345678'],
    ['0.12345678901234567890123456785', '0.1234567890123456789012345678'],
    ['123456789.12345678901234567890123', '123456789.12345678901234567890'],
    ['1e28', '10000000000000000000000000000'],
    ['1e999999999', '1e999999999'],
  ] as const)
    t.equal(numberText(token), expected, token)
})

t.test('what is no number is none', async (t) => {
  for (const text of ['', '.5', '5.', '1e', 'NaN', '0x1', ' 1', '1 ', '1,5'])
    t.equal(parseDecimal(text), undefined, JSON.stringify(text))
})

t.test('halves round to the even neighbour', async (t) => {
  for (const [text, decimals, expected] of [
    ['0.5', 0, '0'],
    ['1.5', 0, '2'],
    ['-2.5', 0, '-2'],
    ['-0.4', 0, '0'],
    ['2.51', 0, '3'],
    ['1.005', 2, '1.00'],
    ['1.015', 2, '1.02'],
    ['1.5', 3, '1.5'],
  ] as const)
    t.equal(decimalText(roundHalfEven(parsed(text), decimals)), expected, text)
})

t.test('arithmetic is exact', async (t) => {
  t.equal(decimalText(add(parsed('0.1'), parsed('0.2'))), '0.3')
  t.equal(decimalText(add(parsed('-1.50'), parsed('1.5'))), '0.00')
  t.equal(decimalText(multiply(parsed('1.50'), parsed('-2'))), '-3.00')
  t.equal(decimalText(divide(parsed('5'), parsed('2'))), '2.5')
  t.equal(decimalText(divide(parsed('1'), parsed('3'))), '0.3333333333333333333333333333')
  t.equal(decimalText(divide(parsed('10.00'), parsed('2'))), '5.00')
  t.equal(decimalText(decimalFromDouble(0.1 + 0.2)), '0.3')
  t.equal(decimalText(decimalFromDouble(-1e-20)), '-0.00000000000000000001')
})
