import t from 'tap'
import { civilDate, dateText, dayNumber, parseMoment, parseTime } from '../../src/fhir/dates.js'

t.test('dates are read at any precision, with or without offset', async (t) => {
  for (const [text, precision, offset] of [
    ['2015', 1, undefined],
    ['2015Z', 1, 0],
    ['2015-05:00', 1, -300],
    ['2015-02', 2, undefined],
    ['2015-02-05:30', 2, -330],
    ['2015-02-07', 3, undefined],
    ['2015-02-07+14:00', 3, 840],
    ['2015-02-07T13', 4, undefined],
    ['2015-02-07T13:28Z', 5, 0],
    ['2015-02-07T13:28:17-05:00', 6, -300],
    ['2015-02-07T13:28:17.5', 7, undefined],
    ['2015-02-07T13:28:17,5Z', 7, 0],
    ['2016-02-29', 3, undefined],
    ['0001-01-01', 3, undefined],
  ] as const) {
    const moment = parseMoment(text, 'dateTime')
    t.match(moment, { precision, year: Number(text.slice(0, 4)) }, text)
    t.equal(moment?.offsetMinutes, offset, text)
  }
})

t.test('a fraction is held in 100 ns, half to even', async (t) => {
  for (const [fraction, ticks] of [
    ['5', 5_000_000],
    ['0000001', 1],
    ['9999999', 9_999_999],
    ['99999994', 9_999_999],
    ['99999995', 10_000_000],
    ['00000005', 0],
    ['00000015', 2],
    ['123456789012345678901234567890', 1_234_568],
  ] as const)
    t.equal(parseTime(`10:00:00.${fraction}`)?.fractionTicks, ticks, fraction)
})

t.test('what is no real date is not read', async (t) => {
  const dateTimes =
    `0000 215 20150 2015- 2015-2 2015-00 2015-13 2015-02-00 2015-02-29 1900-02-29 2015-04-31 2015-02-07T
    2015-02-07T24 2015-02-07T1 2015-02-07T13:60 2015-02-07T13:28:60 2015-02-07T13:28:17. 2015-02-07T13:28:17.5z
    2015-02-07+14:01 2015-02-07+15:00 2015-02-07-00:60 2015-02-07+1:00 2015-02-07ZZ 2015T13 2015-02T13:00 x2015
    2015/02/07 2015-02-07t13:28:17Z ٢٠١٥`.split(/\s+/)
  for (const text of [...dateTimes, '', ' 2015', '2015 ', '2015-02-07 13:28:17'])
    t.equal(parseMoment(text, 'dateTime'), undefined, JSON.stringify(text))
  t.equal(parseMoment('2015-02-07T13:28:17Z', 'date'), undefined, 'a date with a time')
  for (const text of ['', '1', '24:00', '10:60', '10:00:60', '10:00:00.', '10:00:00x'])
    t.equal(parseTime(text), undefined, JSON.stringify(text))
  t.match(parseTime('10:30:00.5Z'), { hour: 10, minute: 30, precision: 7, offsetMinutes: 0 })
})

t.test('day numbers agree with the JavaScript calendar over 9999 years', async (t) => {
  for (let days = dayNumber(1, 1, 1); days <= dayNumber(9999, 12, 31); days += 97) {
    const { year, month, day } = civilDate(days)
    if (dayNumber(year, month, day) !== days) return t.fail(`day ${days} does not come back`)
    const expected = new Date(days * 86_400_000).toISOString().slice(0, 10)
    if (dateText(days) !== expected) return t.fail(`day ${days} is not ${expected}`)
  }
  t.equal(dateText(dayNumber(9999, 12, 31) + 1), undefined)
  t.equal(dateText(dayNumber(1, 1, 1) - 1), undefined)
})
