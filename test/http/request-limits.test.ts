import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import { withinLimit } from '../../src/http/request-limits.js'

const untilAborted = (signal: AbortSignal): Promise<void> => wait(60_000, undefined, { signal })

t.test('work that takes too long is aborted and is a failure to be retried', async (t) => {
  await t.rejects(withinLimit({ limitMs: 20, signals: [] }, untilAborted), {
    code: 'TIMEOUT',
    isRetryable: true,
  })
  t.equal(await withinLimit({ limitMs: 60_000, signals: [undefined] }, async () => 7), 7)
})

t.test('a signal aborts the work, which fails as it does by itself', async (t) => {
  const controller = new AbortController()
  const working = withinLimit({ limitMs: 60_000, signals: [undefined, controller.signal] }, untilAborted)
  setImmediate(() => controller.abort())
  await t.rejects(working, { name: 'AbortError' })
  const late = withinLimit({ limitMs: 60_000, signals: [controller.signal] }, untilAborted)
  await t.rejects(late, { name: 'AbortError' }, 'a signal that came before')
})
