// Holds src/load/entries/bundle-units.ts and src/load/settlement.ts where a transaction was sent before.

import t from 'tap'
import { sluiceError } from '../../src/errors.js'
import type { LoadOptions } from '../../src/load/options.js'
import { contents, loadTrial, writes } from '../support/load-trial.js'

const LARGE = 200

const transaction = (entry: readonly object[]): string =>
  JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry })

const put = (id: string) => ({
  resource: { resourceType: 'Device', id },
  request: { method: 'PUT', url: `Device/${id}` },
})
const post = () => ({ resource: { resourceType: 'Device' }, request: { method: 'POST', url: 'Device' } })

/** Ends a load at a point as a kill does: nothing of it is written any more. */
function endsAt(point: string, nth: number): NonNullable<LoadOptions['faultPoint']> {
  let count = 0
  return (reached) => {
    if (reached === point) count += 1
    if (count >= nth) throw sluiceError('INTERRUPTED', { message: 'the test ends it' })
  }
}

t.test('a transaction with a POST, whose answer a kill lost, is not sent again with its PUTs', async (t) => {
  for (const point of ['after-sending', 'after-answer'] as const) {
    const trial = await loadTrial(t, { 'x.json': transaction([put('a'), post(), put('b')]) })
    await t.rejects(trial.load({ method: 'post', faultPoint: endsAt(point, 1) }), { code: 'INTERRUPTED' })
    const before = trial.server.requests.length
    const report = await trial.load({ method: 'post' })
    t.match(report, { read: 3, loaded: 0, failed: 0, ambiguous: 3, bundles: 0 }, point)
    t.equal(trial.server.requests.length, before, 'nothing is sent')
    t.equal(trial.kept('errors.ndjson').split('\n').length - 1, 3)
  }
})

t.test('a transaction that was split is not sent as a whole by a run with larger bundles', async (t) => {
  const ids = Array.from({ length: LARGE }, (_, n) => `d${n}`)
  const trial = await loadTrial(t, { 'x.json': transaction(ids.map(put)) })
  await t.rejects(
    trial.load({ splitTransactions: true, connections: 1, faultPoint: endsAt('after-audit', 2) }),
    { code: 'INTERRUPTED' },
  )
  t.ok(trial.server.resources().size > 0)
  const report = await trial.load({ maxEntries: 300 })
  t.match(report, { read: LARGE, loaded: LARGE, failed: 0, ambiguous: 0 })
  t.equal(contents(trial.server).size, LARGE)
  const again = [...writes(trial.server).values()].filter((count) => count > 1).length
  t.ok(again <= 40, `${again} entries were sent again, at most the bundles under way`)
})
