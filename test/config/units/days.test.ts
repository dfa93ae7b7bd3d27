import t from 'tap'
import { checkedDay, isDay, today } from '../../../src/config/units/days.js'

t.test('a day must exist and have the form YYYY-MM-DD', async (t) => {
  for (const day of ['2024-02-29', '2026-11-30', '1900-01-01']) t.ok(isDay(day), day)
  for (const text of ['2023-02-29', '2026-13-01', '2026-1-1', '2026-11-30T00:00', '', ' 2026-11-30', '0x10'])
    t.notOk(isDay(text), text)
})

t.test('today is a day in UTC', async (t) => {
  const before = new Date().toISOString().slice(0, 10)
  const day = today()
  t.ok([before, new Date().toISOString().slice(0, 10)].includes(day))
})

t.test('a reference day is passed on, a wrong one refused', async (t) => {
  t.equal(checkedDay(undefined), undefined)
  t.equal(checkedDay('2026-11-30'), '2026-11-30')
  t.throws(() => checkedDay('2026-02-30'), { code: 'USAGE' })
})
