import t from 'tap'
import { formOf } from '../../src/preview/value-form.js'

const FORMS: Readonly<Record<string, string>> = {
  'Ward 12': 'Aaaa 99',
  '1948-03-02': '9999-99-99',
  '617-555-0199': '999-999-9999',
  'maja@example.org': 'aaa@aaa.aaa',
  'https://example.org/fhir': 'aaa://aaa.aaa/aaa',
  '東京 ١٢': 'aa 99',
  '': '',
  '-17.25': '-99.99',
  'a\u0007b': 'a•a',
}

t.test('a value is shown by its form', async (t) => {
  for (const [value, form] of Object.entries(FORMS)) t.equal(formOf(value), form, value)
})

t.test('words that differ in length only look alike from three letters on', async (t) => {
  for (const [one, other] of [
    ['male', 'female'],
    ['true', 'false'],
    ['final', 'amended'],
    ['Anna', 'Annabella'],
  ] as const)
    t.equal(formOf(one), formOf(other))
  t.equal(formOf('123456'), formOf('12345678901'))
  t.ok(formOf('a-'.repeat(100)).length < 50)
})

t.test('no letter or digit of a value comes out as it was', async (t) => {
  for (let code = 0x20; code < 0x3000; code += 1) {
    const character = String.fromCharCode(code)
    const form = formOf(character)
    if (/[\p{L}\p{N}]/u.test(character)) t.match(form, /^[Aa9]$/, `U+${code.toString(16)}`)
  }
  t.equal(formOf('A1b'), 'A9a')
})
