// Holds src/rules/expression/print.ts, src/rules/expression/expression.ts.
import t from 'tap'
import { partsOf } from '../../../src/rules/expression/expression.js'
import { print } from '../../../src/rules/expression/print.js'
import { parseExpression } from '../../../src/rules/path/parser.js'

/** Texts, and how they are printed where that differs. */
const PRINTED: readonly (readonly [text: string, printed?: string])[] = [
  ['name.given'],
  ['name . given', 'name.given'],
  ["name.where(use='official').given", "name.where(use = 'official').given"],
  ['(name.given)', 'name.given'],
  ['a | b as string', '(a | b) as string'],
  ['(a | b) as string'],
  ['a | (b as string)'],
  ['1 + 2 * 3'],
  ['(1 + 2) * 3'],
  ['1 - (2 - 3)'],
  ["use in ('a' | 'b')"],
  ["use in 'a' | 'b'", "use in ('a' | 'b')"],
  ['value.ofType(Quantity)'],
  ['value is FHIR.Quantity'],
  ['-name.count()', '-name.count()'],
  ['(-5).abs()'],
  ['text.`div`'],
  ['"name"', '`name`'],
  ['`giv*`'],
  ["'it\\'s'"],
  ["'a\\nb'"],
  ['@2015-02-07'],
  ['@2015T', '@2015T'],
  ['@T10:00'],
  ['5 days'],
  ["5 'kg'"],
  ['%resource.id'],
  ['%`vs-x`'],
  ['$this'],
  ['{}'],
  ['name[0].given[1]'],
  ['(a or b) and c'],
  ['a implies b or c'],
]

t.test('an expression prints as a text that parses to the same expression', async (t) => {
  for (const [text, printed = text] of PRINTED) {
    const expression = parseExpression(text)
    t.equal(print(expression), printed)
    t.strictSame(parseExpression(print(expression)), expression, text)
  }
})

t.test('the parts of an expression are those directly inside it, the input first', async (t) => {
  const parts = (text: string): readonly string[] => partsOf(parseExpression(text)).map(print)
  t.strictSame(parts("a.replace(b, 'c')"), ['a', 'b', "'c'"])
  t.strictSame(parts('a[b]'), ['a', 'b'])
  t.strictSame(parts('a + b'), ['a', 'b'])
  t.strictSame(parts('-a'), ['a'])
  t.strictSame(parts('a as string'), ['a'])
  t.strictSame(parts('a.b'), ['a'])
  t.strictSame(parts('a'), [])
})
