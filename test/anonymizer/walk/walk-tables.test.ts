import t from 'tap'
import { withDeletionRules } from '../../../src/anonymizer/deletion-rules.js'
import { compileProgram } from '../../../src/anonymizer/program.js'
import type { Edge } from '../../../src/anonymizer/walk/edges.js'
import { ACT } from '../../../src/anonymizer/walk/layout.js'
import { WalkTables } from '../../../src/anonymizer/walk/walk-tables.js'
import { type Json, KEYS } from '../../support/rules.js'
import { specOf } from '../../support/spec-of.js'

const tablesFor = (rules: readonly Json[], parameters: Json = {}) =>
  new WalkTables(
    compileProgram(
      specOf({ fhirVersion: 'R4', fhirPathRules: rules, parameters: { ...KEYS, ...parameters } }),
      new Map(),
    ),
  )

const NAMES = new Map(Object.entries(ACT).map(([name, act]) => [act as number, name]))

/** What the walk does with the value at a path such as `Patient.name._family`. */
function actAt(tables: WalkTables, path: string): string | undefined {
  const [type = '', ...keys] = path.split('.')
  const start = tables.start(type, '')
  let table = start?.kind === 'table' ? start.table : undefined
  let edge: Edge | undefined
  for (const key of keys) {
    edge = table?.edge(key)
    table = edge?.facts.makeEdges?.()
  }
  return edge === undefined ? undefined : NAMES.get(edge.facts.act)
}

// The rules, a path, what the walk does there.
const ROWS: readonly (readonly [readonly Json[], string, string | undefined])[] = [
  [[], 'Patient.gender', 'KEEP_STRING'],
  [[], 'Patient.active', 'KEEP_BOOLEAN'],
  [[], 'Patient.name', 'OBJECT'],
  [[], 'Patient.contained', 'RESOURCE'],
  [[], 'Patient.nick', undefined],
  [[{ path: 'Patient.name', method: 'redact' }], 'Patient.name', 'DROP'],
  [[{ path: 'Patient.name', method: 'redact' }], 'Patient._gender', 'OBJECT'],
  [[{ path: 'Patient.gender', method: 'redact' }], 'Patient.gender', 'DROP'],
  [[{ path: 'Patient.birthDate', method: 'dateShift' }], 'Patient.birthDate', 'SHIFT'],
  [[{ path: 'Patient', method: 'dateShift' }], 'Patient.gender', 'KEEP_STRING'],
  [[{ path: 'Patient.id', method: 'cryptoHash' }], 'Patient.id', 'HASH'],
  [
    [{ path: "nodesByType('Reference').reference", method: 'cryptoHash' }],
    'Patient.generalPractitioner.reference',
    'HASH_REFERENCE',
  ],
  [[{ path: 'Patient.active', method: 'cryptoHash' }], 'Patient.active', 'METHOD'],
  [[{ path: 'Patient.gender', method: 'encrypt' }], 'Patient.gender', 'METHOD'],
  [[{ path: 'Patient.gender', method: 'substitute', replaceWith: 'x' }], 'Patient.gender', 'METHOD'],
  [[{ path: 'Patient.gender', method: 'substitute', replaceWith: 'x' }], 'Patient._gender', 'BAIL'],
  [[{ path: 'Patient.name', method: 'substitute', replaceWith: {} }], 'Patient.name', 'BAIL'],
  [[{ path: 'Patient.name', method: 'generalize', cases: {} }], 'Patient.name', 'BAIL'],
  [[{ path: 'Patient.contact', method: 'remove' }], 'Patient.contact', 'DROP'],
  [
    [
      { path: 'Patient.contact.name', method: 'keep' },
      { path: 'Patient.contact', method: 'remove' },
    ],
    'Patient.contact',
    'BAIL',
  ],
  [[{ path: 'Observation.value', method: 'perturb', span: 1 }], 'Observation.valueQuantity.value', 'METHOD'],
  [
    [{ path: 'Observation.value', method: 'perturb', span: 1 }],
    'Observation.valueQuantity.extension',
    'BAIL',
  ],
  [[{ path: 'Observation.value', method: 'perturb', span: 1 }], 'Observation.valueInteger', 'METHOD'],
  [[{ path: 'Observation.value', method: 'perturb', span: 1 }], 'Observation._valueInteger', 'BAIL'],
  [[{ path: 'Observation.value', method: 'perturb', span: 1 }], 'Observation.valueString', 'KEEP_STRING'],
]

t.test('the table says for each key what the walk does with its value', async (t) => {
  for (const [rules, path, act] of ROWS)
    t.equal(actAt(tablesFor(rules), path), act, JSON.stringify([rules, path]))
})

t.test('parameters that keep part of a value decide against dropping it', async (t) => {
  const rules = [{ path: 'Patient.birthDate', method: 'redact' }]
  t.equal(actAt(tablesFor(rules), 'Patient.birthDate'), 'DROP')
  t.equal(actAt(tablesFor(rules, { enablePartialDatesForRedact: true }), 'Patient.birthDate'), 'KEEP_YEAR')
})

t.test('the interpreter serves lines with elements on which it alone can decide', async (t) => {
  const fast = { path: 'Patient.gender', method: 'redact' }
  const index = { path: 'Patient.name[0]', method: 'redact' }
  t.equal(actAt(tablesFor([fast, index]), 'Patient.name'), 'BAIL')
  t.equal(actAt(tablesFor([fast, index]), 'Patient.contact'), 'OBJECT')
  const unstable = [
    { path: 'Patient.name.use', method: 'redact' },
    { path: "Patient.name.where(use = 'old')", method: 'redact' },
  ]
  t.equal(actAt(tablesFor(unstable), 'Patient.name'), 'BAIL', 'an earlier rule changes what it reads')
  t.equal(
    tablesFor([fast, { path: 'Patient.name.count()', method: 'redact' }]).start('Patient', ''),
    undefined,
  )
  t.equal(tablesFor([]).start('Patrician', ''), undefined)
  for (const method of ['remove', 'substitute', 'generalize'])
    t.equal(
      tablesFor([{ path: 'Patient', method, replaceWith: {}, cases: {} }]).start('Patient', ''),
      undefined,
    )
})

t.test('a criterion leads to a choice, of an element or of the whole resource', async (t) => {
  const rules = [
    { path: "Patient.name.where(use = 'old')", method: 'redact' },
    { path: "Patient.name.where(use = 'usual')", method: 'remove' },
  ]
  const start = tablesFor(rules).start('Patient', '')
  const name = start?.kind === 'table' ? start.table.edge('name') : undefined
  t.strictSame(
    [0, 1, 2].map((mask) => NAMES.get(name?.facts.variants?.variant(mask)?.facts.act ?? 0)),
    ['OBJECT', 'DROP', 'DROP'],
  )
  t.equal(
    actAt(tablesFor([{ path: "Patient.gender.where($this = 'x')", method: 'redact' }]), 'Patient._gender'),
    'BAIL',
  )
  t.equal(
    tablesFor([{ path: 'Patient.where(active).name', method: 'redact' }]).start('Patient', '')?.kind,
    'choice',
  )
})

t.test('a rule that goes first treats what it hashes as a reference', async (t) => {
  const hash = { path: "nodesByType('Reference').reference", method: 'cryptoHash' }
  const spec = specOf({ fhirVersion: 'R4', fhirPathRules: [hash], parameters: KEYS })
  const tables = new WalkTables(compileProgram(withDeletionRules(spec), new Map()))
  const start = tables.start('Bundle', '')
  const entry = start?.kind === 'table' ? start.table.edge('entry') : undefined
  const edges = entry?.facts.variants?.variant(1)?.facts.makeEdges?.()
  t.equal(NAMES.get(edges?.edge('fullUrl')?.facts.act ?? 0), 'HASH_REFERENCE')
})
