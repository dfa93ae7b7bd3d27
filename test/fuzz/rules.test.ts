import t from 'tap'
import { elementTree } from '../../src/fhir/elements.js'
import { FHIR_VERSIONS } from '../../src/fhir/version.js'
import type { Outcome } from '../support/engines.js'
import { seededRandom } from '../support/random.js'
import { randomResource } from '../support/random-resource.js'
import { enginesFor, type Json, outputOf } from '../support/rules.js'
import { withoutEmpty } from '../support/without-empty.js'

const ROUNDS = 300

function same(a: Outcome, b: Outcome): boolean {
  return a.ok && b.ok ? a.latin1 === b.latin1 : !a.ok && !b.ok && a.rejection.code === b.rejection.code
}

const REDACTED = {
  system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue',
  code: 'REDACTED',
  display: 'redacted',
}

// `<` across kinds fails, which is the one kind of failure that the original can skip.
const FAILING = { path: 'Patient.name.family', method: 'generalize', cases: { '$this < 5': "'x'" } }

t.test('processingErrors skip: the whole resource becomes its labelled shell, without id', async (t) => {
  const rules = [FAILING, { path: 'Patient.birthDate', method: 'redact' }]
  const patient = { resourceType: 'Patient', id: 'p', name: [{ family: 'Smith' }], birthDate: '2000' }
  const entry = [{ resource: patient }, { resource: { resourceType: 'Group' } }]
  const sound = { resourceType: 'Patient', id: 'p', birthDate: '2000' }
  const meta = { security: [REDACTED] }
  const rows: readonly (readonly [string, Json, Json])[] = [
    ['a patient', patient, { resourceType: 'Patient', meta }],
    [
      'a Bundle with one failing entry',
      { resourceType: 'Bundle', id: 'b', entry },
      { resourceType: 'Bundle', meta },
    ],
    [
      'a contained failing resource',
      { resourceType: 'Observation', id: 'o', contained: [patient] },
      { resourceType: 'Observation', meta },
    ],
    ['a patient without what fails', sound, { resourceType: 'Patient', id: 'p', meta }],
  ]
  for (const engine of enginesFor(rules, {}, { processingErrors: 'skip' }))
    for (const [name, input, output] of rows)
      t.strictSame(outputOf(engine.run(JSON.stringify(input))), output, name)
})

t.test(
  'processingErrors raise: a failing rule rejects the line and names the rule, not the value',
  async (t) => {
    for (const engine of enginesFor([{ path: 'Patient.birthDate', method: 'keep' }, FAILING])) {
      const outcome = engine.run('{"resourceType":"Patient","name":[{"family":"Smith"}]}')
      t.match(outcome, { ok: false, rejection: { code: 'RULE_FAILED', message: /rule 2/ } })
      t.notMatch(outcome, { rejection: { message: /Smith/ } })
      t.ok(engine.run('{"resourceType":"Patient","name":[{"given":["Jim"]}]}').ok, 'the next line is served')
    }
  },
)

t.test('a union counts every node: as if each side were a rule of its own', async (t) => {
  const random = seededRandom('unions')
  const tree = elementTree('R4')
  const sides = [
    'name',
    'name.family',
    'address.city',
    'address.state',
    'telecom.value',
    'birthDate',
    'contact',
  ]
  const more = [
    'contact.name',
    'gender',
    'deceased',
    'identifier.value',
    'address.country',
    'name.given',
    'id',
  ]
  let changed = 0
  for (let round = 0; round < ROUNDS; round++) {
    const paths = random.shuffled([...sides, ...more]).slice(0, random.between(2, 4))
    const method = random.pick(['redact', 'keep', 'cryptoHash', 'dateShift'])
    const last = { path: 'Resource', method: random.pick(['redact', 'cryptoHash', 'keep']) }
    const split = paths.map((path) => ({ path: `Patient.${path}`, method }))
    const union = { path: split.map(({ path }) => path).join(' | '), method }
    // The patient's own id as written, so that the order in which ids and dates are reached does not matter.
    const scope = { dateShiftScope: 'patient' }
    const [united, automatic] = enginesFor([union, last], scope)
    const [apart] = enginesFor([...split, last], scope)
    const line = randomResource(random, tree, { type: 'Patient', elementCount: 40 })
    const outcome = united.run(line)
    if (outcome.ok && outcome.latin1.length !== Buffer.byteLength(line)) changed++
    if (same(outcome, apart.run(line)) && same(outcome, automatic.run(line))) continue
    t.fail(`${union.path} ${method}, then ${last.method}: ${line}`)
    return
  }
  t.ok(changed > ROUNDS / 2, `most lines changed (${changed})`)
})

t.test('equal values on both sides of a union are both kept, and both redacted', async (t) => {
  const address = [
    { state: 'WA', country: 'US' },
    { state: 'US', country: 'US' },
  ]
  const path = "nodesByType('Address').country | nodesByType('Address').state"
  const line = JSON.stringify({ resourceType: 'Patient', address })
  for (const engine of enginesFor([
    { path, method: 'keep' },
    { path: 'Patient', method: 'redact' },
  ]))
    t.strictSame(outputOf(engine.run(line)).address, address)
  for (const engine of enginesFor([{ path, method: 'redact' }]))
    t.equal(outputOf(engine.run(line)).address, undefined)
})

for (const fhirVersion of FHIR_VERSIONS)
  t.test(
    `${fhirVersion}, all types: nothing changes under keep, redact leaves labelled shells`,
    async (t) => {
      const random = seededRandom(`shells ${fhirVersion}`)
      const tree = elementTree(fhirVersion)
      const none = enginesFor([], {}, { fhirVersion })
      const keep = enginesFor([{ path: 'Resource', method: 'keep' }], {}, { fhirVersion })
      const redact = enginesFor([{ path: 'Resource', method: 'redact' }], {}, { fhirVersion })
      for (const type of tree.resources.keys()) {
        const line = randomResource(random, tree, { type, elementCount: 30 })
        for (const engine of [...none, ...keep])
          t.strictSame(outputOf(engine.run(line)), withoutEmpty(JSON.parse(line)), `${type} is as it was`)
        for (const engine of redact) {
          const leaves = leavesOf(outputOf(engine.run(line)))
          t.ok(leaves.length > 0 && leaves.every(isShell), `${type}: ${leaves.join()}`)
        }
      }
    },
  )

/** What may remain of a redacted resource: the types of its resources, and labels. */
function isShell(path: string): boolean {
  return /(^|\.)(resourceType|meta\.security\[\d\]\.(system|code|display))$/.test(path)
}

function leavesOf(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((item, k) => leavesOf(item, `${path}[${k}]`))
  if (typeof value !== 'object' || value === null) return value === null ? [] : [path]
  return Object.entries(value).flatMap(([key, child]) =>
    leavesOf(child, path === '' ? key : `${path}.${key}`),
  )
}
