import t from 'tap'
import { explainedConfig } from '../../src/config/anonymizer/explained-config.js'
import { type FateChange, type FateSide, fateChanges } from '../../src/config-tests/fate-changes.js'
import { elementTree } from '../../src/fhir/elements.js'
import { ElementFates } from '../../src/rules/explain/element-fates.js'
import { type Json, KEYS } from '../support/rules.js'
import { specOf } from '../support/spec-of.js'

const TREE = elementTree('R4')

function sideOf(rules: readonly Json[]): FateSide {
  const spec = specOf({ fhirVersion: 'R4', fhirPathRules: rules, parameters: KEYS })
  return {
    fates: new ElementFates(explainedConfig(spec), TREE),
    settingsOf: (number) => JSON.stringify({ ...spec.rules[number - 1], number: 0, path: '' }),
  }
}

const changesOf = (before: readonly Json[], after: readonly Json[]): readonly FateChange[] =>
  fateChanges(sideOf(before), sideOf(after), TREE)

const REST = { path: 'Resource', method: 'redact' }
const NAMES = { path: 'Patient.name.family', method: 'keep' }

t.test('one rule more lists exactly the elements that it changes, and one less the same ones', async (t) => {
  const more = changesOf([REST], [NAMES, REST])
  t.match(more[0], { path: 'Patient.name.family', before: 'removed', after: 'kept', kind: 'newly kept' })
  for (const { path } of more) t.match(path, /^Patient\.name\.family(\.id|\.extension)?$/)
  t.strictSame(
    changesOf([NAMES, REST], [REST]).map(({ path, kind }) => [path, kind]),
    more.map(({ path }) => [path, 'no longer kept']),
  )
})

t.test('rules that are moved, renumbered or never reached change nothing', async (t) => {
  const gender = { path: 'Patient.gender', method: 'keep' }
  t.strictSame(changesOf([NAMES, gender, REST], [gender, NAMES, REST]), [])
  t.strictSame(changesOf([NAMES, REST], [NAMES, REST, gender]), [])
  t.strictSame(changesOf([NAMES, REST], [NAMES, { path: 'Patient.name', method: 'redact' }, REST]), [])
})

t.test('a rule for a type lists its elements in every resource type', async (t) => {
  const changes = changesOf([REST], [{ path: "nodesByType('Money').value", method: 'keep' }, REST])
  t.ok(changes.length > 20, `${changes.length} elements`)
  for (const { path, kind } of changes) {
    t.match(path, /\.(value|id|extension|modifierExtension)$/)
    t.equal(kind, 'newly kept')
  }
  t.ok(changes.some(({ path }) => path === 'Claim.total.value'))
})

t.test('other settings and other conditions are changes, too', async (t) => {
  const text = (replaceWith: string) => [{ path: 'Patient.gender', method: 'substitute', replaceWith }, REST]
  t.strictSame(changesOf(text('a'), text('b')), [
    {
      path: 'Patient.gender',
      before: 'substituted',
      after: 'substituted with other settings',
      kind: 'otherwise changed',
    },
  ])
  const where = (use: string) => [{ path: `Patient.name.where(use = '${use}').family`, method: 'keep' }, REST]
  t.match(changesOf(where('old'), where('usual'))[0], {
    path: 'Patient.name.family',
    before: 'kept or removed',
    after: 'kept or removed under other conditions',
  })
  t.match(changesOf(where('old'), [NAMES, REST])[0], { before: 'kept or removed', after: 'kept' })
})
