// Holds src/anonymizer/methods/date-shift.ts, src/anonymizer/methods/shift-days.ts.
import t from 'tap'
import { compileShiftDays } from '../../../src/anonymizer/methods/shift-days.js'
import type { DateShiftScope } from '../../../src/anonymizer/parameters.js'
import { leafMethod, leafOf, placeOf } from '../../support/leaves.js'
import { specOf } from '../../support/spec-of.js'
import { skipVectors, vectors } from '../../support/vectors.js'

function dateShiftDays(prefix: string, dateShiftKey: string, scope: DateShiftScope): number | undefined {
  const spec = specOf({ fhirPathRules: [] })
  const parameters = { ...spec.parameters, dateShiftKey, dateShiftScope: scope }
  return compileShiftDays(parameters).ofPrefix(prefix)
}

interface ShiftCase {
  readonly type: string
  readonly value: string
  readonly dateShiftKey: string
  readonly prefix: string
  readonly partial: boolean
  readonly fixedOffset?: number
  readonly expect: string | null
  readonly record: string
}

for (const group of ['dateShift', 'dateShiftFixedOffset'])
  t.test(`dates move as by the original: ${group}`, { skip: skipVectors }, async (t) => {
    for (const c of vectors<{ cases: ShiftCase[] }>(group).cases) {
      const shift = leafMethod(
        { method: 'dateShift' },
        {
          // Where it is empty nothing is shifted; for us an empty key is a missing one.
          dateShiftKey: c.dateShiftKey || 'any',
          dateShiftFixedOffsetInDays: c.fixedOffset,
          enablePartialDatesForRedact: c.partial,
        },
      )
      const outcome = shift(leafOf(c.type, c.value), placeOf({ prefix: () => c.prefix }))
      t.match(outcome, { value: c.expect, records: [c.record] }, JSON.stringify(c))
    }
  })

t.test('no key moves a date by more than 50 days', { skip: skipVectors }, async (t) => {
  type Bounds = { type: string; value: string; min: string; max: string }
  for (const c of vectors<{ cases: Bounds[] }>('dateShiftBounds').cases)
    for (let k = 0; k < 50; k++) {
      const shift = leafMethod({ method: 'dateShift' }, { dateShiftKey: `key ${k}` })
      const value = String(shift(leafOf(c.type, c.value)).value)
      t.ok(value >= c.min && value <= c.max, `${c.value} with key ${k}`)
    }
})

t.test('the same prefix moves all dates by the same days', { skip: skipVectors }, async (t) => {
  const v = vectors<{
    dateShiftKey: string
    prefix: string
    derivedOffsetDays: number
    pairs: [string, string][]
  }>('dateShiftSamePrefix')
  const shift = leafMethod({ method: 'dateShift' }, { dateShiftKey: v.dateShiftKey })
  for (const date of v.pairs.flat()) {
    const moved = shift(leafOf('date', date), placeOf({ prefix: () => v.prefix })).value
    t.equal((Date.parse(String(moved)) - Date.parse(date)) / 86_400_000, v.derivedOffsetDays, date)
  }
})

t.test('offsets are those of the original', { skip: skipVectors }, async (t) => {
  type Offset = { prefix: string; dateShiftKey: string; offsetDays: number }
  for (const c of vectors<{ cases: Offset[] }>('derivedDateShiftOffsets').cases)
    t.equal(dateShiftDays(c.prefix, c.dateShiftKey, 'file'), c.offsetDays, JSON.stringify(c))
})

t.test('offsets of hex digits are those of the text they are', async (t) => {
  const { parameters } = specOf({ fhirPathRules: [] })
  const digits = 'f09e8d7c6b5a4321'.repeat(4)
  for (const dateShiftKey of [
    '',
    'k',
    'a key that is longer than sixty-four bytes, and not ASCII: ключ для сдвига дат',
  ]) {
    const days = compileShiftDays({ ...parameters, dateShiftKey })
    t.equal(days.ofDigits(Buffer.from(`--${digits}`), 2), days.ofPrefix(digits), dateShiftKey)
  }
})

const fixed = (days: number) =>
  leafMethod({ method: 'dateShift' }, { dateShiftFixedOffsetInDays: days, enablePartialDatesForRedact: true })

t.test('a time is zeroed digit by digit where it is complete, otherwise dropped', async (t) => {
  for (const [text, expected] of [
    ['2015-02-07T13:28:17.123456789012+14:00', '2015-02-08T00:00:00.000000000000+14:00'],
    ['2015-02-07T13:28:17-00:00', '2015-02-08T00:00:00-00:00'],
    ['2015-02-07T13:28:17,5Z', '2015-02-08'],
    ['2015-02-07T13:28:17', '2015-02-08'],
    ['2015-02-07T13:28Z', '2015-02-08'],
    ['2015-02-07T13', '2015-02-08'],
    ['2015-02-07Z', '2015-02-08'],
    ['2015-12-31T23:59:59.99999995Z', '2016-01-02T00:00:00.00000000Z'],
    ['2015-12-31T23:59:59.9999999Z', '2016-01-01T00:00:00.0000000Z'],
    ['2016-02-28', '2016-02-29'],
    ['2100-02-28', '2100-03-01'],
  ] as const)
    t.equal(fixed(1)(leafOf('dateTime', text)).value, expected, text)
})

t.test('a date that leaves the years 1 to 9999 or is no date is redacted', async (t) => {
  for (const [days, text, expected] of [
    [1, '9999-12-31', '9999'],
    [1, '2015-02', '2015'],
    [1, '2015-02-05:00', '2015'],
    [1, '1930-01-01', null],
    [1, '2015-02-29', null],
    [1, 'yesterday', null],
  ] as const)
    t.match(fixed(days)(leafOf('dateTime', text)), { value: expected, records: ['REDACT'] }, text)
})

t.test('other types keep their value and get no label', async (t) => {
  t.match(fixed(3)(leafOf('string', '2015-02-07')), { value: '2015-02-07', records: [] })
  t.match(fixed(3)(leafOf('time', '10:00:00')), { value: '10:00:00', records: [] })
})

t.test('one patient’s dates move together over all files, and no key means no value', async (t) => {
  const shift = leafMethod(
    { method: 'dateShift' },
    { dateShiftKey: 'k', dateShiftScope: 'patient', enablePartialDatesForRedact: true },
  )
  const days = (patient: string, date: string): number => {
    const value = shift(leafOf('date', date), placeOf({ prefix: () => patient })).value
    return (Date.parse(String(value)) - Date.parse(date)) / 86_400_000
  }
  t.equal(days('p1', '2020-01-01'), days('p1', '1990-06-30'))
  t.equal(days('p1', '2020-01-01'), dateShiftDays('p1', 'k', 'patient'))
  t.match(shift(leafOf('date', '2020-01-01')), { value: '2020', records: ['REDACT'] }, 'no patient known')
})

t.test('patient offsets are spread evenly over −50 to +50 days', async (t) => {
  const counts = new Map<number, number>()
  const patients = 20_200
  for (let k = 0; k < patients; k++) {
    const days = dateShiftDays(`patient-${k}`, 'key', 'patient') ?? Number.NaN
    counts.set(days, (counts.get(days) ?? 0) + 1)
  }
  t.equal(counts.size, 101)
  t.ok([...counts.keys()].every((days) => days >= -50 && days <= 50))
  const expected = patients / 101
  const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
  // 100 degrees of freedom: 149.4 is passed by chance once in a thousand keys; this key is fixed.
  t.ok(chiSquare < 149.4, `chi square ${chiSquare}`)
})
