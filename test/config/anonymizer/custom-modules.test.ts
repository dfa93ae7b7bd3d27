import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { findCustomModules } from '../../../src/config/anonymizer/custom-modules.js'

t.test('modules are found beside the configuration; another text has another digest', async (t) => {
  const folder = t.testdir({ 'initials.mjs': 'export default () => undefined' })
  const find = () => findCustomModules({ Initials: './initials.mjs' }, ['redact'], folder)
  const { modules, problems } = find()
  t.same(problems, [])
  t.match(modules, [
    { name: 'initials', url: pathToFileURL(join(folder, 'initials.mjs')).href, sha256: /^[0-9a-f]{64}$/ },
  ])
  writeFileSync(join(folder, 'initials.mjs'), 'export default () => 1')
  t.not(find().modules[0]?.sha256, modules[0]?.sha256)
})

t.test('a missing module, a built-in name and a name given twice are problems', async (t) => {
  const folder = t.testdir({ 'a.mjs': '' })
  const { modules, problems } = findCustomModules(
    { missing: 'b.mjs', Redact: 'a.mjs', twice: 'a.mjs', TWICE: 'a.mjs' },
    ['redact'],
    folder,
  )
  t.same(
    problems.map(({ path }) => path),
    ['customMethods.missing', 'customMethods.Redact', 'customMethods.TWICE'],
  )
  t.same(
    modules.map(({ name }) => name),
    ['missing', 'twice'],
    'a rule that uses the missing one has no fault of its own',
  )
})
