import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { createAnonymizer } from '../../src/index.js'
import { projectRoot } from '../support/shared.js'
import type { PresetRule } from './preset.js'

const readme = readFileSync(join(projectRoot, 'configs/README.md'), 'utf8')
const preset = JSON.parse(readFileSync(join(projectRoot, 'configs/safe-harbor-r4.json'), 'utf8')) as {
  readonly fhirPathRules: readonly PresetRule[]
}

/** The rules that the README says to add, in its order. */
const advised = [...readme.matchAll(/\{ "path": .*?\}/gs)].map(([rule]) => JSON.parse(rule) as PresetRule)

function anonymize(rules: readonly PresetRule[], resource: object): Record<string, unknown> {
  const result = createAnonymizer({ ...preset, fhirPathRules: rules }).anonymize(JSON.stringify(resource))
  if (!result.ok) throw new Error(result.message)
  return JSON.parse(Buffer.from(result.bytes).toString('utf8'))
}

t.test('the rules of the README keep measured values, but not those with an age code', async (t) => {
  const rules = [
    ...preset.fhirPathRules.slice(0, -1),
    ...advised.filter(({ path }) => path.startsWith('Observation')),
    { path: 'Resource', method: 'redact' },
  ]
  t.equal(rules.length, preset.fhirPathRules.length + 2)
  const observation = (code: string, value: number) => ({
    resourceType: 'Observation',
    code: { coding: [{ system: 'http://loinc.org', code }] },
    valueQuantity: { value, unit: 'typed by hand', code: 'a' },
  })
  t.notOk('valueQuantity' in anonymize(rules, observation('30525-0', 93)))
  t.same(anonymize(rules, observation('6298-4', 5.02)).valueQuantity, { value: 5.02, code: 'a' })
})

t.test('the rule of the README drops the codes of one system', async (t) => {
  const rules = [...advised.filter(({ path }) => path.includes('Coding')), ...preset.fhirPathRules]
  t.equal(rules.length, preset.fhirPathRules.length + 1)
  const coding = [
    { system: 'urn:oid:1.2.3', code: 'typed by hand' },
    { system: 'http://snomed.info/sct', code: '1' },
  ]
  t.match(anonymize(rules, { resourceType: 'Condition', code: { coding } }), {
    code: { coding: [{ system: 'urn:oid:1.2.3', code: undefined }, { code: '1' }] },
  })
})
