// Holds src/load/prepare/preparer.ts.
import t from 'tap'
import { connect } from '../../src/fhir-client/connect.js'
import { createPace } from '../../src/fhir-client/pace.js'
import { SYSTEM_RETRY_CLOCK } from '../../src/http/retry-clock.js'
import type { LoadBundle } from '../../src/load/bundle.js'
import { createPreparer, type Preparer } from '../../src/load/prepare/preparer.js'
import { serverSearch } from '../../src/load/prepare/server-search.js'
import { createBundleCutter } from '../../src/load/send/bundle-cutter.js'
import { createSender } from '../../src/load/send/sender.js'
import type { LoadUnit } from '../../src/load/unit.js'
import { startFhirServer } from '../fhir-server/server.js'
import { seededRandom } from '../support/random.js'
import { unitsOf } from './entries/read-units.js'
import { resultsOf } from './prepare/entries.js'
import { graphOf, randomTransaction, sendTransaction } from './prepare/graphs.js'

const ITEM = { name: 'x.json', version: '1' }

t.test('a transaction that is split gives the same graph as the transaction', async (t) => {
  const random = seededRandom('graphs of split transactions')
  const [whole, split] = await Promise.all([startFhirServer(), startFhirServer()])
  t.teardown(() => Promise.all([whole.close(), split.close()]))
  const client = connect({ base: split.base })
  t.teardown(() => client.http.close())
  const pace = createPace({ max: 4, clock: SYSTEM_RETRY_CLOCK })
  const sender = createSender({ server: client, pace })
  let edges = 0
  let conditions = 0
  for (let round = 0; round < 60; round += 1) {
    const { entries, seeds } = randomTransaction(random, { isAcyclic: true })
    for (const server of [whole, split]) {
      server.reset()
      server.seed(seeds)
    }
    const text = JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry: entries })
    const limits = { splitTransactions: true, maxTransactionEntries: 0 }
    const units = await unitsOf({ [ITEM.name]: text }, limits)
    const preparer = createPreparer({
      method: 'put',
      keepVersions: false,
      search: serverSearch(client, pace),
    })
    await loadInRounds(preparer, units, (bundle) => sender.deliver(bundle, STRICT))
    await sendTransaction(whole, entries)
    const graph = graphOf(whole)
    t.strictSame(graphOf(split), graph)
    edges += graph.length
    conditions += entries.filter(({ request }) => request?.ifNoneExist !== undefined).length
    if (!t.passing()) break
  }
  t.ok(edges > 200 && conditions > 30, `${edges} references and ${conditions} conditions`)
})

/** Throws for an entry that is not loaded. */
const STRICT = {
  sending: async () => {},
  settle: async ({ outcomes }: { readonly outcomes: readonly { readonly kind: string }[] }) => {
    if (outcomes.some(({ kind }) => kind !== 'loaded')) throw new Error(JSON.stringify(outcomes))
  },
}

/** Loads what can be loaded, then what had to wait for it. */
async function loadInRounds(
  preparer: Preparer,
  units: readonly LoadUnit[],
  deliver: (bundle: LoadBundle) => Promise<void>,
): Promise<void> {
  const results = await resultsOf(preparer, units, ITEM.name)
  const cutter = createBundleCutter({ maxEntries: 3 })
  const bundles: LoadBundle[] = []
  const waiting = new Set<number>()
  for (const result of results) {
    if (result.kind === 'deferred') waiting.add(result.ordinal)
    else if (result.kind === 'rejected') throw new Error(result.code)
    else bundles.push(...cutter.add(ITEM, result))
  }
  bundles.push(...cutter.rest())
  if (waiting.size > 0 && bundles.length === 0) throw new Error(`${waiting.size} entries wait for each other`)
  for (const bundle of bundles) await deliver(bundle)
  if (waiting.size === 0) return
  preparer.newRound()
  const rest = units.filter((unit) => unit.kind === 'entry' && waiting.has(unit.entry.ordinal))
  await loadInRounds(preparer, rest, deliver)
}
