import t from 'tap'
import type { LineTrace } from '../../../src/anonymizer/interpreter/trace.js'
import { createLineAnonymizerSync } from '../../../src/anonymizer/line-anonymizer.js'
import { isSluiceError } from '../../../src/errors.js'
import { codeVerdicts } from '../../../src/fhir/codes/code-verdicts.js'
import { elementTree } from '../../../src/fhir/elements.js'
import { FHIR_VERSIONS } from '../../../src/fhir/version.js'
import { engineForSync } from '../../support/engines.js'
import { seededRandom } from '../../support/random.js'
import { randomConfig } from '../../support/random-config.js'
import { randomResource } from '../../support/random-resource.js'
import { type Json, KEYS } from '../../support/rules.js'
import { specOf } from '../../support/spec-of.js'

const CONTEXT = { item: 'test.ndjson', record: 0, baseOffset: 0, dateShiftPrefix: '' }

/** Labels are added to the first, and a type is no value; some elements are called like it. */
const LEFT_OUT = /(^|\.)(meta\.security|resourceType$)/

const traceOf = (rules: readonly Json[], line: object | string, more: Json = {}): LineTrace =>
  createLineAnonymizerSync(
    specOf({ fhirVersion: 'R4', fhirPathRules: rules, parameters: KEYS, ...more }),
    {},
    { compileCodes: codeVerdicts },
  ).trace(Buffer.from(typeof line === 'string' ? line : JSON.stringify(line)), CONTEXT)

t.test('each value is traced to the rule that owns it, with its text before and after', async (t) => {
  const trace = traceOf(
    [
      { path: 'Patient.name.family', method: 'substitute', replaceWith: 'X' },
      { path: 'Patient.name', method: 'redact' },
      { path: 'Patient.gender', method: 'keep' },
      { path: 'Patient.identifier', method: 'remove' },
    ],
    {
      resourceType: 'Patient',
      active: true,
      identifier: [{ value: '7' }],
      name: [{ given: ['Maja', 'B.'] }, { family: 'Lindqvist', _family: { id: 'f' } }],
      gender: 'female',
    },
  )
  t.strictSame(trace.kind === 'delivered' ? trace.leaves : trace, [
    { place: 'active', type: 'boolean', rule: 0, before: 'true', after: 'true' },
    { place: 'identifier[0].value', type: 'string', rule: 4, before: '"7"', after: undefined },
    { place: 'name[0].given[0]', type: 'string', rule: 2, before: '"Maja"', after: undefined },
    { place: 'name[0].given[1]', type: 'string', rule: 2, before: '"B."', after: undefined },
    { place: 'name[1].family', type: 'string', rule: 1, before: '"Lindqvist"', after: '"X"' },
    { place: 'name[1].family.id', type: 'string', rule: 1, before: '"f"', after: undefined },
    { place: 'gender', type: 'code', rule: 3, before: '"female"', after: '"female"' },
  ])
  t.match(trace, { labels: [{ place: '', codes: ['REDACTED', 'SUBSTITUTED'] }], isEmptied: false })
})

t.test(
  'a contained resource that is removed goes with its values, and an added value has none before',
  async (t) => {
    const trace = traceOf(
      [
        { path: 'Patient.contained', method: 'remove' },
        { path: 'Patient.maritalStatus', method: 'substitute', replaceWith: { text: 'unknown' } },
      ],
      {
        resourceType: 'Patient',
        contained: [{ resourceType: 'Patient', id: 'c' }],
        maritalStatus: { coding: [{ code: 'M' }] },
      },
    )
    t.match(trace, {
      leaves: [
        { place: 'contained[0].id', rule: 1, before: '"c"', after: undefined },
        { place: 'maritalStatus.coding[0].code', rule: 2, before: '"M"', after: undefined },
        { place: 'maritalStatus.text', rule: 2, before: undefined, after: '"unknown"' },
      ],
    })
  },
)

t.test('a code that codeSystems removes is told from one that a rule removes', async (t) => {
  const trace = traceOf(
    [
      { path: 'Patient.maritalStatus.coding', method: 'keep' },
      { path: 'Patient.contact.relationship.coding', method: 'keep' },
      { path: 'Patient.contact', method: 'remove' },
    ],
    {
      resourceType: 'Patient',
      maritalStatus: { coding: [{ system: 'http://example.org/own', code: 'Maja' }] },
      contact: [{ relationship: [{ coding: [{ code: 'Maja' }] }] }],
    },
    { codeSystems: { allow: ['loinc'] } },
  )
  const code = 'contact[0].relationship[0].coding[0].code'
  t.strictSame(
    trace.kind === 'delivered'
      ? trace.leaves.map(({ place, rule, after, isUnlistedCode }) => [place, rule, after, isUnlistedCode])
      : trace,
    [
      ['maritalStatus.coding[0].system', 1, undefined, true],
      ['maritalStatus.coding[0].code', 1, undefined, true],
      [code, 3, undefined, undefined],
    ],
  )
})

t.test('a line that a run would quarantine is traced as rejected', async (t) => {
  const rules = [{ path: 'Patient.gender', method: 'keep' }]
  t.match(traceOf(rules, { resourceType: 'Patient', nickname: 'Maja' }), {
    kind: 'rejected',
    rejection: { code: 'UNKNOWN_ELEMENT' },
  })
  t.match(traceOf(rules, '{'), { kind: 'rejected', rejection: { code: 'INVALID_JSON' } })
  const anonymizer = createLineAnonymizerSync(specOf({ fhirVersion: 'R4', fhirPathRules: rules }))
  t.match(anonymizer.trace(Buffer.from([0x7b, 0xff, 0x7d]), CONTEXT), { rejection: { code: 'INVALID_UTF8' } })
})

t.test('a resource that a failed rule empties has no values', async (t) => {
  const failing = [{ path: 'Patient.birthDate', method: 'generalize', cases: { true: '$this' } }]
  const line = { resourceType: 'Patient', gender: 'male', birthDate: 'in spring' }
  t.match(traceOf(failing, line), { kind: 'rejected', rejection: { code: 'RULE_FAILED' } })
  t.match(traceOf(failing, line, { processingErrors: 'skip' }), { isEmptied: true, leaves: { length: 0 } })
})

t.test('what is traced is what both engines write, whatever the rules and resources', async (t) => {
  const random = seededRandom('trace')
  let compared = 0
  for (let round = 0; round < 40; round += 1) {
    const tree = elementTree(random.pick(FHIR_VERSIONS))
    const types = random.shuffled([...tree.resources.keys()]).slice(0, 2)
    const spec = specOrNone(
      randomConfig(random, tree, { types, kind: random.pick(['plain', 'criteria', 'any']) }),
    )
    if (spec === undefined) continue
    const engine = engineForSync(spec, 'automatic')
    const tracer = createLineAnonymizerSync(spec)
    for (let line = 0; line < 10; line += 1) {
      const text = randomResource(random, tree, { type: random.pick(types) })
      const outcome = engine.run(text)
      const trace = tracer.trace(Buffer.from(text), CONTEXT)
      if (!outcome.ok) {
        t.match(trace, { kind: 'rejected', rejection: { code: outcome.rejection.code } })
        continue
      }
      if (trace.kind === 'rejected' || trace.bytes.toString('latin1') !== outcome.latin1)
        return t.fail(`SLUICE_SEED=${random.seed}: another output`)
      if (trace.isEmptied) continue
      const traced = trace.leaves.flatMap(({ place, after }) =>
        after === undefined || LEFT_OUT.test(place) ? [] : leavesOf(JSON.parse(after), ''),
      )
      const written = withoutMasks(leavesOf(JSON.parse(trace.bytes.toString()), ''))
      if (JSON.stringify(traced.sort()) !== JSON.stringify(written.sort()))
        return t.fail(`SLUICE_SEED=${random.seed}: other values`)
      compared += 1
    }
  }
  t.ok(compared > 100, `${compared} lines compared`)
})

/** Masks of mandatory elements are added when the line is written, as labels are. */
function withoutMasks(leaves: readonly string[]): string[] {
  const mask = ['"http://hl7.org/fhir/StructureDefinition/data-absent-reason"', '"masked"']
  const count = leaves.filter((leaf) => leaf === mask[0]).length
  const left = [count, count]
  return leaves.filter((leaf) => {
    const at = mask.indexOf(leaf)
    if (at < 0 || left[at] === 0) return true
    left[at] = (left[at] ?? 0) - 1
    return false
  })
}

function specOrNone(config: Json) {
  try {
    return specOf(config)
  } catch (error) {
    if (isSluiceError(error)) return undefined
    throw error
  }
}

/** All values but those left out, as JSON texts. */
function leavesOf(value: unknown, key: string): string[] {
  const isType = key === 'resourceType' && typeof value === 'string'
  if (value === null || isType || key === 'meta.security') return []
  if (Array.isArray(value)) return value.flatMap((item) => leavesOf(item, key))
  if (typeof value !== 'object') return [JSON.stringify(value)]
  return Object.entries(value as object).flatMap(([name, inner]) =>
    leavesOf(inner, key === 'meta' && name === 'security' ? 'meta.security' : name),
  )
}
