import t from 'tap'
import { grouped } from '../../src/storage/grouped-work.js'

t.test('calls that come while a round is at work share the next one', async (t) => {
  const rounds: string[][] = []
  let release = (): void => {}
  let idleCount = 0
  const call = grouped<string>(
    async (calls) => {
      rounds.push([...calls])
      await new Promise<void>((resolve) => {
        release = resolve
      })
    },
    () => {
      idleCount += 1
    },
  )
  const first = call('a')
  await new Promise(setImmediate)
  const later = [call('b'), call('c')]
  await new Promise(setImmediate)
  t.same(rounds, [['a']], 'a call is never served by a round that began before it')
  release()
  await first
  await new Promise(setImmediate)
  t.same(rounds, [['a'], ['b', 'c']])
  t.equal(idleCount, 0)
  release()
  await Promise.all(later)
  await new Promise(setImmediate)
  t.equal(idleCount, 1)
})

t.test('all calls of a round share its failure, and later ones do not', async (t) => {
  let count = 0
  const call = grouped<number>(async () => {
    count += 1
    if (count === 1) throw new Error('no room')
  })
  const both = [call(1), call(2)]
  for (const one of both) await t.rejects(one, { message: 'no room' })
  await call(3)
  t.equal(count, 2)
})
