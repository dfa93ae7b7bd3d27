import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { presetNames } from '../../src/config/anonymizer/presets.js'
import { createAnonymizer } from '../../src/index.js'
import { projectRoot } from '../support/shared.js'
import type { PresetRule } from './preset.js'

const readme = readFileSync(join(projectRoot, 'configs/README.md'), 'utf8')
const preset = JSON.parse(readFileSync(join(projectRoot, 'configs/safe-harbor-r4.json'), 'utf8')) as {
  readonly fhirPathRules: readonly PresetRule[]
}

function anonymize(settings: object, resource: object): unknown {
  const result = createAnonymizer({ ...preset, ...settings }).anonymize(JSON.stringify(resource))
  if (!result.ok) throw new Error(result.message)
  return JSON.parse(Buffer.from(result.bytes).toString('utf8'))
}

t.test('the table names every preset', async (t) => {
  const named = [...readme.matchAll(/`([a-z0-9-]+)\.json`/g)].map(([, name]) => name)
  for (const name of presetNames().filter((name) => !name.endsWith('schema')))
    t.ok(named.includes(name), name)
})

t.test('a system that is added as the README says is let through, and no other', async (t) => {
  const [, text = ''] = /^(\{ "codeSystems": .*\})$/m.exec(readme) ?? []
  const added = JSON.parse(text) as { codeSystems: { allow: string[] } }
  const system = added.codeSystems.allow.at(-1)
  const coding = [
    { system, code: 'ward-7' },
    { system, code: 'John Smith, room 7' },
    { system: 'http://example.org/other', code: 'ward-7' },
    { system: 'http://snomed.info/sct', code: '22298006' },
  ]
  const condition = { resourceType: 'Condition', code: { coding } }
  t.match(anonymize(added, condition), { code: { coding: [coding[0], coding[3]] } })
  t.match(anonymize({}, condition), { code: { coding: [coding[3]] } })
})
