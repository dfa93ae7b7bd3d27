import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import { lockBlob } from '../../src/storage/blob-lock.js'
import { startAzurite } from '../support/azurite.js'
import { newContainer } from '../support/blob-containers.js'
import { startFaultProxy } from '../support/fault-proxy.js'

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
    let mostOpen = 0
    let count = 0
    const { renewLease } = container
    container.renewLease = async (...asked) => {
      count += 1
      openCount += 1
      mostOpen = Math.max(mostOpen, openCount)
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
    t.equal(mostOpen, 1)
    t.ok(count >= 4, 'each gives way to the next')
    t.equal(lock.lost(), undefined)
    aheadMs = 31_000
    t.match(lock.lost(), { code: 'SINK_LOCKED' })
    proxy.reset()
    await until(() => lock.lost() === undefined)
    t.equal(lock.lost(), undefined, 'renewed: nobody else has taken it')
  },
)
