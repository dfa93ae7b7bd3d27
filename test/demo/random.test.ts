import t from 'tap'
import { Random, uuidOf } from '../../src/demo/random.js'

const take = (random: Random, count: number): number[] => Array.from({ length: count }, () => random.next())

t.test('a sequence depends on each of its three numbers, and only on them', async (t) => {
  const sequence = (seed: number, stream: number, index: number) =>
    take(new Random().restart(seed, stream, index), 5).join()
  t.equal(sequence(1, 2, 3), sequence(1, 2, 3))
  t.equal(new Set([sequence(1, 2, 3), sequence(2, 2, 3), sequence(1, 3, 3), sequence(1, 2, 4)]).size, 4)
})

t.test('numbers are spread over their range and never leave it', async (t) => {
  const random = new Random().restart(1, 1, 1)
  const counts = new Map<number, number>()
  for (let k = 0; k < 6000; k++) {
    const value = random.between(3, 8)
    counts.set(value, (counts.get(value) ?? 0) + 1)
  }
  t.same([...counts.keys()].sort(), [3, 4, 5, 6, 7, 8])
  for (const [value, count] of counts) t.ok(count > 850 && count < 1150, `${value}: ${count} of 6000`)
  t.match(random.decimal(1, 2, 3), /^1\.\d{3}$|^2\.000$/)
  t.match(random.digits(11), /^\d{11}$/)
  t.ok(['a', 'b'].includes(random.pick(['a', 'b'])))
  t.equal(random.chance(0), false)
})

t.test('ids are UUIDs of version 4, another one for each index', async (t) => {
  const ids = new Set(Array.from({ length: 10_000 }, (_, index) => uuidOf(1, 2, index)))
  t.equal(ids.size, 10_000)
  for (const id of [...ids].slice(0, 100))
    t.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
})
