// Holds src/load/send/bundle-targets.ts with src/load/send/bundle-cutter.ts and src/load/send/resource-turns.ts.

import t from 'tap'
import { createBundleCutter } from '../../../src/load/send/bundle-cutter.js'
import { createResourceTurns } from '../../../src/load/send/resource-turns.js'
import { createOf } from './loading.js'

const ITEM = { name: 'a.ndjson', version: '1' }
const onCondition = (ifNoneExist: string) => ({
  ...createOf('x', 'Organization').prepared,
  ifNoneExist,
  isRepeatable: true,
})
const transaction = (...conditions: string[]) =>
  ({ kind: 'transaction', prepared: conditions.map(onCondition) }) as const

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

t.test('no batch creates the same resource twice', async (t) => {
  const cutter = createBundleCutter()
  const units = ['1', '2', '1', '1', '2'].map(
    (value) => ({ kind: 'entry', prepared: onCondition(`identifier=${value}`) }) as const,
  )
  const bundles = [...units.flatMap((unit) => cutter.add(ITEM, unit)), ...cutter.rest()]
  t.strictSame(
    bundles.map(({ entries }) => entries.map(({ prepared }) => prepared.ifNoneExist)),
    [
      ['identifier=1', 'identifier=2'],
      ['identifier=1', 'identifier=1', 'identifier=2'],
    ],
    'what an earlier one created may be asked for any number of times',
  )
})

/** Which of the bundles may be sent, before and after the first one is delivered. */
async function ready(bundles: ReturnType<ReturnType<typeof createBundleCutter>['add']>) {
  const turns = createResourceTurns()
  const log: number[] = []
  const visits = bundles.map((bundle, place) => {
    const visit = turns.enter(bundle)
    void visit.ready.then(() => log.push(place))
    return visit
  })
  await settled()
  const before = [...log]
  visits[0]?.leave()
  await settled()
  return { before, after: log }
}

t.test('bundles wait for the first one with their condition, and not for each other', async (t) => {
  const cutter = createBundleCutter()
  const bundles = ['1', '1', '1', '2'].flatMap((value) => cutter.add(ITEM, transaction(value)))
  t.strictSame(await ready(bundles), { before: [0, 3], after: [0, 3, 1, 2] })
  cutter.rest()
  const next = ['1', '1'].flatMap((value) => cutter.add(ITEM, transaction(value)))
  t.strictSame((await ready(next)).before, [0], 'anew in the next pass')
})

t.test('a batch with the condition of a transaction behind it goes first', async (t) => {
  const cutter = createBundleCutter()
  t.strictSame(cutter.add(ITEM, { kind: 'entry', prepared: onCondition('1') }), [])
  const bundles = cutter.add(ITEM, transaction('1', '2'))
  t.strictSame(
    bundles.map(({ type }) => type),
    ['batch', 'transaction'],
  )
  t.strictSame((await ready(bundles)).before, [0])
})
