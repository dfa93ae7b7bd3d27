import t from 'tap'
import { isRecord } from '../../src/json/record.js'

t.test('an object is a record; null, arrays, functions and primitives are not', async (t) => {
  for (const value of [{}, { a: 1 }, Object.create(null)]) t.equal(isRecord(value), true)
  for (const value of [null, undefined, [], [{}], 'text', '', 0, true, () => ({})])
    t.equal(isRecord(value), false, String(value))
})
