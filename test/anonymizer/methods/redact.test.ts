import t from 'tap'
import { redactDropsAlways } from '../../../src/anonymizer/methods/redact.js'
import { leafMethod, leafOf } from '../../support/leaves.js'
import { specOf } from '../../support/spec-of.js'
import { skipVectors, vectors } from '../../support/vectors.js'

interface Cases<T> {
  readonly cases: readonly T[]
}
interface Expected {
  readonly expect: string | null
  readonly record: string
  readonly partial: boolean
}

t.test('dates are redacted as by the original', { skip: skipVectors }, async (t) => {
  for (const c of vectors<Cases<Expected & { type: string; value: string }>>('dateRedact').cases) {
    const redact = leafMethod({ method: 'redact' }, { enablePartialDatesForRedact: c.partial })
    t.match(redact(leafOf(c.type, c.value)), { value: c.expect, records: [c.record] }, JSON.stringify(c))
  }
})

t.test('ages are redacted as by the original', { skip: skipVectors }, async (t) => {
  for (const c of vectors<Cases<Expected & { ageValue: string }>>('ageRedact').cases) {
    const redact = leafMethod({ method: 'redact' }, { enablePartialAgesForRedact: c.partial })
    const outcome = redact(leafOf('decimal', c.ageValue, { parentType: 'Age' }))
    t.match(outcome, { value: c.expect, records: [c.record] }, JSON.stringify(c))
  }
})

for (const group of ['zipRedact', 'derivedZip'])
  t.test(`ZIP codes are redacted as by the original: ${group}`, { skip: skipVectors }, async (t) => {
    type Zip = Expected & { postalCode: string; restricted: string[]; record?: string }
    for (const c of vectors<Cases<Zip>>(group).cases) {
      const redact = leafMethod(
        { method: 'redact' },
        {
          enablePartialZipCodesForRedact: c.partial,
          restrictedZipCodeTabulationAreas: c.restricted,
        },
      )
      const outcome = redact(leafOf('string', c.postalCode, { name: 'postalCode' }))
      t.match(outcome, { value: c.expect, records: [c.record ?? 'ABSTRACT'] }, JSON.stringify(c))
    }
  })

const PARTIAL = {
  enablePartialDatesForRedact: true,
  enablePartialAgesForRedact: true,
  enablePartialZipCodesForRedact: true,
}

t.test('what is no real date leaves nothing, even with partial dates', async (t) => {
  const redact = leafMethod({ method: 'redact' }, PARTIAL)
  for (const [type, text] of [
    ['date', 'born 2015'],
    ['date', '2015-02-30'],
    ['date', '0000'],
    ['date', '2015-13'],
    ['date', '20150'],
    ['date', '2015-02-07T10:00:00Z'],
    ['date', '2015 John Smith'],
    ['dateTime', '2015-02-07T24:00:00Z'],
    ['dateTime', '2015-02-07T10:00:60Z'],
    ['dateTime', '2015-02-07T10:00:00+14:01'],
    ['dateTime', '2015-02-07T10:00:00.Z'],
    ['instant', '２０１５'],
  ] as const)
    t.equal(redact(leafOf(type, text)).value, null, `${type} ${text}`)
})

t.test('everybody over 89 on the reference day loses the year, nobody else', async (t) => {
  const redact = leafMethod({ method: 'redact' }, PARTIAL)
  // The reference day is 2026-11-21.
  for (const [text, expected] of [
    ['1936-11-21', null],
    ['1936-11-22', '1936'],
    ['1936-12', '1936'],
    ['1936-11', null],
    ['1936', null],
    ['1937', '1937'],
    ['2999-01-01', '2999'],
    ['1936-11-22+14:00', '1936'],
  ])
    t.equal(redact(leafOf('date', text ?? '')).value, expected, String(text))
})

t.test('an instant becomes a whole one on request, and nothing over 89', async (t) => {
  const redact = leafMethod({ method: 'redact' }, { ...PARTIAL, redactedInstants: 'whole' })
  for (const [type, text, expected] of [
    ['instant', '2015-02-07T13:28:17.123-05:00', '2015-01-01T00:00:00+00:00'],
    ['instant', '2015', '2015-01-01T00:00:00+00:00'],
    ['instant', '1915-02-07T13:28:17Z', null],
    ['dateTime', '2015-02-07T13:28:17Z', '2015'],
    ['date', '2015-02-07', '2015'],
  ] as const)
    t.equal(redact(leafOf(type, text)).value, expected, text)
})

t.test('a decimal age is compared as a number and kept up to 89', async (t) => {
  const redact = leafMethod({ method: 'redact' }, PARTIAL)
  for (const [text, expected] of [
    ['45.5', '45.5'],
    ['89.0', '89.0'],
    ['89.5', null],
    ['90', null],
    ['99999999999999999999', null],
    ['not a number', null],
  ])
    t.equal(redact(leafOf('decimal', text ?? '', { parentType: 'Age' })).value, expected, String(text))
  t.equal(redact(leafOf('decimal', '45', { parentType: 'Quantity' })).value, null, 'no Age')
  t.equal(redact(leafOf('string', 'a', { parentType: 'Age', name: 'unit' })).value, null, 'a unit')
})

t.test('redactDropsAlways agrees with redact', async (t) => {
  const leaves = [
    leafOf('date', '2015'),
    leafOf('instant', '2015'),
    leafOf('time', '10:00'),
    leafOf('decimal', '5', { parentType: 'Age' }),
    leafOf('decimal', '5', { parentType: 'Quantity' }),
    leafOf('string', '12345', { name: 'postalCode' }),
    leafOf('string', 'Smith', { name: 'family' }),
  ]
  for (const parameters of [{}, PARTIAL]) {
    const redact = leafMethod({ method: 'redact' }, parameters)
    const spec = specOf({ fhirPathRules: [], parameters })
    for (const leaf of leaves)
      t.equal(redactDropsAlways(leaf, spec.parameters), redact(leaf).value === null, JSON.stringify(leaf))
  }
})
