import t from 'tap'
import { viewOf } from '../../../src/anonymizer/copy-bytes.js'
import { NameSet, nextHash, withoutCollisions } from '../../../src/anonymizer/walk/perfect-hash.js'
import { elementTree } from '../../../src/fhir/elements.js'
import { seededRandom } from '../../support/random.js'

/** How the walk looks a key up. */
const slotOf = (hash: number, factor: number, size: number): number =>
  (Math.imul(hash, factor) >>> 16) & (size - 1)

t.test('each key of every type of every version has a place of its own', async (t) => {
  for (const version of ['STU3', 'R4', 'R4B', 'R5'] as const) {
    const { resources, dataTypes } = elementTree(version)
    let lost = 0
    for (const type of [...resources.values(), ...dataTypes.values()]) {
      const keys = [...type.members.keys()]
      const hashes = keys.map((key) => Buffer.from(key).reduce(nextHash, 0))
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

t.test('a set of names has each of them, wherever it is in the bytes, and nothing else', async (t) => {
  const names = [...elementTree('R4').resources.keys()]
  const set = new NameSet(names)
  const has = (text: string, before = ''): boolean => {
    const bytes = Buffer.from(`${before}${text}/1`)
    return set.has(viewOf(bytes), before.length, before.length + text.length)
  }
  for (const before of ['', '"', 'abc'])
    t.same(
      names.filter((name) => !has(name, before)),
      [],
    )
  const random = seededRandom('names')
  const wrong = Array.from({ length: 20_000 }, () => {
    const name = names[random.below(names.length)] ?? ''
    const at = random.below(name.length)
    // One letter more, less or other.
    return (
      [name.slice(0, -1), `${name}s`, `${name.slice(0, at)}x${name.slice(at + 1)}`][random.below(3)] ?? ''
    )
  }).filter((text) => !names.includes(text) && has(text))
  t.same(wrong, [], `SLUICE_SEED=${random.seed} repeats it`)
  t.notOk(has(''))
  // In a set of few places, a part of a name and a longer one share its place.
  const few = new NameSet(['Observation'])
  for (let length = 1; length < 40; length++) {
    const bytes = Buffer.from('ObservationObservationObservationObservation')
    t.equal(few.has(viewOf(bytes), 0, length), length === 'Observation'.length)
  }
})
