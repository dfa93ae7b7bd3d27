// Holds src/rules/path/parser.ts, src/rules/path/tokens.ts.
import t from 'tap'
import { parseExpression } from '../../../src/rules/path/parser.js'
import { ExpressionError } from '../../../src/rules/path/tokens.js'

t.test('literals have their kind', async (t) => {
  for (const [text, kind, content] of [
    ["'a'", 'string', 'a'],
    ["'\\u0041\\n\\''", 'string', "A\n'"],
    ['true', 'boolean', 'true'],
    ['5', 'integer', '5'],
    ['2147483647', 'integer', '2147483647'],
    ['1.50', 'decimal', '1.50'],
    ['@2015', 'date', '2015'],
    ['@2015-02-07', 'date', '2015-02-07'],
    ['@2015T', 'dateTime', '2015'],
    ['@2015-02-07T10:00:00.5+02:00', 'dateTime', '2015-02-07T10:00:00.5+02:00'],
    ['@T10:00', 'time', '10:00'],
    ['5 days', 'quantity', '5 days'],
    ["5 'kg'", 'quantity', "5 'kg'"],
  ] as const)
    t.strictSame(parseExpression(text), { op: 'literal', kind, text: content }, text)
})

const named = (name: string) => ({ op: 'member', name, delimited: false, input: undefined })

t.test('`is` and `as` bind looser than `|` and `<`, and tighter than `=`', async (t) => {
  t.strictSame(parseExpression('a | b as string'), {
    op: 'type',
    operator: 'as',
    type: 'string',
    input: { op: 'binary', operator: '|', left: named('a'), right: named('b') },
  })
  t.match(parseExpression('a < b is boolean'), { op: 'type', input: { operator: '<' } })
  t.match(parseExpression('a = b as string'), { op: 'binary', operator: '=', right: { op: 'type' } })
})

t.test('operators of one level bind from the left', async (t) => {
  t.match(parseExpression('1 - 2 - 3'), {
    left: { operator: '-', left: { text: '1' } },
    right: { text: '3' },
  })
})

t.test('names: after a dot any word, in quotes any text, first no operator', async (t) => {
  t.match(parseExpression('text.div'), { op: 'member', name: 'div', delimited: false })
  t.match(parseExpression('"first name"'), { op: 'member', name: 'first name', delimited: true })
  t.match(parseExpression('`giv*`'), { op: 'member', name: 'giv*', delimited: true })
  t.throws(() => parseExpression('div'), ExpressionError)
})

t.test('the argument of is, as and ofType is the name of a type', async (t) => {
  t.match(parseExpression('value.ofType(FHIR.Quantity)'), {
    args: [{ op: 'literal', kind: 'type', text: 'FHIR.Quantity' }],
  })
  t.throws(() => parseExpression("value.ofType('Quantity')"), /unexpected text/)
})

t.test('comments and white space do not count', async (t) => {
  t.strictSame(parseExpression('a /* x */ . b // y\n'), parseExpression('a.b'))
})

t.test('what is not FHIRPath is refused, with its place', async (t) => {
  for (const [text, message, offset] of [
    ['', 'it ends too early', 0],
    ['a.', 'it ends too early', 2],
    ['a.where(', 'it ends too early', 8],
    ['a b', 'unexpected text', 2],
    ['a.b)', 'unexpected text', 3],
    ['a ; b', 'this is not FHIRPath', 2],
    ["'a", 'this is not FHIRPath', 0],
    ['resolve()', 'no function resolve() exists', 0],
    ['a.first(1)', 'first() takes another number of arguments', 2],
    ['a.where()', 'where() takes another number of arguments', 2],
    ['iif(true)', 'iif() takes another number of arguments', 0],
    ['2147483648', 'an integer beyond 32 bits', 0],
    ['1e5', 'unexpected text', 1],
  ] as const)
    try {
      parseExpression(text)
      t.fail(text)
    } catch (error) {
      t.ok(error instanceof ExpressionError, text)
      t.match(error, { message, offset }, text)
    }
})

t.test('each function takes the numbers of arguments that the law gives', async (t) => {
  for (const text of [
    'a.exists()',
    'a.exists(b)',
    'a.join()',
    "a.join(',')",
    'a.substring(1)',
    'a.substring(1, 2)',
  ])
    t.doesNotThrow(() => parseExpression(text), text)
})
