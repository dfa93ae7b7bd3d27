import t from 'tap'
import { keyHash, nameHash, withoutCollisions } from '../../../src/anonymizer/walk/perfect-hash.js'
import { elementTree } from '../../../src/fhir/elements.js'

/** How the walk looks a key up. */
const slotOf = (hash: number, factor: number, size: number): number =>
  (Math.imul(hash, factor) >>> 16) & (size - 1)

t.test('each key of every type of every version has a place of its own', async (t) => {
  for (const version of ['STU3', 'R4', 'R4B', 'R5'] as const) {
    const { resources, dataTypes } = elementTree(version)
    let lost = 0
    for (const type of [...resources.values(), ...dataTypes.values()]) {
      const keys = [...type.members.keys()]
      const hashes = keys.map(keyHash)
      const { slots, factor } = withoutCollisions(keys, hashes)
      keys.forEach((key, k) => {
        if (slots[slotOf(hashes[k] ?? 0, factor, slots.length)] !== key) lost++
      })
      if (slots.filter((slot) => slot !== undefined).length !== keys.length) lost++
    }
    t.equal(lost, 0, version)
  }
})

t.test('two keys with one hash are an error, no endless search', async (t) => {
  t.throws(() => withoutCollisions(['a', 'b'], [7, 7]), RangeError)
})

t.test('a resource type has a place of its own by its name', async (t) => {
  const names = [...elementTree('R5').resources.keys()]
  const { slots, factor } = withoutCollisions(names, names.map(nameHash))
  t.same(
    names.filter((name) => slots[slotOf(nameHash(name), factor, slots.length)] !== name),
    [],
  )
})
