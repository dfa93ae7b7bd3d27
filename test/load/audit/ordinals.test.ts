import t from 'tap'
import { Ordinals, rangesOf } from '../../../src/load/audit/ordinals.js'
import { seededRandom } from '../../support/random.js'

t.test('ordinals that follow each other are one range', async (t) => {
  const ordinals = Ordinals.of([
    [0, 4],
    [10, 12],
    [5, 9],
  ])
  t.strictSame(ordinals.ranges, [[0, 12]])
  t.strictSame([ordinals.count, ordinals.last], [13, 12])
  ordinals.remove([3, 5])
  t.strictSame(ordinals.ranges, [
    [0, 2],
    [6, 12],
  ])
  t.equal(ordinals.countIn([2, 7]), 3)
  t.strictSame([new Ordinals().last, new Ordinals().has(0)], [-1, false])
})

t.test('any sequence of changes leaves what a plain set holds', async (t) => {
  const random = seededRandom('ordinals')
  for (let round = 0; round < 200; round += 1) {
    const [ordinals, plain] = [new Ordinals(), new Set<number>()]
    // The second kind fills parts of the set, and empties them.
    const [start, longest] = round < 180 ? [0, 9] : [1000, 2500]
    for (let step = 0; step < 40; step += 1) {
      const first = start + random.between(0, 60)
      const last = first + random.between(0, longest)
      const isAdded = random.below(3) > 0
      if (isAdded) ordinals.add([first, last])
      else ordinals.remove([first, last])
      for (let each = first; each <= last; each += 1) isAdded ? plain.add(each) : plain.delete(each)
    }
    const sorted = [...plain].sort((a, b) => a - b)
    t.strictSame(ordinals.ranges, rangesOf(sorted))
    t.equal(ordinals.count, plain.size)
    t.equal(ordinals.last, sorted.at(-1) ?? -1)
    for (let each = start; each < start + 75; each += 1)
      if (ordinals.has(each) !== plain.has(each)) t.fail(`has ${each}`)
    const [from, to] = [start + 10, start + 3 * longest]
    t.equal(ordinals.countIn([from, to]), sorted.filter((each) => each >= from && each <= to).length)
  }
})

t.test('gaps do not make it slow', async (t) => {
  const ordinals = new Ordinals()
  const beganMs = performance.now()
  for (const step of [0, 4, 2, 6, 1, 5, 3, 7])
    for (let ordinal = step; ordinal < 200_000; ordinal += 8) ordinals.add([ordinal, ordinal])
  const tookMs = performance.now() - beganMs
  t.strictSame(ordinals.ranges, [[0, 199_999]])
  t.ok(tookMs < 8000, `${tookMs} ms, where a list of ranges takes 20,000`)
})
