// Holds src/pipeline/chunks/in-order.ts, src/pipeline/parallel-work.ts.

import t from 'tap'
import { InOrder } from '../../../src/pipeline/chunks/in-order.js'
import { inParallel } from '../../../src/pipeline/parallel-work.js'
import { elementAt, firstOf } from '../../support/elements.js'

const deferred = <T>() => {
  let resolve: (value: T) => void = () => {}
  let reject: (reason: unknown) => void = () => {}
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}

t.test('results are delivered in the order they were pushed, whatever order they arrive in', async (t) => {
  const delivered: number[] = []
  const inOrder = new InOrder<number>(async (n) => void delivered.push(n))
  const results = [0, 1, 2, 3].map(() => deferred<number>())
  for (const { promise } of results) inOrder.push(promise, () => {})
  for (const n of [2, 0, 3, 1]) elementAt(results, n).resolve(n)
  await inOrder.drain()
  t.strictSame(delivered, [0, 1, 2, 3])
})

t.test('after a failure nothing more is delivered, and everything is released', async (t) => {
  const delivered: number[] = []
  let released = 0
  const inOrder = new InOrder<number>(async (n) => void delivered.push(n))
  const results = [0, 1, 2].map(() => deferred<number>())
  const release = () => {
    released += 1
  }
  for (const { promise } of results) inOrder.push(promise, release)
  elementAt(results, 2).resolve(2)
  elementAt(results, 1).reject(new Error('lost'))
  firstOf(results).resolve(0)
  await t.rejects(inOrder.drain(), { message: 'lost' })
  t.strictSame(delivered, [0])
  t.equal(released, 3)
  t.equal(inOrder.failed, true)
})

t.test('items go side by side, and after a failure no more are started', async (t) => {
  const started: number[] = []
  let most = 0
  let running = 0
  const work = async (n: number): Promise<void> => {
    started.push(n)
    running += 1
    most = Math.max(most, running)
    await new Promise((resolve) => setImmediate(resolve))
    running -= 1
    if (n === 4) throw new Error('stop')
  }
  const reasons: unknown[] = []
  await t.rejects(
    inParallel([1, 2, 3, 4, 5, 6, 7, 8, 9], 2, work, (reason) => reasons.push(reason)),
    { message: 'stop' },
  )
  t.equal(most, 2)
  t.ok(started.length < 9)
  t.equal(reasons.length, 1)
})
