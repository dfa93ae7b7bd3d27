// Holds src/fhir-client/pace.ts, src/fhir-client/pace-rate.ts, src/fhir-client/pace-window.ts.
import t from 'tap'
import { isSluiceError } from '../../src/errors.js'
import { createPace, type TurnResult } from '../../src/fhir-client/pace.js'
import { type SimulatedClock, simulatedClock } from '../support/simulated-clock.js'

interface Answered {
  readonly atMs: number
  readonly kind: TurnResult['kind']
}

type Serve = (request: { readonly nowMs: number; readonly underWay: number }) => {
  readonly latencyMs: number
  readonly result: TurnResult
}

/** Clients enough for `max` requests, each with a next one at once, against a server in simulated time. */
async function simulate(options: { readonly max: number; readonly seconds: number; readonly serve: Serve }) {
  const { max, seconds, serve } = options
  const clock = simulatedClock()
  const pace = createPace({ max, clock })
  const answered: Answered[] = []
  let underWay = 0
  let most = 0
  const client = async (): Promise<void> => {
    for (;;) {
      const turn = await pace.turn()
      underWay += 1
      most = Math.max(most, underWay)
      const atMs = clock.nowMs()
      const { latencyMs, result } = serve({ nowMs: atMs, underWay })
      await clock.sleep(latencyMs, undefined)
      underWay -= 1
      answered.push({ atMs, kind: result.kind })
      turn.end(result)
    }
  }
  for (let n = 0; n < max + 2; n += 1) void client()
  await clock.runUntil(seconds * 1000)
  return { answered, most, pace }
}

/** A token bucket: `perSecond`, and what it saves up for a burst. */
function throttlingServer(limits: {
  readonly perSecond: number
  readonly burst: number
  readonly latencyMs: number
  readonly askedMs: (neededMs: number) => number | undefined
}): Serve {
  const { perSecond, burst, latencyMs, askedMs } = limits
  let saved = burst
  let lastMs = 0
  return ({ nowMs }) => {
    saved = Math.min(burst, saved + ((nowMs - lastMs) * perSecond) / 1000)
    lastMs = nowMs
    if (saved >= 1) {
      saved -= 1
      return { latencyMs, result: { kind: 'ok' } }
    }
    const neededMs = ((1 - saved) * 1000) / perSecond
    return { latencyMs, result: { kind: 'throttled', retryAfterMs: askedMs(neededMs) } }
  }
}

const WAITS = {
  'whole seconds': (neededMs: number) => Math.max(1, Math.ceil(neededMs / 1000)) * 1000,
  milliseconds: (neededMs: number) => Math.ceil(neededMs),
  nothing: () => undefined,
}

const share = (answered: readonly Answered[], kind: Answered['kind']): number =>
  answered.filter((answer) => answer.kind === kind).length / answered.length

for (const [asks, askedMs] of Object.entries(WAITS))
  for (const { perSecond, burst, latencyMs } of [
    { perSecond: 5, burst: 10, latencyMs: 20 },
    { perSecond: 20, burst: 20, latencyMs: 100 },
    { perSecond: 60, burst: 60, latencyMs: 5 },
    { perSecond: 300, burst: 300, latencyMs: 3 },
  ])
    t.test(`${perSecond} requests a second, asking for ${asks}: 95 % of it, few refusals`, async (t) => {
      const serve = throttlingServer({ perSecond, burst, latencyMs, askedMs })
      const { answered } = await simulate({ max: 8, seconds: 60, serve })
      const settled = answered.filter(({ atMs }) => atMs >= 10_000)
      const rate = settled.filter(({ kind }) => kind === 'ok').length / 50
      t.ok(rate >= 0.95 * perSecond, `${rate} of ${perSecond}`)
      t.ok(share(settled, 'throttled') < 0.05, `${share(settled, 'throttled')} refused`)
    })

t.test('a rate that the server raises is found', async (t) => {
  const slow = throttlingServer({ perSecond: 10, burst: 10, latencyMs: 5, askedMs: WAITS.milliseconds })
  const fast = throttlingServer({ perSecond: 100, burst: 100, latencyMs: 5, askedMs: WAITS.milliseconds })
  const serve: Serve = (request) => (request.nowMs < 20_000 ? slow : fast)(request)
  const { answered } = await simulate({ max: 8, seconds: 130, serve })
  const last = answered.filter(({ atMs, kind }) => atMs >= 120_000 && kind === 'ok').length / 10
  t.ok(last >= 85, `${last} of 100 a second at the end`)
})

t.test(
  'no request begins while a Retry-After lasts, whoever got it; the next one begins when it ends',
  async (t) => {
    const clock = simulatedClock()
    const pace = createPace({ max: 4, clock })
    const first = await pace.turn()
    const second = await pace.turn()
    const begun: number[] = []
    for (let n = 0; n < 3; n += 1)
      void pace.turn().then((turn) => {
        begun.push(clock.nowMs())
        turn.end({ kind: 'ok' })
      })
    await clock.runUntil(100)
    second.end({ kind: 'throttled', retryAfterMs: 2000 })
    await clock.runUntil(500)
    first.end({ kind: 'ok' })
    await clock.runUntil(2099)
    t.strictSame(begun, [], 'the gate is closed for all')
    await clock.runUntil(60_000)
    t.equal(begun[0], 2100, 'it opens at the very time')
    t.equal(begun.length, 3)
  },
)

t.test('a longer wait replaces a shorter one, and not the other way round', async (t) => {
  const clock = simulatedClock()
  const pace = createPace({ max: 2, clock })
  const [first, second] = [await pace.turn(), await pace.turn()]
  first.end({ kind: 'failed', retryAfterMs: 5000 })
  second.end({ kind: 'throttled', retryAfterMs: 1000 })
  let begunMs = Number.NaN
  void pace.turn().then(() => {
    begunMs = clock.nowMs()
  })
  await clock.runUntil(10_000)
  t.equal(begunMs, 5000)
})

t.test('requests under way never exceed the maximum, and reach it', async (t) => {
  for (const max of [1, 3, 20]) {
    const serve: Serve = () => ({ latencyMs: 50, result: { kind: 'ok' } })
    const { answered, most } = await simulate({ max, seconds: 20, serve })
    t.equal(most, max)
    const last = answered.filter(({ atMs }) => atMs >= 15_000).length / 5
    t.ok(last > 0.95 * 20 * max, `${last} a second with ${max}`)
  }
})

t.test('a server that slows down under load is given no more than it can bear', async (t) => {
  const serve: Serve = ({ underWay }) => ({
    latencyMs: 50 * Math.max(1, (underWay / 6) ** 2),
    result: { kind: 'ok' },
  })
  const { answered, pace } = await simulate({ max: 64, seconds: 60, serve })
  const rate = answered.filter(({ atMs }) => atMs >= 30_000).length / 30
  t.ok(pace.limit < 16, `${pace.limit} at once`)
  t.ok(rate > 0.7 * 120, `${rate} of 120 a second`)
})

t.test('requests that take longer from then on do not end in one at a time', async (t) => {
  const serve: Serve = ({ nowMs }) => ({ latencyMs: nowMs < 5000 ? 20 : 300, result: { kind: 'ok' } })
  const { answered, pace } = await simulate({ max: 8, seconds: 60, serve })
  const rate = answered.filter(({ atMs }) => atMs >= 30_000).length / 30
  t.ok(rate > 0.95 * (8 / 0.3), `${rate} of ${8 / 0.3} a second`)
  t.ok(pace.limit >= 4, `${pace.limit} at once`)
})

t.test('a storm of refusals is met with few requests, and the rate recovers after it', async (t) => {
  const isStorm = (nowMs: number) => nowMs >= 10_000 && nowMs < 40_000
  const serve: Serve = ({ nowMs }) => ({
    latencyMs: 20,
    result: { kind: isStorm(nowMs) ? 'throttled' : 'ok' },
  })
  const { answered } = await simulate({ max: 8, seconds: 100, serve })
  const inStorm = answered.filter(({ atMs }) => isStorm(atMs)).length
  t.ok(inStorm < 60, `${inStorm} requests in 30 s of storm`)
  const last = answered.filter(({ atMs }) => atMs >= 90_000).length / 10
  t.ok(last > 200, `${last} a second at the end`)
})

t.test('failures halve what is under way', async (t) => {
  const serve: Serve = ({ nowMs }) => ({
    latencyMs: 100,
    result: { kind: nowMs < 3000 ? 'ok' : 'failed' },
  })
  const { pace } = await simulate({ max: 16, seconds: 6, serve })
  t.equal(pace.limit, 1)
})

t.test('turns are given in order, and an end counts once', async (t) => {
  const clock = simulatedClock()
  const pace = createPace({ max: 1, clock })
  const order: number[] = []
  const turns = [0, 1, 2].map(async (n) => {
    const turn = await pace.turn()
    order.push(n)
    return turn
  })
  const first = await turns[0]
  first?.end({ kind: 'ok' })
  first?.end({ kind: 'ok' })
  await clock.runUntil(1000)
  t.strictSame(order, [0, 1], 'the third waits for the second')
})

t.test('an interruption ends every wait', async (t) => {
  const interrupt = new AbortController()
  const clock: SimulatedClock = simulatedClock()
  const pace = createPace({ max: 1, clock, signal: interrupt.signal })
  await pace.turn()
  const waiting = pace.turn()
  interrupt.abort()
  await t.rejects(waiting, { code: 'INTERRUPTED' })
  const late = await pace.turn().catch((error: unknown) => error)
  t.ok(isSluiceError(late) && late.code === 'INTERRUPTED', 'nor does another one begin')
})
