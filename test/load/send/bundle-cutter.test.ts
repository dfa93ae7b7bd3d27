import t from 'tap'
import type { LoadBundle } from '../../../src/load/bundle.js'
import { bundleBody } from '../../../src/load/send/bundle-body.js'
import { type BundleLimits, createBundleCutter } from '../../../src/load/send/bundle-cutter.js'
import { createOf, entryOf } from './loading.js'

const ITEM = { name: 'a.ndjson', version: '1' }
const one = (id: string, bytes = 0) =>
  ({ kind: 'entry', prepared: { ...entryOf(id).prepared, body: Buffer.alloc(bytes, ' ') } }) as const
const idsOf = (bundles: readonly LoadBundle[]) =>
  bundles.map(({ entries }) => entries.map(({ prepared }) => prepared.entry.id))

function cut(
  units: readonly Parameters<ReturnType<typeof createBundleCutter>['add']>[1][],
  limits?: BundleLimits,
) {
  const cutter = createBundleCutter(limits)
  return [...units.flatMap((unit) => cutter.add(ITEM, unit)), ...cutter.rest()]
}

const many = (count: number) => Array.from({ length: count }, (_, n) => one(`${n}`))

t.test('500, 501 and 1,250 entries become 1, 2 and 3 batches that hold each entry once', async (t) => {
  for (const [count, sizes] of [
    [500, [500]],
    [501, [500, 1]],
    [1250, [500, 500, 250]],
  ] as const) {
    const bundles = cut(many(count))
    t.strictSame(
      bundles.map(({ entries }) => entries.length),
      sizes,
    )
    t.strictSame(
      idsOf(bundles).flat(),
      many(count).map(({ prepared }) => prepared.entry.id),
    )
  }
  t.strictSame(cut([]), [])
})

t.test('a batch is cut by its bytes, too, and a larger entry goes alone', async (t) => {
  const units = [one('a', 400), one('b', 300), one('c', 5000), one('d', 10)]
  const bundles = cut(units, { maxBytes: 1500 })
  t.strictSame(idsOf(bundles), [['a', 'b'], ['c'], ['d']])
  for (const bundle of bundles) t.ok(bundleBody(bundle).length <= bundle.bytes, `${bundle.bytes}`)
})

t.test('the same resource never stands twice in a batch', async (t) => {
  const bundles = cut([one('a'), one('b'), one('a'), one('c')])
  t.strictSame(idsOf(bundles), [
    ['a', 'b'],
    ['a', 'c'],
  ])
  const created = cut([1, 2].map(() => ({ kind: 'entry', prepared: createOf('x').prepared }) as const))
  t.equal(created.length, 1, 'a POST has no resource yet')
})

t.test('a transaction is a bundle of its own, whatever its size', async (t) => {
  const transaction = (...ids: string[]) =>
    ({ kind: 'transaction', prepared: ids.map((id) => entryOf(id).prepared) }) as const
  const bundles = cut([one('a'), transaction('t', 'u', 'v'), one('b'), transaction('b', 'w'), one('c')], {
    maxEntries: 2,
  })
  t.strictSame(
    bundles.map(({ type, entries }) => [type, ...entries.map(({ prepared }) => prepared.entry.id)]),
    [
      ['transaction', 't', 'u', 'v'],
      ['batch', 'a', 'b'],
      ['transaction', 'b', 'w'],
      ['batch', 'c'],
    ],
    'the batch that changes one of its resources comes first',
  )
})

t.test('entries of several items share a batch', async (t) => {
  const cutter = createBundleCutter()
  for (const name of ['x.ndjson', 'y.ndjson']) cutter.add({ name, version: '1' }, one(name))
  t.strictSame(
    cutter.rest().map(({ entries }) => entries.map(({ item }) => item.name)),
    [['x.ndjson', 'y.ndjson']],
  )
})
