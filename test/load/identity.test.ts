import t from 'tap'
import { idOfEntry, isId, isTypeName } from '../../src/load/identity.js'

t.test('an id is what FHIR allows and names no other place in a path', async (t) => {
  for (const id of ['a', '1', 'A-b.9', 'x'.repeat(64), '...']) t.ok(isId(id), id)
  for (const id of ['', 'x'.repeat(65), 'a b', 'a/b', 'a_b', 'é', '.', '..', 'a\n', 'a%2fb'])
    t.notOk(isId(id), id)
})

t.test('a type is a name', async (t) => {
  for (const type of ['Patient', 'X']) t.ok(isTypeName(type), type)
  for (const type of ['', 'patient', 'Patient/1', 'Patient?a=b', '$export', `P${'a'.repeat(64)}`])
    t.notOk(isTypeName(type), type)
})

t.test('an entry is loaded by its own id, else by the UUID of its fullUrl', async (t) => {
  const uuid = '0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0'
  t.equal(idOfEntry({ id: 'a', fullUrl: `urn:uuid:${uuid}` }), 'a')
  t.equal(idOfEntry({ id: undefined, fullUrl: `urn:uuid:${uuid}` }), uuid)
  for (const fullUrl of [undefined, 'urn:uuid:patient-1', `http://x/Patient/${uuid}`, `urn:uuid:${uuid}x`])
    t.equal(idOfEntry({ id: undefined, fullUrl }), undefined)
})
