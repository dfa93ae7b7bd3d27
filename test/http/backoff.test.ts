import t from 'tap'
import { type BackoffPolicy, type FailureCount, waitMsAfter } from '../../src/http/backoff.js'

const POLICY: BackoffPolicy = { baseMs: 100, maxWaitMs: 1000, maxAskedMs: 60_000, random: () => 0.5 }

const ROWS: readonly (readonly [
  name: string,
  retryAfterMs: number | undefined,
  count: Partial<FailureCount>,
  waitMs: number,
])[] = [
  ['the first wait', undefined, {}, 50],
  ['the third', undefined, { failures: 3 }, 200],
  ['no wait beyond the limit', undefined, { failures: 30 }, 500],
  ['a time that has passed', 0, {}, 50],
  ['what the service asks for, and a part of a tenth', 7000, {}, 7350],
  ['no more than is ever believed', 3_600_000, {}, 63_000],
  ['small steps, believed', 10, { failures: 4 }, 10.5],
  ['small steps again and again', 10, { failures: 5 }, 1050],
  ['small steps of a patient caller', 10, { isPatient: true }, 105],
]

t.test('the wait after a failure', async (t) => {
  for (const [name, retryAfterMs, count, waitMs] of ROWS) {
    const facts = retryAfterMs === undefined ? {} : { retryAfterMs }
    t.equal(waitMsAfter(facts, { failures: 1, isPatient: false, ...count }, POLICY), waitMs, name)
  }
})
