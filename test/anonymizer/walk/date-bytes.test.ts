import t from 'tap'
import { moveDate, readDate, timeOffsetAt, writeDate } from '../../../src/anonymizer/walk/date-bytes.js'
import { dateText, dayNumber, parseMoment } from '../../../src/fhir/dates.js'
import { seededRandom } from '../../support/random.js'

const pad = (value: number, digits: number): string => String(value).padStart(digits, '0')

t.test('a date is read where the law reads a day, and nowhere else', async (t) => {
  const date = { year: 0, month: 0, day: 0 }
  for (const year of [0, 1, 4, 1900, 1999, 2000, 2024, 9999])
    for (let month = 0; month <= 13; month++)
      for (let day = 0; day <= 32; day++) {
        const text = `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`
        const isRead = readDate(Buffer.from(`"${text}"`), 1, date)
        if (isRead !== (parseMoment(text, 'date') !== undefined)) return t.fail(text)
        if (isRead && (date.year !== year || date.month !== month || date.day !== day)) return t.fail(text)
      }
  for (const text of ['2015/02/07', '2015-2-007', '20150207  ', '2015-02-0x', '-015-02-07'])
    t.notOk(readDate(Buffer.from(text), 0, date), text)
})

t.test('a moved date is the one that so many days lie between', async (t) => {
  const random = seededRandom('moved dates')
  const target = Buffer.alloc(12)
  for (let run = 0; run < 50_000; run++) {
    const from = dateText(random.between(dayNumber(1, 1, 1), dayNumber(9999, 12, 31))) ?? ''
    const days = random.between(-40_000, 40_000)
    const date = {
      year: Number(from.slice(0, 4)),
      month: Number(from.slice(5, 7)),
      day: Number(from.slice(8)),
    }
    const expected = dateText(dayNumber(date.year, date.month, date.day) + days)
    const isMoved = moveDate(date, days)
    if (isMoved) writeDate(target, 1, date)
    const moved = isMoved ? target.toString('latin1', 1, 11) : undefined
    if (moved !== expected)
      return t.fail(`${from} ${days}: ${moved}, not ${expected}; SLUICE_SEED=${random.seed} repeats it`)
  }
})

t.test('the last day of an era of 400 years is one', async (t) => {
  const target = Buffer.alloc(10)
  for (const year of [400, 1600, 2000, 9600]) {
    const date = { year: year - 1, month: 3, day: 1 }
    t.ok(moveDate(date, 365))
    writeDate(target, 0, date)
    t.equal(target.toString('latin1'), `${pad(year, 4)}-02-29`)
  }
})

t.test('a complete time ends where its offset begins', async (t) => {
  for (const [time, offset] of [
    ['T13:28:17Z', 9],
    ['T13:28:17.123-05:00', 13],
    ['T00:00:00.1234567+13:59', 17],
    ['T13:28:17.12345678Z', 0],
    ['T13:28:17+14:00', 0],
    ['T13:28:17.Z', 0],
    ['T24:00:00Z', 0],
    ['T13:60:00Z', 0],
    ['T13:28:60Z', 0],
    ['T13:28Z', 0],
    ['T13:28:17', 0],
    ['t13:28:17Z', 0],
    ['T13:28:17z', 0],
    ['T13:28:17+0500', 0],
  ] as const)
    t.equal(timeOffsetAt(Buffer.from(`xx${time}"`), 2), offset === 0 ? 0 : offset + 2, time)
})
