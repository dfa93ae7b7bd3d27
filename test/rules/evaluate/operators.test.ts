// Holds src/rules/evaluate/operators.ts, src/rules/evaluate/arithmetic.ts, src/rules/evaluate/comparison.ts,
// src/rules/evaluate/moments.ts, src/rules/evaluate/value.ts.
import t from 'tap'
import { leafValue, valueText } from '../../../src/rules/evaluate/value.js'
import { checkEvaluated } from '../../support/evaluated.js'

t.test('arithmetic: integers stay integers, decimals are exact', async (t) => {
  checkEvaluated(t, {
    '1 + 2': 'number 3',
    '(0.1 + 0.2) = 0.3': 'boolean true',
    '7 / 2': 'number 3.5',
    '7 div 2': 'number 3',
    '(-7) div 2': 'number -3',
    '(-7) mod 2': 'number -1',
    '1 / 0': '',
    '1 div 0': '',
    '1 mod 0': '',
    'true mod 0': 'failed',
    '1 + {}': '',
    '2147483647 + 1': 'failed',
    "'a' + 'b'": 'text ab',
    "'a' + {}": '',
    "'a' & {}": 'text a',
    "'a' & 1": 'failed',
    "'a' + 1": 'failed',
    '-multipleBirth': 'number -2',
    '+multipleBirth': 'number 2',
    '-gender': 'failed',
    '+active': 'failed',
    '-{}': '',
  })
})

t.test('dates move by calendar units, the last day of a month stays one', async (t) => {
  checkEvaluated(t, {
    '@2000-01-31 + 1 month': 'date 2000-02-29',
    '@2000-03-01 - 1 day': 'date 2000-02-29',
    '@2000 + 1 year': 'date 2001',
    '@2000-02-29 + 1 year': 'date 2001-02-28',
    '@2000-01-01T10:00:00Z + 1 week': 'date 2000-01-08T10:00:00Z',
    "@2000-01-01 + 1 'mo'": 'failed',
    '@T10:00 + 1 day': 'failed',
    '@2000-01-01 + 1': 'failed',
  })
})

t.test('equality: by value and kind, elements by their children', async (t) => {
  checkEvaluated(t, {
    '1 = 1.0': 'boolean true',
    "1 = '1'": 'boolean false',
    "gender = 'female'": 'boolean true',
    "gender != 'female'": 'boolean false',
    'active = true': 'boolean true',
    '{} = 1': '',
    '{} != 1': '',
    "name.given = ('Ann' | 'Bea' | 'Cleo')": 'boolean true',
    "name.given = ('Bea' | 'Ann' | 'Cleo')": 'boolean false',
    "name.given = 'Ann'": 'boolean false',
    'name[0] = name[0]': 'boolean true',
    'name[0] = name[1]': 'boolean false',
    "name[0] = 'Nagy'": 'boolean false',
    '@2015-02-07 = @2015-02': '',
    '@2015 = @2016-02': 'boolean false',
    "1 'kg' = 1000 'g'": 'boolean false',
    "1 'kg' = 1.0 'kg'": 'boolean true',
  })
})

t.test('equivalence: in any order, without case and diacritics', async (t) => {
  checkEvaluated(t, {
    "'Ä  b' ~ 'a B'": 'boolean true',
    '(1 | 2) ~ (2 | 1)': 'boolean true',
    '(1 | 2) ~ 1': 'boolean false',
    '{} ~ {}': 'boolean true',
    '{} !~ 1': 'boolean true',
    '@2015-02-07 ~ @2015-02': 'boolean false',
    'name[0] ~ name[0]': 'failed',
  })
})

t.test('order: within a kind; nothing where precisions differ', async (t) => {
  checkEvaluated(t, {
    '1 < 1.5': 'boolean true',
    "'a' <= 'b'": 'boolean true',
    "'B' < 'a'": 'boolean true',
    'birthDate < @2000-01-01': 'boolean true',
    'birthDate < @1990': '',
    '@2015-02-07T00:30:00+02:00 < @2015-02-07': 'boolean true',
    '@2015-02-07T10:00 < @2015-02-07T11:00Z': '',
    '@T10:00 > @T09:00': 'boolean true',
    "2 'kg' > 1 'kg'": 'boolean true',
    "2 'kg' > 1 'g'": 'failed',
    "1 < 'a'": 'failed',
    'active < true': 'failed',
    'name.given < 1': 'failed',
    '{} < 1': '',
  })
})

t.test('logic knows three values', async (t) => {
  const values = { true: true, false: false, '{}': undefined }
  const shown = (value: boolean | undefined): string => (value === undefined ? '' : `boolean ${value}`)
  for (const [a, left] of Object.entries(values))
    for (const [b, right] of Object.entries(values)) {
      const isKnown = left !== undefined && right !== undefined
      const and = left === false || right === false ? false : isKnown ? true : undefined
      const or = left === true || right === true ? true : isKnown ? false : undefined
      const implies = left === false || right === true ? true : isKnown ? false : undefined
      checkEvaluated(t, {
        [`${a} and ${b}`]: shown(and),
        [`${a} or ${b}`]: shown(or),
        [`${a} xor ${b}`]: shown(isKnown ? left !== right : undefined),
        [`${a} implies ${b}`]: shown(implies),
      })
    }
})

t.test('membership', async (t) => {
  checkEvaluated(t, {
    "gender in ('male' | 'female')": 'boolean true',
    "name.given contains 'Bea'": 'boolean true',
    "name.given in ('Ann' | 'Bea')": 'boolean false',
    "name[0].given in ('Ann' | 'Bea')": 'boolean true',
    "{} in ('a' | 'b')": '',
    "'a' in {}": 'boolean false',
    'name.given contains {}': '',
  })
})

t.test('indexes', async (t) => {
  checkEvaluated(t, {
    'name.given[1]': 'text Bea',
    'name.given[9]': '',
    'name.given[-1]': '',
    'name.given[multipleBirth]': 'text Cleo',
    'name.given[x]': 'failed',
    'name.given[1.0]': 'failed',
  })
})

t.test('a primitive of each type has a value of its kind, or none where its text does not fit', async (t) => {
  for (const [type, text, kind] of [
    ['code', 'a', 'string'],
    ['boolean', 'True', 'boolean'],
    ['boolean', 'true', undefined],
    ['integer', '5', 'integer'],
    ['integer', '5.5', 'decimal'],
    ['integer64', '5', 'long'],
    ['decimal', '1.50', 'decimal'],
    ['decimal', 'x', undefined],
    ['date', '2015-02', 'date'],
    ['date', '2015-02-30', undefined],
    ['instant', '2015-02-07T10:00:00Z', 'dateTime'],
    ['time', '10:00', 'time'],
  ] as const) {
    const value = leafValue(type, text)
    t.equal(value?.kind, kind, `${type} ${text}`)
    if (value !== undefined) t.equal(valueText(value), text === 'True' ? 'true' : text)
  }
})
