// Holds src/storage/azure/state/blob-state.ts.
import t, { type Test } from 'tap'
import { azureSink } from '../../../../src/storage/azure/output/azure-sink.js'
import type { LockOptions } from '../../../../src/storage/azure/state/blob-lock.js'
import { blobState } from '../../../../src/storage/azure/state/blob-state.js'
import type { Sink } from '../../../../src/storage/store.js'
import { startAzurite } from '../../../support/azurite.js'
import { containerAt, newContainer } from '../../../support/blob-containers.js'
import { startFaultProxy } from '../../../support/fault-proxy.js'
import { FINGERPRINT, finish } from '../../place.js'

const azurite = await startAzurite(t)
const proxy = await startFaultProxy(t, azurite.url)
const UNIT = '0123456789abcdef0123456789abcdef'
const OUTPUTS = ['sub/x.ndjson']

/** Containers with a run in them; each call of `open` is another process. */
async function place() {
  const { client } = await newContainer(azurite, { role: 'sink' })
  const { client: stateClient } = await newContainer(azurite, { role: 'sink' })
  const at = (name: string) => containerAt(proxy.url, name, { role: 'sink' })
  const open = () => {
    const state = at(stateClient.containerName)
    const sink: Sink = azureSink({
      container: at(client.containerName),
      place: 'azurite://lake',
      prefix: '',
      state: blobState({ container: state, place: 'azurite://state', prefix: '' }),
    })
    return { sink, state, unit: sink.unit(UNIT, OUTPUTS) }
  }
  return { open, client, stateClient }
}

const seen = (): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {}
  for (const { operation } of proxy.seen) counts[operation] = (counts[operation] ?? 0) + 1
  return counts
}

async function work(t: Test, unit: Sink): Promise<void> {
  t.equal(await unit.state.read('done.json'), undefined)
  t.equal(await unit.head('sub/x.ndjson'), undefined)
  const item = unit.item('sub/x.ndjson', FINGERPRINT)
  await item.resume(0)
  await item.append([Buffer.from('one\n')])
  await finish(item)
  await item.close()
  await unit.state.write('done.json', '{}')
}

t.test('a unit that nobody had before costs few requests, and one taken over a listing more', async (t) => {
  const { open } = await place()
  const { unit } = open()
  proxy.reset()
  const unlock = await unit.state.lock({ isPatient: false })
  await work(t, unit)
  await unlock()
  t.comment(JSON.stringify(seen()))
  const isOfData = ({ operation, path }: { operation: string; path: string }): boolean =>
    path.endsWith('x.ndjson') && operation.startsWith('PUT')
  t.ok(proxy.seen.filter((each) => !isOfData(each)).length <= 8, JSON.stringify(seen()))
  t.notOk(
    proxy.seen.some(({ operation }) => operation === 'GET list'),
    'nothing is listed',
  )
  const next = open().unit
  proxy.reset()
  const release = await next.state.lock({ isPatient: false })
  for (const name of ['done.json', 'items/none.journal', 'records/none']) await next.state.read(name)
  t.equal(await next.state.read('done.json'), '{}')
  await release()
  t.equal(seen()['GET list'], 1, 'once')
  t.notOk(
    proxy.seen.some(({ path }) => path.endsWith('none.journal')),
    'what is not there is not asked for',
  )
})

t.test('one that made the lock, but comes second to take it, sees what the first has done', async (t) => {
  const { open } = await place()
  const late = open()
  const { acquireLease } = late.state
  let isOvertaken = false
  late.state.acquireLease = async (...asked) => {
    if (!isOvertaken) {
      isOvertaken = true
      const first = open().unit
      const unlock = await first.state.lock({ isPatient: false })
      await first.state.write('done.json', '{"by":"the first"}')
      await unlock()
    }
    return acquireLease.apply(late.state, asked)
  }
  const unlock = await late.unit.state.lock({ isPatient: false })
  t.ok(isOvertaken)
  const holder = await open().unit.state.holder()
  t.equal(await late.unit.state.read('done.json'), '{"by":"the first"}')
  await unlock()
  const again = await open().unit.state.lock({ isPatient: false })
  const next = await open().unit.state.holder()
  t.ok(holder?.signature && next?.signature && holder.signature !== next.signature)
  await again()
})

t.test('one that slept longer than its lease writes nothing when it wakes', async (t) => {
  const { open, stateClient } = await place()
  const { unit } = open()
  let aheadMs = 0
  const clock: LockOptions = { renewEveryMs: 1_000_000, now: () => performance.now() + aheadMs }
  const unlock = await unit.state.lock(clock)
  const journal = await unit.state.appender('items/x.journal', 0)
  await journal.append('one\n')
  await journal.flush()
  aheadMs = 31_000
  await stateClient.getBlobClient(`units/${UNIT}/lock`).getBlobLeaseClient().breakLease(0)
  t.equal(await open().unit.state.holder(), undefined, 'a lease that ended is nobody’s')
  const next = open().unit
  const release = await next.state.lock({ isPatient: false })
  t.equal(await next.state.read('items/x.journal'), 'one\n')
  const continued = await next.state.appender('items/x.journal', 4)
  await continued.append('two\n')
  await continued.flush()
  await journal.append('late\n')
  const locked = { code: 'SINK_LOCKED' }
  await t.rejects(journal.flush(), locked)
  await t.rejects(unit.state.confirm(), locked)
  await t.rejects(unit.state.write('done.json', '{}'), locked)
  await t.rejects(unit.state.remove('items/x.journal'), locked)
  await t.rejects(unit.state.appender('items/y.journal', 0), locked)
  await unlock()
  t.ok(await open().unit.state.holder(), 'it lets go of its own only')
  t.equal(await next.state.read('items/x.journal'), 'one\ntwo\n')
  t.equal(await next.state.read('done.json'), undefined)
  await release()
})
