import t from 'tap'
import { enginesFor, type Json, outputOf } from '../support/rules.js'

const ABSENT = { url: 'http://hl7.org/fhir/StructureDefinition/data-absent-reason', valueCode: 'unknown' }
const YEAR = { cases: { $this: '$this.toString().substring(0,4)' }, otherValues: 'redact' }
const INITIAL = { cases: { $this: '$this.substring(0,1)' }, otherValues: 'redact' }

const generalize = (path: string, settings: Json = YEAR): Json => ({
  path,
  method: 'generalize',
  ...settings,
})

/** What is left of a Patient, without its type and its labels. */
function leftOf(rules: readonly Json[], patient: Json): Json[] {
  return enginesFor(rules).map((engine) => {
    const {
      resourceType: _,
      meta: __,
      ...left
    } = outputOf(engine.run(JSON.stringify({ resourceType: 'Patient', ...patient })))
    return left
  })
}

const given = (...name: readonly Json[]): Json => ({ name })

// What a Patient has, the rules, what is left.
const ROWS: readonly (readonly [string, Json, readonly Json[], Json])[] = [
  [
    'only an extension: nothing to generalize',
    { _birthDate: { extension: [ABSENT] } },
    [generalize('Patient.birthDate')],
    { _birthDate: { extension: [ABSENT] } },
  ],
  [
    'value and extension: the value is generalized',
    { birthDate: '2001-02-03', _birthDate: { extension: [ABSENT] } },
    [generalize('Patient.birthDate')],
    { birthDate: '2001', _birthDate: { extension: [ABSENT] } },
  ],
  [
    'the property with the underscore first',
    { _birthDate: { extension: [ABSENT] }, birthDate: '2001-02-03' },
    [generalize("nodesByType('date')")],
    { _birthDate: { extension: [ABSENT] }, birthDate: '2001' },
  ],
  [
    'a case that removes the value leaves the extension',
    { birthDate: '2001-02-03', _birthDate: { extension: [ABSENT] } },
    [generalize('Patient.birthDate', { cases: { '$this < @1900': '$this' } })],
    { _birthDate: { extension: [ABSENT] } },
  ],
  [
    'in an array',
    given({ given: ['abc', null, 'def'], _given: [null, { extension: [ABSENT] }, { extension: [ABSENT] }] }),
    [generalize('Patient.name.given', INITIAL)],
    given({ given: ['a', null, 'd'], _given: [null, { extension: [ABSENT] }, { extension: [ABSENT] }] }),
  ],
  [
    'an array of extensions only',
    given({ _given: [{ extension: [ABSENT] }] }),
    [generalize('Patient.name.given', INITIAL)],
    given({ _given: [{ extension: [ABSENT] }] }),
  ],
  [
    'a later rule for extensions takes them',
    { birthDate: '2001-02-03', _birthDate: { extension: [ABSENT] } },
    [generalize('Patient.birthDate'), { path: "nodesByType('Extension')", method: 'redact' }],
    { birthDate: '2001' },
  ],
  [
    'a later rule for the element takes its extensions',
    { birthDate: '2001-02-03', _birthDate: { extension: [ABSENT] } },
    [generalize('Patient.birthDate'), { path: 'Patient.birthDate', method: 'redact' }],
    { birthDate: '2001' },
  ],
  [
    'a later rule for all takes the extensions',
    { birthDate: '2001-02-03', _birthDate: { extension: [ABSENT] }, gender: 'male' },
    [generalize('Patient.birthDate'), { path: 'Resource', method: 'redact' }],
    { birthDate: '2001' },
  ],
  [
    'an element with only an extension that a later rule redacts is gone',
    { _birthDate: { extension: [ABSENT] } },
    [generalize('Patient.birthDate'), { path: 'Patient.birthDate', method: 'redact' }],
    {},
  ],
  [
    'substitute after generalize removes the extensions and leaves the value',
    { birthDate: '2001-02-03', _birthDate: { extension: [ABSENT] } },
    [generalize('Patient.birthDate'), { path: 'Patient.birthDate', method: 'substitute', replaceWith: '1' }],
    { birthDate: '2001' },
  ],
  [
    'an earlier rule keeps what it has',
    { birthDate: '2001-02-03', _birthDate: { extension: [ABSENT] } },
    [
      { path: 'Patient.birthDate.extension', method: 'keep' },
      generalize('Patient.birthDate'),
      { path: 'Resource', method: 'redact' },
    ],
    { birthDate: '2001', _birthDate: { extension: [ABSENT] } },
  ],
]

for (const [name, patient, rules, left] of ROWS)
  t.test(`generalize of a primitive with extensions: ${name}`, async (t) => {
    for (const found of leftOf(rules, patient)) t.same(found, left)
  })

const METHODS: readonly Json[] = [
  { method: 'keep' },
  { method: 'redact' },
  { method: 'dateShift' },
  { method: 'cryptoHash' },
  { method: 'encrypt' },
  { method: 'substitute', replaceWith: 'x' },
  { method: 'substitute', replaceWith: null },
  { method: 'perturb', span: 2 },
  { method: 'generalize', cases: { true: "'x'" } },
  { method: 'generalize', cases: { '$this > 5': '5' }, otherValues: 'keep' },
]

const PLACES: readonly (readonly [string, Json])[] = [
  ['Patient.birthDate', { _birthDate: { extension: [ABSENT] } }],
  ['Patient.birthDate', { birthDate: null, _birthDate: { id: 'x' } }],
  ['Patient.birthDate', { birthDate: null, _birthDate: { id: 'x', extension: [ABSENT] } }],
  ['Patient.multipleBirth', { _multipleBirthInteger: { extension: [ABSENT] } }],
  ['Patient.deceased', { _deceasedBoolean: { extension: [ABSENT] } }],
  ['Patient.name.given', given({ _given: [null, { extension: [ABSENT] }] })],
  ['Patient.name.given', given({ given: [null], _given: [{ extension: [ABSENT] }] })],
  ['Patient.id', { _id: { extension: [ABSENT] } }],
  ['Patient.photo.size', { photo: [{ _size: { extension: [ABSENT] } }] }],
]

t.test('no method loses a resource for a primitive that has no value', async (t) => {
  for (const settings of METHODS)
    for (const [path, patient] of PLACES) {
      const rules = [{ path, ...settings }]
      const [first, second] = leftOf(rules, patient)
      t.same(first, second, `${String(settings.method)} on ${path}`)
    }
})

t.test('a value given to an item of a `_` array is written, whatever the other array holds', async (t) => {
  const extension = [ABSENT]
  const rules = [{ path: 'Patient.name.given', method: 'substitute', replaceWith: 'z' }]
  const rows: readonly (readonly [Json, readonly string[]])[] = [
    [{ given: [], _given: [{ extension }, { extension }] }, ['z', 'z']],
    [{ _given: [{ extension }], given: [] }, ['z']],
    [{ given: ['a'], _given: [null, { extension }, { id: 'i' }] }, ['z', 'z', 'z']],
    [{ given: [''], _given: [{ extension: [{}] }, { extension }, {}] }, ['z']],
    [{ _given: [null, { extension }], given: [null] }, ['z']],
    [{ given: ['a', 'b'], _given: [{ extension }] }, ['z', 'z']],
  ]
  for (const engine of enginesFor(rules))
    for (const [name, given] of rows) {
      const line = JSON.stringify({ resourceType: 'Patient', name: [name] })
      t.match(outputOf(engine.run(line)), { name: [{ given }] }, line)
    }
})
