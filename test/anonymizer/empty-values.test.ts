import t from 'tap'
import { enginesFor, type Json, outputOf } from '../support/rules.js'

const EXTENSION = { url: 'http://hl7.org/fhir/StructureDefinition/data-absent-reason', valueCode: 'unknown' }
const patient = (more: Json): string => JSON.stringify({ resourceType: 'Patient', ...more })

// `[what is read, what is delivered]`, without `resourceType`.
const ROWS: readonly (readonly [Json, Json])[] = [
  [{ name: [null, { family: 'x' }] }, { name: [{ family: 'x' }] }],
  [{ name: [null] }, {}],
  [{ name: [null, null] }, {}],
  [{ name: [] }, {}],
  [{ name: [{}] }, {}],
  [{ telecom: null }, {}],
  [{ address: [{ city: '' }] }, {}],
  [{ address: [{ city: ' \t' }, { city: 'a' }] }, { address: [{ city: 'a' }] }],
  [{ maritalStatus: { coding: [{ code: null }] } }, {}],
  [{ active: null }, {}],
  [{ id: null, meta: null }, {}],
  [{ id: '', meta: {} }, {}],
  [{ meta: { profile: [] } }, {}],
  [{ birthDate: null, _birthDate: null }, {}],
  [{ birthDate: '2000', _birthDate: null }, { birthDate: '2000' }],
  [{ birthDate: '2000', _birthDate: {} }, { birthDate: '2000' }],
  [{ birthDate: '2000', _birthDate: { extension: [] } }, { birthDate: '2000' }],
  [{ birthDate: null, _birthDate: { extension: [EXTENSION] } }, { _birthDate: { extension: [EXTENSION] } }],
  [{ _birthDate: { extension: [null, EXTENSION] } }, { _birthDate: { extension: [EXTENSION] } }],
  [{ name: [{ given: ['a', null] }] }, { name: [{ given: ['a'] }] }],
  [{ name: [{ given: ['a'], _given: [] }] }, { name: [{ given: ['a'] }] }],
  [{ name: [{ given: ['a'], _given: [null] }] }, { name: [{ given: ['a'] }] }],
  [{ name: [{ _given: [null] }] }, {}],
  [{ name: [{ given: [null, 'b'], _given: [null, null] }] }, { name: [{ given: ['b'] }] }],
  [
    { name: [{ given: ['a', null], _given: [null, { extension: [EXTENSION] }] }] },
    { name: [{ given: ['a', null], _given: [null, { extension: [EXTENSION] }] }] },
  ],
  [
    { name: [{ given: ['a', null, null, 'd'], _given: [null, null, { extension: [EXTENSION] }, null] }] },
    { name: [{ given: ['a', null, 'd'], _given: [null, { extension: [EXTENSION] }, null] }] },
  ],
  [
    { name: [{ given: ['', 'b', ' '], _given: [{ extension: [EXTENSION] }, null, { id: 'i' }] }] },
    { name: [{ given: [null, 'b', null], _given: [{ extension: [EXTENSION] }, null, { id: 'i' }] }] },
  ],
  [
    { name: [{ _given: [{}, { extension: [EXTENSION] }, { id: '' }], given: ['a', '', 'c'] }] },
    { name: [{ _given: [null, { extension: [EXTENSION] }, null], given: ['a', null, 'c'] }] },
  ],
  [{ contained: [null] }, {}],
  [{ contained: [{ resourceType: 'Patient', name: [null] }] }, { contained: [{ resourceType: 'Patient' }] }],
  [{ extension: [{ url: 'x', valueString: '' }] }, { extension: [{ url: 'x' }] }],
]

t.test('null, "", {} and [] are dropped; a null beside an extension keeps its place', async (t) => {
  for (const rules of [
    [],
    [{ path: 'Patient.link', method: 'redact' }],
    [{ path: 'Patient', method: 'keep' }],
  ])
    for (const engine of enginesFor(rules))
      for (const [read, delivered] of ROWS)
        t.same(
          outputOf(engine.run(patient(read))),
          { resourceType: 'Patient', ...delivered },
          JSON.stringify(read),
        )
})

t.test('what is delivered has no empty value left: --validateOutput accepts it', async (t) => {
  for (const engine of enginesFor([])) {
    for (const [read] of ROWS) {
      const once = outputOf(engine.run(patient(read)))
      t.same(outputOf(engine.run(JSON.stringify(once))), once)
    }
  }
})

t.test('rules on empty values leave no label', async (t) => {
  const methods = ['redact', 'cryptoHash', 'dateShift', 'encrypt', 'keep']
  for (const method of methods)
    for (const engine of enginesFor([{ path: 'Patient.birthDate | Patient.name | Patient.telecom', method }]))
      for (const more of [{ birthDate: null }, { birthDate: '' }, { name: [null] }, { telecom: null }])
        t.same(outputOf(engine.run(patient(more))), { resourceType: 'Patient' }, method)
})

t.test('--validateInput and --validateOutput reject empty values', async (t) => {
  const substitute = [{ path: 'Patient.name.family', method: 'substitute', replaceWith: '' }]
  for (const engine of enginesFor(substitute, {}, {}, { validateOutput: true }))
    t.match(engine.run(patient({ name: [{ family: 'x' }] })), { rejection: { code: 'NOT_VALID' } })
  for (const engine of enginesFor([], {}, {}, { validateInput: true }))
    for (const [read, delivered] of ROWS) {
      const line = patient(read)
      if (JSON.stringify(read) === JSON.stringify(delivered)) t.match(engine.run(line), { ok: true })
      else if (!('contained' in read && read.contained === null))
        t.match(engine.run(line), { ok: false, rejection: { code: 'NOT_VALID' } }, line)
    }
  for (const engine of enginesFor([], {}, {}, { validateOutput: true }))
    for (const [read] of ROWS) t.match(engine.run(patient(read)), { ok: true }, JSON.stringify(read))
})

t.test('a resource without type is rejected, also where it is null', async (t) => {
  for (const engine of enginesFor([]))
    for (const line of ['{"resourceType":null}', '{"resourceType":""}', '{}', '{"resourceType":{}}'])
      t.match(engine.run(line), { ok: false }, line)
})
