import t from 'tap'
import { createResourceTurns, resourceNumber } from '../../../src/load/send/resource-turns.js'
import { createOf, entryOf } from './loading.js'

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

t.test('a bundle waits for all earlier ones that change its resources, and for no other', async (t) => {
  const turns = createResourceTurns()
  const log: string[] = []
  const enter = (name: string, ...ids: string[]) => {
    const turn = turns.enter({ entries: [...ids.map((id) => entryOf(id)), createOf('x')] })
    void turn.ready.then(() => log.push(name))
    return turn.leave
  }
  const leaveFirst = enter('first', 'a', 'b')
  const leaveSecond = enter('second', 'c')
  const leaveThird = enter('third', 'b', 'c')
  enter('fourth', 'b')
  enter('other', 'd')
  await settled()
  t.strictSame(log, ['first', 'second', 'other'])
  leaveFirst()
  await settled()
  t.equal(log.length, 3, 'the second one is still there')
  leaveSecond()
  await settled()
  t.equal(log.at(-1), 'third')
  leaveThird()
  await settled()
  t.equal(log.at(-1), 'fourth')
})

t.test('a bundle that has the same resource twice does not wait for itself', async (t) => {
  const { ready } = createResourceTurns().enter({ entries: [entryOf('a'), entryOf('a')] })
  await t.resolves(ready)
})

t.test('a request names its resource unless it creates one', async (t) => {
  const number = resourceNumber({ method: 'DELETE', url: 'Patient/a' })
  t.equal(number, resourceNumber({ method: 'PUT', url: 'Patient/a' }))
  t.not(number, resourceNumber({ method: 'PUT', url: 'Patient/b' }))
  t.equal(resourceNumber({ method: 'POST', url: 'Patient' }), undefined)
  const searched = resourceNumber({ method: 'PUT', url: 'Patient?identifier=1' })
  t.equal(searched, resourceNumber({ method: 'DELETE', url: 'Patient?identifier=1' }))
  t.not(searched, resourceNumber({ method: 'PUT', url: 'Patient?identifier=2' }))
})

t.test('numbers that came with a bundle are used as they are', async (t) => {
  const turns = createResourceTurns()
  turns.enter({ entries: [], targets: Int32Array.of(-5, 3, 7) })
  const free = turns.enter({ entries: [entryOf('a')], targets: Int32Array.of(-6, 4, 8) })
  const blocked = turns.enter({ entries: [], targets: Int32Array.of(2, 7) })
  t.equal(await Promise.race([free.ready.then(() => 'ready'), settled().then(() => 'waits')]), 'ready')
  t.equal(await Promise.race([blocked.ready.then(() => 'ready'), settled().then(() => 'waits')]), 'waits')
})
