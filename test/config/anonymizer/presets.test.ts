import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { configPathOf, presetNames, presetPath } from '../../../src/config/anonymizer/presets.js'

t.test('every preset has a file, and no other file of the folder is one', async (t) => {
  t.strictSame(presetNames(), [
    'limited-data-set-r4',
    'research-r4',
    'research-r5',
    'safe-harbor-r4',
    'safe-harbor-r5',
    'safe-harbor-stu3',
  ])
  for (const name of presetNames()) t.ok(existsSync(presetPath(name) ?? ''), name)
  for (const name of ['pipeline.schema', 'README', 'safe-harbor-r4.json', '../package', ''])
    t.equal(presetPath(name), undefined, name)
})

t.test('a file of a preset’s name wins, a folder does not', async (t) => {
  const folder = t.testdir({ 'safe-harbor-r4': '{}', 'research-r4': {} })
  t.equal(configPathOf('safe-harbor-r4', folder), join(folder, 'safe-harbor-r4'))
  t.equal(configPathOf('research-r4', folder), presetPath('research-r4'))
  t.equal(configPathOf('safe-harbor-stu3', folder), presetPath('safe-harbor-stu3'))
})

t.test('any other path stays as it is', async (t) => {
  t.equal(configPathOf('some/config.json'), 'some/config.json')
  t.equal(configPathOf('nothing-here'), 'nothing-here')
  t.equal(configPathOf('config.json', '/base'), '/base/config.json')
})

t.test('the package exports each preset under configs/', async (t) => {
  for (const name of presetNames())
    t.equal(fileURLToPath(import.meta.resolve(`fhir-sluice/configs/${name}.json`)), presetPath(name))
})
