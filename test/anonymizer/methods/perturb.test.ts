import t from 'tap'
import { leafMethod, leafOf, placeOf } from '../../support/leaves.js'
import { seededRandom } from '../../support/random.js'
import { skipVectors, vectors } from '../../support/vectors.js'

type Range = 'fixed' | 'proportional'
interface Bounds {
  readonly type: string
  readonly value: string
  readonly span: number
  readonly roundTo: number
  readonly rangeType: Range
  readonly min: number
  readonly max: number
}

const perturb = (span: number, roundTo: number, rangeType: Range = 'fixed', perturbKey = 'key') =>
  leafMethod({ method: 'perturb', span, roundTo, rangeType }, { perturbKey })

/** The JSON text of the result; the numbers themselves would lose their zeros. */
const decimalsOf = (value: unknown): number => String(value).split('.')[1]?.length ?? 0

t.test('results lie within the original’s bounds', { skip: skipVectors }, async (t) => {
  for (const c of vectors<{ cases: Bounds[] }>('perturbBounds').cases) {
    const type = /^[A-Z]/.test(c.type) ? 'decimal' : c.type
    for (let record = 0; record < 200; record++) {
      const outcome = perturb(c.span, c.roundTo, c.rangeType)(leafOf(type, c.value), placeOf({ record }))
      const value = Number(outcome.value)
      if (outcome.records[0] !== 'PERTURB' || !(value >= c.min && value <= c.max))
        return t.fail(`${JSON.stringify(c)} gave ${value}`)
      if (decimalsOf(outcome.value) > (type === 'decimal' ? c.roundTo : 0))
        return t.fail(`${JSON.stringify(c)} is not rounded: ${value}`)
    }
    t.pass(JSON.stringify(c))
  }
})

t.test('random values stay within half the span and are rounded', async (t) => {
  const random = seededRandom('perturb')
  for (let k = 0; k < 2000; k++) {
    const type = random.pick(['decimal', 'integer', 'positiveInt', 'unsignedInt'])
    const places = type === 'decimal' ? random.below(8) : 0
    const magnitude = (random.next() * 10 ** random.below(9)).toFixed(places)
    const text = random.below(3) === 0 && Number(magnitude) !== 0 ? `-${magnitude}` : magnitude
    const span = random.next() * 10 ** random.below(5)
    const rangeType = random.pick<Range>(['fixed', 'proportional'])
    const roundTo = random.below(6)
    const result = Number(perturb(span, roundTo, rangeType)(leafOf(type, text), placeOf({ offset: k })).value)
    const half = (rangeType === 'fixed' ? span : Math.abs(Number(text)) * span) / 2
    const decimals = type === 'decimal' ? roundTo : 0
    const slack = 0.5 * 10 ** -decimals + (half + Math.abs(result)) * 1e-12
    const lowest = type === 'positiveInt' ? 1 : type === 'unsignedInt' ? 0 : Number.NEGATIVE_INFINITY
    const expected = Math.max(lowest, Number(text))
    const clamped = Number(text) - half < lowest
    const isBounded = result >= lowest && (clamped || Math.abs(result - expected) <= half + slack)
    if (!isBounded || decimalsOf(result) > decimals)
      return t.fail(`${type} ${text} ${rangeType} ${span} rounded to ${roundTo}: ${result}`)
  }
})

t.test('a span of 0 rounds half to even and keeps the scale it can', async (t) => {
  for (const [type, text, roundTo, expected] of [
    ['decimal', '72.50', 2, '72.50'],
    ['decimal', '72.5', 2, '72.5'],
    ['decimal', '0.125', 2, '0.12'],
    ['decimal', '0.135', 2, '0.14'],
    ['decimal', '-0.125', 2, '-0.12'],
    ['decimal', '-0.001', 2, '0.00'],
    ['decimal', '2.5', 0, '2'],
    ['decimal', '1234567890123456789012345678', 28, '1234567890123456789012345678'],
    ['positiveInt', '0', 0, '1'],
    ['positiveInt', '-5', 0, '1'],
    ['unsignedInt', '-5', 0, '0'],
    ['integer', '-5', 3, '-5'],
  ] as const) {
    const { value } = perturb(0, roundTo)(leafOf(type, text))
    t.equal(value, Number(expected), `${type} ${text}`)
  }
})

t.test('the same key and place give the same value, another of either does not', async (t) => {
  const leaf = leafOf('decimal', '100')
  const at = (place: Parameters<typeof placeOf>[0], key = 'key') =>
    perturb(50, 8, 'fixed', key)(leaf, placeOf(place)).value
  const values = [at({}), at({ item: 'x' }), at({ record: 1 }), at({ offset: 1 }), at({}, 'other key')]
  t.equal(at({}), values[0])
  t.equal(new Set(values).size, values.length)
})

t.test('noise is spread evenly over the span', async (t) => {
  const counts = new Array<number>(20).fill(0)
  const values = 20_000
  const method = perturb(1, 10)
  for (let record = 0; record < values; record++) {
    const noise = Number(method(leafOf('decimal', '0'), placeOf({ record })).value)
    const share = Math.min(19, Math.floor((noise + 0.5) * 20))
    counts[share] = (counts[share] ?? 0) + 1
  }
  const expected = values / counts.length
  const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
  // 19 degrees of freedom: 43.8 is passed by chance once in a thousand keys; this key is fixed.
  t.ok(chiSquare < 43.8, `chi square ${chiSquare}`)
})

t.test('what is no number is left alone by type and refused by value', async (t) => {
  t.match(perturb(5, 2)(leafOf('string', '5')), { value: '5', records: [] })
  t.match(perturb(5, 2)(leafOf('decimal', '1e999999999')), { skippable: false, failed: /^perturb: / })
})
