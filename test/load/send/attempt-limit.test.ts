import t from 'tap'
import type { EntryOutcome } from '../../../src/load/bundle.js'
import { createAttemptLimit } from '../../../src/load/send/attempt-limit.js'
import { entryOf } from './loading.js'

const retry = (status: number | undefined): EntryOutcome => ({ kind: 'retry', status })

t.test('an entry is sent so often and no more, each for itself', async (t) => {
  const limit = createAttemptLimit({ maxAttempts: 3, loadedCount: () => 0 })
  const [entry, other] = [entryOf('a'), entryOf('b')]
  t.equal(limit.spend(entry, retry(500), 'entry').kind, 'retry')
  t.equal(limit.spend(other, retry(500), 'entry').kind, 'retry')
  t.equal(limit.spend(entry, retry(424), 'entry').kind, 'retry')
  t.equal(limit.most([other]), 1)
  t.equal(limit.most([entry, other]), 2)
  t.match(limit.spend(entry, retry(500), 'entry'), { kind: 'failed', status: 500 })
  t.equal(limit.spend(other, retry(500), 'entry').kind, 'retry')
})

t.test('without any status it stays open what became of it', async (t) => {
  const limit = createAttemptLimit({ maxAttempts: 1, loadedCount: () => 0 })
  t.strictSame(limit.spend(entryOf('a'), retry(undefined), 'entry'), { kind: 'ambiguous', status: undefined })
})

t.test('what is decided is not counted', async (t) => {
  const limit = createAttemptLimit({ maxAttempts: 1, loadedCount: () => 0 })
  const loaded: EntryOutcome = { kind: 'loaded', status: 201 }
  t.equal(limit.spend(entryOf('a'), loaded, 'entry'), loaded)
})

t.test('a server that does nothing else either is busy; the entry is not at fault', async (t) => {
  for (const [status, failed] of [
    [429, 'entry'],
    [503, 'entry'],
    [500, 'request'],
    [undefined, 'request'],
  ] as const) {
    let loaded = 7
    const limit = createAttemptLimit({ maxAttempts: 2, loadedCount: () => loaded })
    const entry = entryOf('a')
    for (let n = 0; n < 20; n += 1) t.equal(limit.spend(entry, retry(status), failed).kind, 'retry')
    loaded += 1
    t.not(limit.spend(entry, retry(status), failed).kind, 'retry', `${status}`)
  }
})
