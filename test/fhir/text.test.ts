import t from 'tap'
import { endsWithCultureAware, jsonString, startsWithCultureAware, trimText } from '../../src/fhir/text.js'

t.test('texts are trimmed as by .NET', async (t) => {
  for (const [text, expected] of [
    ['', ''],
    ['a', 'a'],
    [' a b\t', 'a b'],
    ['\u0085\u00a0\u2028a\u3000', 'a'],
    ['\ufeffa\ufeff', '\ufeffa\ufeff'],
    ['\u001ca\u200b', '\u001ca\u200b'],
    [' \r\n ', ''],
  ] as const)
    t.equal(trimText(text), expected, encodeURIComponent(text))
})

t.test('a string token reads back as the trimmed text and escapes as Newtonsoft does', async (t) => {
  for (const [text, token] of [
    ['a"\\/<é', '"a\\"\\\\/<é"'],
    ['\b\t\n\f\r\u0000\u001fx', '"\\b\\t\\n\\f\\r\\u0000\\u001fx"'],
    ['a\u0085b\u2028c\u2029d', '"a\\u0085b\\u2028c\\u2029d"'],
    ['a\ud800b', '"a\\ud800b"'],
    [' a ', '"a"'],
  ] as const)
    t.equal(jsonString(text), token)
})

t.test('starts and ends are compared as a culture does', async (t) => {
  t.ok(startsWithCultureAware('abc', ''))
  t.ok(startsWithCultureAware('\u00adabc', 'ab'))
  t.ok(startsWithCultureAware('e\u0301a', 'é'))
  t.notOk(startsWithCultureAware('e\u0301a', 'e'))
  t.notOk(startsWithCultureAware('Abc', 'a'))
  t.ok(endsWithCultureAware('abc\u200b', 'bc'))
})
