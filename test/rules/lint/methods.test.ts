// Holds src/rules/lint/findings/effect.ts, src/rules/lint/findings/template.ts,
// src/rules/lint/method-facts.ts.
import t from 'tap'
import { type ElementTree, elementTree } from '../../../src/fhir/elements.js'
import { engineForSync } from '../../support/engines.js'
import { fullResources } from '../../support/full-resource.js'
import { lintRules } from '../../support/lint-rules.js'
import { specOf } from '../../support/spec-of.js'

const KEYS = {
  dateShiftKey: 'a key for dates of 32 characters.',
  cryptoHashKey: 'a key for hashes of 32 characters',
  encryptKey: '1234567890123456',
  perturbKey: 'a key for noise, of 32 characters',
}

const SETTINGS: readonly (readonly [name: string, settings: { method: string; [key: string]: unknown }])[] = [
  ['keep', { method: 'keep' }],
  ['redact', { method: 'redact' }],
  ['remove', { method: 'remove' }],
  ['dateShift', { method: 'dateShift' }],
  ['cryptoHash', { method: 'cryptoHash' }],
  ['encrypt', { method: 'encrypt' }],
  ['perturb', { method: 'perturb', span: 1 }],
  ['generalize', { method: 'generalize', cases: [['true', "'x'"]] }],
  ['substitute by a text', { method: 'substitute', replaceWith: 'Test Patient' }],
  ['substitute by null', { method: 'substitute', replaceWith: null }],
  ['substitute by an object', { method: 'substitute', replaceWith: { text: 'x' } }],
  ['substitute by an object with an unknown member', { method: 'substitute', replaceWith: { citi: 'x' } }],
  ['substitute by an array', { method: 'substitute', replaceWith: ['x'] }],
  ['substitute by a member of the wrong kind', { method: 'substitute', replaceWith: { value: { x: 1 } } }],
  ['substitute by an object as a text', { method: 'substitute', replaceWith: '{"text":"x"}' }],
  ['substitute by an array of what does not repeat', { method: 'substitute', replaceWith: { text: ['x'] } }],
]

const TYPES = ['Patient', 'Observation', 'Bundle', 'Questionnaire', 'DocumentReference']
const OPERATORS = /^(?:div|mod|and|or|xor|implies|is|as|in|contains)$/

/** A path for each element of a type, choices with each of their types. */
function pathsOf(name: string, tree: ElementTree): readonly string[] {
  const members = [...(tree.resources.get(name)?.members.values() ?? [])]
  const fine = members.filter((member) => !OPERATORS.test(member.name) && member.type !== tree.anyResource)
  return [
    name,
    ...fine.map(({ key, name: own, type }) => `${name}.${own}${key === own ? '' : `.ofType(${type.name})`}`),
    ...fine
      .filter(({ type }) => type.name === 'BackboneElement')
      .flatMap(({ name: own, type }) =>
        [...type.members.values()]
          .filter(({ key, name: inner }) => key === inner && !OPERATORS.test(inner))
          .map(({ name: inner }) => `${name}.${own}.${inner}`),
      ),
  ]
}

for (const version of ['R4', 'STU3', 'R5'] as const)
  for (const [name, settings] of SETTINGS)
    t.test(`${version}: ${name} fails where lint says so, and nowhere else`, async (t) => {
      const tree = elementTree(version)
      let failing = 0
      let count = 0
      for (const type of version === 'R4' ? TYPES : ['Patient', 'Bundle']) {
        const resource = tree.resources.get(type)
        if (resource === undefined) continue
        const lines = fullResources(resource, tree)
        for (const path of pathsOf(type, tree)) {
          const codes = lintRules([{ number: 1, path, ...settings }], tree).map(({ code }) => code)
          const spec = specOf({
            fhirVersion: version,
            fhirPathRules: [{ path, ...settings }],
            parameters: KEYS,
          })
          const engine = engineForSync(spec, 'interpreter')
          const fails = lines.some((line) => {
            const outcome = engine.run(line)
            return !outcome.ok && outcome.rejection.code === 'RULE_FAILED'
          })
          if ((engine.lines.counts.elementsByRule[0] ?? 0) === 0 && !fails) continue
          count++
          if (fails) failing++
          if (fails !== (codes.includes('fails') || codes.includes('partly-fails')))
            t.fail(`${path}: ${fails ? 'fails' : 'does not fail'}, and lint says ${codes.join(', ')}`)
        }
      }
      t.ok(count > 20, `${failing} of ${count} paths fail`)
    })

t.test('a hash or a cipher of a number, a date or true/false is named as invalid', async (t) => {
  const rows: readonly (readonly [path: string, isInvalid: boolean])[] = [
    ['Patient.birthDate', true],
    ['Patient.active', true],
    ['Patient.multipleBirth.ofType(integer)', true],
    ["nodesByType('decimal')", true],
    ["nodesByType('instant')", true],
    ['Patient.id', false],
    ['Patient.name.family', false],
    ["nodesByType('Reference').reference", false],
    ['Patient.identifier.value', false],
  ]
  for (const method of ['cryptoHash', 'encrypt'])
    for (const [path, isInvalid] of rows) {
      const codes = lintRules([{ number: 1, path, method }], elementTree('R4')).map(({ code }) => code)
      t.equal(codes.includes('writes-invalid'), isInvalid, `${method} ${path}`)
    }
})
