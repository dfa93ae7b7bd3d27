import t from 'tap'
import { parseMoment } from '../../../src/config/units/moments.js'

t.test('a day, a minute and a second are read in UTC', async (t) => {
  t.equal(parseMoment('2026-11-21'), Date.UTC(2026, 10, 21))
  t.equal(parseMoment('2026-11-21T08:05Z'), Date.UTC(2026, 10, 21, 8, 5))
  t.equal(parseMoment('2026-11-21T08:05:09Z'), Date.UTC(2026, 10, 21, 8, 5, 9))
})

t.test('other forms and times that do not exist are not read', async (t) => {
  for (const text of [
    '',
    '2026-11',
    '2026-02-30',
    '2026-11-21T08:05',
    '2026-11-21T08:05+01:00',
    '2026-11-21T25:00Z',
  ])
    t.equal(parseMoment(text), undefined, text)
})
