import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { checkReplaceable } from '../../../src/storage/folder/replaceable-file.js'

const begins = /^# HELP sluice_/
const option = '--metrics-file'

t.test('a new file, an empty one and an earlier one of the same kind may be written', async (t) => {
  const folder = t.testdir({ empty: '', earlier: '# HELP sluice_lines_total x', out: {} })
  for (const name of ['new', 'empty', 'earlier'])
    await t.resolves(
      checkReplaceable({ path: join(folder, name), option, begins, apartFrom: [join(folder, 'out')] }),
      name,
    )
})

t.test('anything else is refused with the option, and stays', async (t) => {
  const folder = t.testdir({ key: 'CANARY key', out: { 'a.ndjson': '' } })
  mkdirSync(join(folder, 'directory'))
  symlinkSync(join(folder, 'out'), join(folder, 'alias'))
  const apartFrom = [join(folder, 'out')]
  for (const name of ['key', 'directory', 'out', 'out/new', 'alias/new', 'out/a.ndjson']) {
    const error = await checkReplaceable({ path: join(folder, name), option, begins, apartFrom }).then(
      () => undefined,
      (error: Error) => error,
    )
    t.match(error, { code: 'USAGE', message: /--metrics-file/ }, name)
    t.notMatch(String(error), 'CANARY')
  }
})
