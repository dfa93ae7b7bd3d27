// Holds src/http/retry.ts, src/http/retry-clock.ts, src/http/retry-error.ts.
import t from 'tap'
import { RequestFailure } from '../../src/http/request-failure.js'
import { createRetry, type RetryOptions } from '../../src/http/retry.js'
import { firstOf } from '../support/elements.js'

/** A clock that only waits move on. */
function virtualTime(options: RetryOptions = {}) {
  const waits: number[] = []
  let timeMs = 0
  const retry = createRetry({
    random: () => 0.5,
    nowMs: () => timeMs,
    sleep: async (ms) => {
      waits.push(ms)
      timeMs += ms
    },
    ...options,
  })
  return { retry, waits }
}

const CALL = { at: 'x' }
const status = (code: number, more: object = {}) =>
  new RequestFailure({ status: code, code: 'Code', ...more })
const coded = (code: string) => new RequestFailure({ code })

/** Fails with these, then succeeds. */
const failing = (...failures: readonly Error[]) => {
  const left = [...failures]
  return async (attempt: number) => {
    const failure = left.shift()
    if (failure !== undefined) throw failure
    return attempt
  }
}

t.test('what passes by itself is tried again', async (t) => {
  for (const code of [408, 429, 500, 502, 503, 504]) {
    const { retry, waits } = virtualTime()
    t.equal(await retry.run(CALL, failing(status(code), status(code))), 3, String(code))
    t.equal(waits.length, 2)
    t.equal(retry.count, 2)
  }
  for (const code of [
    'ECONNRESET',
    'ECONNREFUSED',
    'EPIPE',
    'ETIMEDOUT',
    'ENOTFOUND',
    'EAI_AGAIN',
    'ABORTED',
  ])
    t.equal(await virtualTime().retry.run(CALL, failing(coded(code))), 2, code)
})

t.test('what does not pass by itself fails at once, as it is', async (t) => {
  const finals = [
    ...[400, 401, 403, 404, 409, 412, 416, 501].map((code) => status(code)),
    ...['CERT_HAS_EXPIRED', 'SELF_SIGNED_CERT_IN_CHAIN', 'ERR_TLS_CERT_ALTNAME_INVALID', 'EPROTO'].map(coded),
    coded('UNKNOWN'),
    new TypeError('a bug'),
  ]
  for (const final of finals) {
    const { retry, waits } = virtualTime()
    await t.rejects(retry.run(CALL, failing(final)), final)
    t.strictSame(waits, [], final.message)
  }
})

t.test('waits grow up to a limit, with full jitter', async (t) => {
  const failures = Array.from({ length: 6 }, () => status(503))
  for (const [random, expected] of [
    [0.5, [50, 100, 200, 400, 500, 500]],
    [0, [0, 0, 0, 0, 0, 0]],
  ] as const) {
    const { retry, waits } = virtualTime({ baseMs: 100, maxWaitMs: 1000, random: () => random })
    await retry.run(CALL, failing(...failures))
    t.strictSame(waits, expected)
  }
})

t.test('Retry-After is waited for, and little longer', async (t) => {
  const { retry, waits } = virtualTime({ maxWaitMs: 10 })
  await retry.run(CALL, failing(status(429, { retryAfterMs: 7000 })))
  t.equal(waits.length, 1)
  t.ok(firstOf(waits) >= 7000 && firstOf(waits) <= 7700, `${waits}`)
})

t.test(
  'it gives up after so many attempts, after the time, and before a wait that is too long',
  async (t) => {
    const always = Array.from({ length: 1000 }, () => status(503, { requestId: 'r' }))
    const byCount = virtualTime({ maxAttempts: 4 })
    await t.rejects(byCount.retry.run(CALL, failing(...always)), {
      code: 'SERVICE_UNAVAILABLE',
      retry: 'later',
      at: 'x',
      message: /failed 4 times in 2 s: 503 Code/,
      cause: { status: 503, requestId: 'r' },
    })
    t.equal(byCount.waits.length, 3)
    const byTime = virtualTime({ maxAttempts: 1000, totalMs: 60_000 })
    await t.rejects(byTime.retry.run(CALL, failing(...always)), { code: 'SERVICE_UNAVAILABLE' })
    const waitedMs = byTime.waits.reduce((sum, ms) => sum + ms, 0)
    t.ok(waitedMs > 30_000 && waitedMs <= 60_000, String(waitedMs))
    const asked = virtualTime({ totalMs: 60_000 })
    await t.rejects(asked.retry.run(CALL, failing(status(503, { retryAfterMs: 3_600_000 }))), {
      code: 'SERVICE_UNAVAILABLE',
      message: /asks to wait 3600 s/,
    })
    t.strictSame(asked.waits, [], 'without waiting in vain')
  },
)

t.test('a call with patience waits as long as it is asked to, and no longer otherwise', async (t) => {
  const patient = { ...CALL, patienceMs: 3_600_000 }
  const later = (count: number, retryAfterMs: number) =>
    failing(...Array.from({ length: count }, () => status(429, { retryAfterMs })))
  const sum = (waits: readonly number[]) => waits.reduce((total, ms) => total + ms, 0)
  for (const [count, retryAfterMs] of [
    [1, 3_000_000],
    [50, 60_000],
    [100, 1000],
  ] as const) {
    const { retry, waits } = virtualTime()
    t.equal(await retry.run(patient, later(count, retryAfterMs)), count + 1, `${count} times ${retryAfterMs}`)
    t.ok(waits.every((ms) => ms >= retryAfterMs))
  }
  const storm = virtualTime()
  await t.rejects(storm.retry.run(patient, later(10_000, 1000)), { code: 'SERVICE_UNAVAILABLE' })
  t.ok(sum(storm.waits) > 3_300_000 && sum(storm.waits) <= 3_600_000, `${sum(storm.waits)}`)
  const silent = virtualTime()
  await t.rejects(
    silent.retry.run(patient, failing(...Array.from({ length: 100 }, () => status(503)))),
    { code: 'SERVICE_UNAVAILABLE' },
    'where it is not asked to wait it gives up as any other',
  )
  t.ok(sum(silent.waits) <= 300_000)
})

t.test('a host that never answered is given up soon, one that did is not', async (t) => {
  const nobody = (count: number) => failing(...Array.from({ length: count }, () => coded('ENOTFOUND')))
  const { retry, waits } = virtualTime()
  await t.rejects(retry.run(CALL, nobody(100)), {
    code: 'SERVICE_UNAVAILABLE',
    message: /check the address/,
  })
  t.equal(waits.length, 3)
  await retry.run(CALL, failing(status(503)))
  t.equal(await retry.run(CALL, nobody(8)), 9)
})

t.test('all calls of a run share a budget, which successes fill again', async (t) => {
  const { retry } = virtualTime({ budgetCount: 3 })
  for (let n = 0; n < 3; n += 1) await retry.run(CALL, failing(status(503)))
  await t.rejects(retry.run(CALL, failing(status(503))), { code: 'SERVICE_UNAVAILABLE' })
  for (let n = 0; n < 10; n += 1) await retry.run(CALL, failing())
  t.equal(await retry.run(CALL, failing(status(503))), 2)
})

t.test('progress between failures makes the next one a first one', async (t) => {
  const { retry, waits } = virtualTime({ maxAttempts: 3, baseMs: 100 })
  const attempts = retry.attempts(CALL)
  for (let n = 0; n < 10; n += 1) {
    await attempts.failed(coded('ECONNRESET'))
    attempts.succeeded()
  }
  t.strictSame(new Set(waits), new Set([50]))
})

t.test('an interrupted run waits for nothing', async (t) => {
  const interrupt = new AbortController()
  const retry = createRetry({ signal: interrupt.signal })
  const running = retry.run(CALL, failing(status(503, { retryAfterMs: 100_000 })))
  setImmediate(() => interrupt.abort())
  await t.rejects(running, { code: 'INTERRUPTED' })
  await t.rejects(retry.run(CALL, failing()), { code: 'INTERRUPTED' })
  const own = new AbortController()
  const other = createRetry({ signal: new AbortController().signal })
  const call = other.run({ ...CALL, signal: own.signal }, failing(status(503, { retryAfterMs: 100_000 })))
  setImmediate(() => own.abort())
  await t.rejects(call, { code: 'INTERRUPTED' })
})

t.test('each retry is told', async (t) => {
  const told: unknown[] = []
  const { retry } = virtualTime({ baseMs: 100, onRetry: (event) => told.push(event) })
  await retry.run(CALL, failing(status(429)))
  t.strictSame(told, [{ at: 'x', code: 'Code', status: 429, attempt: 1, waitMs: 50 }])
})
