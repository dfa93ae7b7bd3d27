import t from 'tap'
import type { LoadBundle } from '../../src/load/bundle.js'
import { Deliveries } from '../../src/load/deliveries.js'

const bundle = (bytes: number): LoadBundle => ({ type: 'batch', entries: [], bytes })

/** Deliveries that end when the test says so. */
function controlled(limits = { maxCount: 3, maxBytes: 100 }) {
  const underWay: { readonly bytes: number; readonly end: (error?: Error) => void }[] = []
  const failures: unknown[] = []
  const deliveries = new Deliveries(
    ({ bytes }) =>
      new Promise<void>((resolve, reject) =>
        underWay.push({ bytes, end: (error) => (error === undefined ? resolve() : reject(error)) }),
      ),
    limits,
    (reason) => failures.push(reason),
  )
  return { deliveries, underWay, failures }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

t.test('no more bundles are under way than their number and bytes allow', async (t) => {
  const { deliveries, underWay } = controlled()
  const sizes = [10, 10, 10, 95, 10, 200]
  const started = (async () => {
    for (const bytes of sizes) await deliveries.start(bundle(bytes))
    await deliveries.end()
  })()
  await turn()
  t.equal(underWay.length, 3, 'three at once')
  underWay[0]?.end()
  await turn()
  t.equal(underWay.length, 3, 'the large one waits')
  underWay[1]?.end()
  underWay[2]?.end()
  await turn()
  t.strictSame(
    underWay.slice(3).map(({ bytes }) => bytes),
    [95],
  )
  underWay[3]?.end()
  await turn()
  underWay[4]?.end()
  await turn()
  t.equal(underWay[5]?.bytes, 200, 'one that is larger than the limit goes alone')
  underWay[5]?.end()
  await started
})

t.test('after a failure nothing more is started, and the first one is thrown', async (t) => {
  const { deliveries, underWay, failures } = controlled()
  await deliveries.start(bundle(1))
  await deliveries.start(bundle(1))
  underWay[1]?.end(new Error('first'))
  await turn()
  await t.rejects(deliveries.start(bundle(1)), { message: 'first' })
  t.equal(underWay.length, 2)
  underWay[0]?.end(new Error('second'))
  await deliveries.settle()
  t.equal(failures.length, 1)
  await t.rejects(deliveries.end(), { message: 'first' })
})
