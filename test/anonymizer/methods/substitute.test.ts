import t from 'tap'
import { substituteText } from '../../../src/anonymizer/methods/substitute.js'
import { leafMethod, leafOf } from '../../support/leaves.js'
import { skipVectors, vectors } from '../../support/vectors.js'

t.test('a primitive becomes the text of replaceWith', { skip: skipVectors }, async (t) => {
  interface Primitive {
    readonly type: string
    readonly value: unknown
    readonly replaceWith: unknown
    readonly expectText: string | null
  }
  for (const c of vectors<{ primitive: Primitive[] }>('substitute').primitive) {
    const substitute = leafMethod({ method: 'substitute', replaceWith: c.replaceWith })
    const outcome = substitute(leafOf(c.type, String(c.value)))
    t.match(outcome, { value: c.expectText, records: ['SUBSTITUTE'] }, JSON.stringify(c))
  }
})

t.test('values read as .NET prints them', async (t) => {
  for (const [value, expected] of [
    ['', ''],
    [1.5, '1.5'],
    [-0.25, '-0.25'],
    [1e21, '1E+21'],
    [1.5e300, '1.5E+300'],
    [0.0001, '0.0001'],
    [0.00001, '1E-05'],
    [1.5e-7, '1.5E-07'],
    [123456789012, '123456789012'],
    [true, 'True'],
    [null, null],
    [{ a: [1] }, '{\n  "a": [\n    1\n  ]\n}'],
    [[], '[]'],
  ] as const)
    t.equal(substituteText(value), expected, JSON.stringify(value))
})

t.test('white space at the ends of replaceWith is not written', async (t) => {
  t.equal(
    leafMethod({ method: 'substitute', replaceWith: ' \u0085x\ufeff ' })(leafOf('string', 'a')).value,
    'x\ufeff',
  )
})
