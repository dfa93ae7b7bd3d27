import t from 'tap'
import { objectKeys } from '../../../src/anonymizer/walk/object-keys.js'
import { keyHash } from '../../../src/anonymizer/walk/perfect-hash.js'
import { elementTree } from '../../../src/fhir/elements.js'
import { present } from '../../../src/invariant.js'

const { resources, dataTypes } = elementTree('R4')
const PATIENT = present(resources.get('Patient'), 'Patient')

t.test(
  'an object may have its members, the `_` objects of primitives, and a resource its type',
  async (t) => {
    const { keys } = objectKeys(PATIENT)
    for (const key of ['birthDate', '_birthDate', 'name', 'contained', 'resourceType'])
      t.ok(keys.includes(key), key)
    for (const key of ['_name', '_contained', '_resourceType', 'nick']) t.notOk(keys.includes(key), key)
    t.notOk(objectKeys(present(dataTypes.get('HumanName'), 'HumanName')).keys.includes('resourceType'))
    t.equal(objectKeys(PATIENT), objectKeys(PATIENT), 'they are found once')
  },
)

t.test('the slot of a key, by its hash, has its index', async (t) => {
  for (const type of [PATIENT, present(dataTypes.get('Extension'), 'Extension')]) {
    const { keys, slots, factor } = objectKeys(type)
    const found = keys.map((key) => slots[(Math.imul(keyHash(key), factor) >>> 16) & (slots.length - 1)])
    t.same(found, [...keys.keys()], type.name)
  }
})
