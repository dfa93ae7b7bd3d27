import t from 'tap'
import { isColorWanted } from '../../../src/config/environment/color.js'

t.test('colors go to terminals only, and NO_COLOR switches them off', async (t) => {
  const before = process.env.NO_COLOR
  t.teardown(() => {
    if (before === undefined) delete process.env.NO_COLOR
    else process.env.NO_COLOR = before
  })
  delete process.env.NO_COLOR
  t.ok(isColorWanted({ isTTY: true }))
  t.notOk(isColorWanted({ isTTY: false }))
  t.notOk(isColorWanted({}))
  process.env.NO_COLOR = ''
  t.ok(isColorWanted({ isTTY: true }), 'an empty variable counts as unset (no-color.org)')
  process.env.NO_COLOR = '1'
  t.notOk(isColorWanted({ isTTY: true }))
})
