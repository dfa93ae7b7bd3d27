import t from 'tap'
import { createBatchSize, throttledTail } from '../../../src/load/send/batch-size.js'
import { startFhirServer } from '../../fhir-server/server.js'
import { bundleOf, entryOf, loading } from './loading.js'

const entries = (count: number, from = 0) => Array.from({ length: count }, (_, n) => entryOf(`p${from + n}`))

t.test('a batch is cut at what the server did of an earlier one, a transaction never', async (t) => {
  const size = createBatchSize()
  const whole = bundleOf(entries(100))
  t.strictSame(size.cut(whole), [whole])
  size.answered(100, 40)
  const [first, rest] = size.cut(whole)
  t.strictSame([first.entries, rest?.entries], [whole.entries.slice(0, 40), whole.entries.slice(40)])
  t.strictSame([first.bytes, rest?.bytes], [400, 600])
  const transaction = bundleOf(entries(100), 'transaction')
  t.strictSame(size.cut(transaction), [transaction])
  size.answered(40, 1)
  t.equal(size.cut(whole)[0].entries.length, 10, 'not less')
})

t.test('batches grow again while the server does all of them', async (t) => {
  const size = createBatchSize()
  size.answered(100, 10)
  size.answered(5, 5)
  t.equal(size.cut(bundleOf(entries(100)))[0].entries.length, 10, 'a smaller one says nothing')
  for (let round = 0; round < 50; round++) {
    const count = size.cut(bundleOf(entries(100)))[0].entries.length
    size.answered(count, count)
  }
  t.ok(size.cut(bundleOf(entries(100)))[0].entries.length > 30)
})

t.test('a tail is what stands behind the last entry that the server came to', async (t) => {
  const done = { kind: 'loaded', status: 201 } as const
  const failed = { kind: 'failed', status: 400, text: undefined } as const
  const busy = { kind: 'retry', status: 429 } as const
  const absent = { kind: 'retry', status: undefined } as const
  t.equal(throttledTail([done, failed, busy, busy]), 2)
  t.equal(throttledTail([done, busy, absent]), 2)
  t.equal(throttledTail([busy, done]), 0)
  t.equal(throttledTail([busy, busy]), 0, 'it came to none')
  t.equal(throttledTail([done, absent]), 0, 'nothing says that it is busy')
})

t.test('a server that does 20 of 400 entries fails none of them, and gets smaller batches', async (t) => {
  const server = await startFhirServer({ rate: { perSecond: 1000, burst: 20, unit: 'entries' } })
  t.teardown(() => server.close())
  const bundles = [bundleOf(entries(400)), bundleOf(entries(400, 400))]
  const load = loading(t, server.base)
  await load.deliverAll(bundles)
  t.ok(load.ends(bundles.flatMap((bundle) => bundle.entries)).every((end) => end === 'loaded 201'))
  t.equal(server.resources().size, 800)
  t.ok(server.figures().entries < 4_000, `${server.figures().entries} entries sent`)
})
