// Holds src/anonymizer/walk/shift-prefixes.ts, src/anonymizer/methods/shift-prefix.ts.
import t from 'tap'
import { elementAt, firstOf } from '../support/elements.js'
import { seededRandom } from '../support/random.js'
import { enginesFor, type Json, outputOf } from '../support/rules.js'

const DAY_MS = 86_400_000
const RULES = ['date', 'dateTime', 'instant'].map((type) => ({
  path: `nodesByType('${type}')`,
  method: 'dateShift',
}))
const SCOPES = ['resource', 'file', 'folder', 'patient'] as const

const observation = (id: string, parts: Json): string =>
  JSON.stringify({ resourceType: 'Observation', id, subject: { reference: `Patient/${id}` }, ...parts })

const daysBetween = (from: string, to: unknown): number =>
  (Date.parse(String(to).slice(0, 10)) - Date.parse(from)) / DAY_MS

t.test('dateShiftTimeZone remove: no shifted date has an offset, whatever was written', async (t) => {
  const random = seededRandom('time zones')
  const zones = ['Z', '+00:00', '-00:00', '-05:00', '-04:00', '+05:30', '+13:00', '+14:00', '-11:30']
  for (const dateShiftScope of SCOPES) {
    const engines = enginesFor(RULES, { dateShiftScope, dateShiftTimeZone: 'remove' })
    for (let round = 0; round < 200; round++) {
      const day = new Date(random.between(0, 20_000) * DAY_MS).toISOString().slice(0, 10)
      const seconds = random.pick([
        ':05',
        ':59',
        ':05.1',
        ':59.999',
        ':59.9999999',
        ':59.99999999',
        ':00.000',
        '',
      ])
      const written = `${day}T${random.pick(['00', '11', '23'])}:59${seconds}${random.pick(zones)}`
      const line = observation(`p${round}`, {
        effectiveDateTime: written,
        issued: written,
        meta: { lastUpdated: written },
        extension: [{ url: 'x', valueDateTime: random.pick([written, day, `${day}-05:00`]) }],
        valuePeriod: { start: day, end: written },
      })
      const [first, second] = engines.map((engine) => outputOf(engine.run(line, 'prefix', round)))
      t.strictSame(second, first, `both engines: ${written}`)
      const shifted = first as { effectiveDateTime: string; issued: string; meta: { lastUpdated: string } }
      const { extension, valuePeriod } = first as {
        extension: { valueDateTime: string }[]
        valuePeriod: { start: string; end: string }
      }
      const dates = [
        shifted.effectiveDateTime,
        firstOf(extension).valueDateTime,
        valuePeriod.start,
        valuePeriod.end,
      ]
      for (const text of dates) t.match(text, /^\d{4}-\d\d-\d\d$/, `${written} in a dateTime`)
      for (const text of [shifted.issued, shifted.meta.lastUpdated])
        t.match(text, /^\d{4}-\d\d-\d\dT00:00:00Z$/, `${written} in an instant`)
      t.equal(shifted.issued.slice(0, 10), shifted.effectiveDateTime, 'one day for one moment')
    }
  }
})

t.test('dateShiftTimeZone changes no shift', async (t) => {
  for (const dateShiftScope of SCOPES)
    for (const fixed of [{}, { dateShiftFixedOffsetInDays: 7 }]) {
      const line = observation('p', { effectiveDateTime: '2015-02-07T13:28:17-05:00' })
      const shiftWith = (zone: string): number[] =>
        enginesFor(RULES, { dateShiftScope, dateShiftTimeZone: zone, ...fixed }).map((engine) =>
          daysBetween('2015-02-07', outputOf(engine.run(line, 'prefix')).effectiveDateTime),
        )
      t.strictSame(shiftWith('remove'), shiftWith('keep'), dateShiftScope)
    }
})

const RANGES: readonly (readonly [
  least: number,
  most: number,
  excludesZero: boolean,
  keepsWeekday?: true,
])[] = [
  [-50, 50, true, true],
  [-364, 364, false, true],
  [-100, -1, true, true],
  [1, 20, true, true],
  [-50, 50, true],
  [-365, -1, false],
  [0, 30, true],
  [-30, 0, true],
  [-3, 3, true],
  [-3, 4, false],
  [1, 2, true],
  [-182, 182, true],
]

t.test('the range of shifts: every day in it, none outside, all equally likely, zero left out', async (t) => {
  const patients = 4000
  for (const [least, most, excludesZero, keepsWeekday = false] of RANGES)
    for (const dateShiftScope of SCOPES) {
      const counts = new Map<number, number>()
      const engines = enginesFor([{ path: 'Resource.id', method: 'cryptoHash' }, ...RULES], {
        dateShiftScope,
        dateShiftRangeInDays: [least, most],
        dateShiftExcludeZero: excludesZero,
        dateShiftKeepWeekday: keepsWeekday,
      })
      for (let k = 0; k < patients; k++) {
        const line = observation(`p${k}`, { effectiveDateTime: '2015-06-15' })
        const shift = daysBetween(
          '2015-06-15',
          outputOf(elementAt(engines, 1).run(line, `prefix ${k}`)).effectiveDateTime,
        )
        counts.set(shift, (counts.get(shift) ?? 0) + 1)
        if (k >= 100) continue
        const lawful = daysBetween(
          '2015-06-15',
          outputOf(firstOf(engines).run(line, `prefix ${k}`)).effectiveDateTime,
        )
        if (lawful !== shift) t.equal(shift, lawful, `p${k}: both engines`)
      }
      let choices = 0
      for (let days = least; days <= most; days++)
        if (!(excludesZero && days === 0) && !(keepsWeekday && days % 7 !== 0)) choices++
      const name = `${least} to ${most}, scope ${dateShiftScope}${keepsWeekday ? ', whole weeks' : ''}`
      if (keepsWeekday)
        t.ok(
          [...counts.keys()].every((days) => days % 7 === 0),
          `${name}: the same day of the week`,
        )
      t.ok(
        [...counts.keys()].every((days) => days >= least && days <= most),
        name,
      )
      if (excludesZero) t.notOk(counts.has(0), `${name}: no true date`)
      t.ok(counts.size > choices * 0.99, `${name}: ${counts.size} of ${choices}`)
      const expected = patients / choices
      const chiSquare =
        [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0) +
        (choices - counts.size) * expected
      // Mean choices - 1, deviation √(2 (choices - 1)); the key is fixed.
      const limit = choices - 1 + 5 * Math.sqrt(2 * (choices - 1)) + 5
      t.ok(chiSquare < limit, `${name}: chi square ${chiSquare} < ${limit}`)
    }
})

t.test('two ranges under one key give shifts that say nothing about each other', async (t) => {
  const shiftsBy = (range: readonly number[], excludesZero: boolean): number[] => {
    const [engine] = enginesFor(RULES, {
      dateShiftScope: 'patient',
      dateShiftRangeInDays: range,
      dateShiftExcludeZero: excludesZero,
    })
    return Array.from({ length: 1000 }, (_, k) =>
      daysBetween(
        '2015-06-15',
        outputOf(engine.run(observation(`p${k}`, { effectiveDateTime: '2015-06-15' }))).effectiveDateTime,
      ),
    )
  }
  const first = shiftsBy([-50, 50], false)
  for (const [range, excludesZero] of [
    [[-50, 50], true],
    [[-49, 51], false],
    [[0, 100], false],
    [[-100, 100], false],
  ] as const) {
    const second = shiftsBy(range, excludesZero)
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
    const [meanOne, meanTwo] = [mean(first), mean(second)]
    const product = mean(first.map((value, k) => (value - meanOne) * (elementAt(second, k) - meanTwo)))
    const spread = (values: readonly number[], middle: number) =>
      Math.sqrt(mean(values.map((value) => (value - middle) ** 2)))
    const correlation = product / (spread(first, meanOne) * spread(second, meanTwo))
    t.ok(Math.abs(correlation) < 0.15, `${range}, ${excludesZero}: correlation ${correlation}`)
  }
})
