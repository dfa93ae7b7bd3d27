import t from 'tap'
import { over89Test } from '../../../src/anonymizer/methods/over-89.js'
import { parseMoment } from '../../../src/fhir/dates.js'

t.test('a person is over 89 from the 90th birthday on', async (t) => {
  const isOver89 = over89Test({ asOf: '2026-02-28', parameters: {} })
  for (const [birth, expected] of [
    ['1936-02-27', true],
    ['1936-02-28', true],
    ['1936-02-29', false],
    ['1936-03', false],
    // Parts that are missing count as 1.
    ['1936-02', true],
    ['1936', true],
    ['1937', false],
    ['0001', true],
    ['2027', false],
  ] as const) {
    const moment = parseMoment(birth, 'date')
    t.equal(moment && isOver89(moment), expected, birth)
  }
})

t.test('by years, whoever turns 90 within the year is over 89 from its first day to its last', async (t) => {
  for (const asOf of ['2026-01-01', '2026-06-15', '2026-12-31']) {
    const isOver89 = over89Test({ asOf, parameters: { over89From: 'year' } })
    for (const [birth, expected] of [
      ['1935-12-31', true],
      ['1936-01-01', true],
      ['1936', true],
      ['1936-12-31', true],
      ['1937-01-01', false],
      ['1937', false],
    ] as const) {
      const moment = parseMoment(birth, 'date')
      t.equal(moment && isOver89(moment), expected, `${birth} as of ${asOf}`)
    }
  }
})

t.test('a reference day that does not exist is refused', async (t) => {
  t.throws(() => over89Test({ asOf: '2026-02-30', parameters: {} }), RangeError)
})
