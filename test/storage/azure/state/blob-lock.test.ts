import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { getEventListeners, once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import { lockBlob } from '../../../../src/storage/azure/state/blob-lock.js'
import { thisProcess } from '../../../../src/storage/process-identity.js'
import { startAzurite } from '../../../support/azurite.js'
import { newContainer } from '../../../support/blob-containers.js'
import { startFaultProxy } from '../../../support/fault-proxy.js'

const azurite = await startAzurite(t)
const proxy = await startFaultProxy(t, azurite.url)
const RENEW_EVERY_MS = 50

t.test(
  'renewals that get no answer do not pile up, and after the time of the lease it is lost',
  async (t) => {
    const { container } = await newContainer(azurite, { role: 'sink', url: proxy.url })
    let aheadMs = 0
    const now = (): number => performance.now() + aheadMs
    const lock = await lockBlob(container, 'lock', { renewEveryMs: RENEW_EVERY_MS, now })
    t.teardown(() => lock.release())
    let openCount = 0
    let maxOpen = 0
    let count = 0
    const { renewLease } = container
    container.renewLease = async (...asked) => {
      count += 1
      openCount += 1
      maxOpen = Math.max(maxOpen, openCount)
      try {
        return await renewLease.apply(container, asked)
      } finally {
        openCount -= 1
      }
    }
    const until = async (enough: () => boolean): Promise<void> => {
      const deadline = performance.now() + 10_000
      while (!enough() && performance.now() < deadline) await wait(10)
    }
    proxy.reset(() => ({ kind: 'stall' }))
    await until(() => count >= 4)
    t.equal(maxOpen, 1)
    t.ok(count >= 4, 'each gives way to the next')
    t.equal(lock.lost(), undefined)
    aheadMs = 31_000
    t.match(lock.lost(), { code: 'SINK_LOCKED' })
    proxy.reset()
    await until(() => lock.lost() === undefined)
    t.equal(lock.lost(), undefined, 'renewed: nobody else has taken it')
  },
)

t.test('waiting for a lock ends at once with the run, and leaves nothing behind', async (t) => {
  const { container } = await newContainer(azurite, { role: 'sink' })
  await container.put('lock', Buffer.alloc(0))
  t.ok(await container.acquireLease('lock', randomUUID(), 60))
  const stop = new AbortController()
  const begun = performance.now()
  setTimeout(() => stop.abort(), 2300)
  await t.rejects(lockBlob(container, 'lock', { signal: stop.signal }), { code: 'INTERRUPTED' })
  t.ok(performance.now() - begun < 3500, 'not at the end of a wait')
  t.equal(getEventListeners(stop.signal, 'abort').length, 0)
  await t.rejects(lockBlob(container, 'lock', { signal: stop.signal }), { code: 'INTERRUPTED' })
  t.ok(performance.now() - begun < 4000, 'nor where it was over before')
})

t.test(
  'a lock that another took from the dead, and has not signed yet, is waited for in peace',
  async (t) => {
    const { container } = await newContainer(azurite, { role: 'sink' })
    const child = spawn(process.execPath, ['--version'])
    await once(child, 'exit')
    const dead = { ...(await thisProcess(randomUUID())), pid: child.pid }
    await container.put('lock', Buffer.from(JSON.stringify(dead)))
    t.ok(await container.acquireLease('lock', randomUUID(), 60))
    let askCount = 0
    const { acquireLease } = container
    container.acquireLease = (...asked) => {
      askCount += 1
      return acquireLease.apply(container, asked)
    }
    const signal = AbortSignal.timeout(1000)
    await t.rejects(lockBlob(container, 'lock', { signal }), { code: 'INTERRUPTED' })
    t.ok(askCount <= 2, `asked ${askCount} times`)
  },
)
