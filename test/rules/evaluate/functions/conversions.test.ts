import t from 'tap'
import { checkEvaluated } from '../../../support/evaluated.js'

const convertible: readonly (readonly [name: string, converted: string, values: readonly string[]])[] = [
  ['Integer', 'number 5', ["'5'", "'+5'", '5']],
  ['Decimal', 'number 5.5', ["'5.5'", '5.5']],
  ['Boolean', 'boolean true', ["'true'", "'T'", "'yes'", "'1.0'", '1', '1.0', 'true']],
  ['String', 'text 5', ['5', "'5'"]],
  ['Date', 'date 2015-02-07', ["'2015-02-07'", '@2015-02-07', '@2015-02-07T10:00:00']],
  ['DateTime', 'date 2015-02-07', ["'2015-02-07'", '@2015-02-07']],
  ['Time', 'date 10:00', ["'10:00'", '@T10:00']],
  ['Quantity', 'text 5 days', ["'5 days'"]],
]

t.test('toX() converts, and convertsToX() says so', async (t) => {
  for (const [name, converted, values] of convertible)
    for (const value of values)
      checkEvaluated(t, {
        [`${value}.to${name}()`]: converted,
        [`${value}.convertsTo${name}()`]: 'boolean true',
      })
})

t.test('what cannot be converted gives nothing, and convertsToX() is false', async (t) => {
  for (const [name, value] of [
    ['Integer', "'5.5'"],
    ['Integer', '5.5'],
    ['Integer', "'2147483648'"],
    ['Decimal', "'1e5'"],
    ['Boolean', "'maybe'"],
    ['Boolean', '2'],
    ['Date', "'2015-02-30'"],
    ['Date', '5'],
    ['DateTime', "'x'"],
    ['Time', "'25:00'"],
    ['Quantity', "'five days'"],
    ['Quantity', 'true'],
  ])
    checkEvaluated(t, { [`${value}.to${name}()`]: '', [`${value}.convertsTo${name}()`]: 'boolean false' })
})

t.test('booleans are numbers, dates keep their offset, elements convert by their value', async (t) => {
  checkEvaluated(t, {
    'true.toInteger()': 'number 1',
    'false.toDecimal()': 'number 0',
    '@2015-02-07T10:00:00+02:00.toDate()': 'date 2015-02-07+02:00',
    'active.toString()': 'text true',
    'birthDate.toString()': 'text 1990-05-01',
    'multipleBirth.toString()': 'text 2',
    '{}.toInteger()': '',
    '{}.convertsToInteger()': '',
    'name.toString()': 'failed',
    'name.given.toString()': 'failed',
  })
})
