import t from 'tap'
import { Slabs } from '../../../src/pipeline/chunks/slabs.js'
import { settleLimits } from '../../../src/pipeline/limits.js'

const LIMITS = { ...settleLimits({ workers: 1, chunkBytes: 64 }), slabCount: 2 }

t.test(
  'no more slabs are made than the budget allows; one that is given back goes to who waits longest',
  async (t) => {
    const seen: number[] = []
    const slabs = new Slabs(LIMITS, (bytes) => seen.push(bytes))
    const [a, b] = [await slabs.take(), await slabs.take()]
    const order: string[] = []
    const first = slabs.take().then((slab) => order.push('first') && slab)
    const second = slabs.take().then((slab) => order.push('second') && slab)
    t.equal(slabs.inFlightBytes, 2 * LIMITS.slabBytes)
    slabs.give(b)
    slabs.give(a)
    t.strictSame([await first, await second], [b, a], 'no third one is made')
    t.strictSame(order, ['first', 'second'])
    slabs.give(a)
    slabs.give(b)
    t.equal(slabs.inFlightBytes, 0)
    t.equal(Math.max(...seen), 2 * LIMITS.slabBytes)
  },
)

t.test('one long line is held at a time', async (t) => {
  const slabs = new Slabs(LIMITS)
  const long = await slabs.takeLong(1000)
  t.equal(long.bytes.length, 1000)
  let isTaken = false
  const next = slabs.takeLong(2000).then((slab) => {
    isTaken = true
    return slab
  })
  await slabs.take()
  t.equal(isTaken, false, 'it waits')
  slabs.give(long)
  t.equal((await next).bytes.length, 2000)
})

t.test('whoever waits when the run stops, and whoever comes later, gets its reason', async (t) => {
  const slabs = new Slabs({ ...LIMITS, slabCount: 1 })
  await slabs.take()
  await slabs.takeLong(10)
  const waiting = [slabs.take(), slabs.takeLong(10)]
  slabs.stop(new Error('stopped'))
  slabs.stop(new Error('later'))
  for (const each of [...waiting, slabs.take(), slabs.takeLong(10)])
    await t.rejects(each, { message: 'stopped' })
})
