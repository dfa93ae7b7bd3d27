import t from 'tap'
import { present } from '../src/invariant.js'

t.test('a present value is passed on, also a falsy one', async (t) => {
  for (const value of [0, '', false, null, 'x']) t.equal(present(value, 'the value'), value)
})

t.test('a missing value is a defect that names the part', async (t) => {
  t.throws(() => present(undefined, 'the root'), { message: 'internal error: the root is missing' })
})
