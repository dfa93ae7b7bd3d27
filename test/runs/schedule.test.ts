// Holds src/runs/clock.ts, src/runs/cron.ts, src/runs/keep-schedule.ts.

import t from 'tap'
import type { Clock } from '../../src/runs/clock.js'
import { calendarOf, scheduleProblems } from '../../src/runs/cron.js'
import { keepSchedule } from '../../src/runs/keep-schedule.js'

const NIGHTLY = { cron: '0 1 * * *', timeZone: 'UTC' }

/** Time passes by sleeping only; a sleep may begin with something happening. */
function virtualClock(start: string): Clock & { pass(ms: number): void; readonly sleeps: number[] } {
  let nowMs = Date.parse(start)
  const sleeps: number[] = []
  return {
    sleeps,
    now: () => new Date(nowMs),
    pass: (ms) => {
      nowMs += ms
    },
    async sleep(ms, signal) {
      sleeps.push(ms)
      if (!signal.aborted) nowMs += ms
    },
  }
}

const times = (schedule: typeof NIGHTLY, from: string, count: number): string[] => {
  const calendar = calendarOf(schedule)
  const found: string[] = []
  for (
    let at = calendar.next(new Date(from));
    at !== undefined && found.length < count;
    at = calendar.next(at)
  )
    found.push(at.toISOString())
  return found
}

t.test('01:00 UTC every day, whatever the zone of this machine', async (t) => {
  t.same(times(NIGHTLY, '2026-03-28T12:00:00Z', 3), [
    '2026-03-29T01:00:00.000Z',
    '2026-03-30T01:00:00.000Z',
    '2026-03-31T01:00:00.000Z',
  ])
})

t.test('a time that the clock leaps over comes once, one that it repeats comes once', async (t) => {
  const berlin = { cron: '30 2 * * *', timeZone: 'Europe/Berlin' }
  t.same(times(berlin, '2026-03-28T12:00:00Z', 2), ['2026-03-29T01:00:00.000Z', '2026-03-30T00:30:00.000Z'])
  t.same(times(berlin, '2026-10-24T12:00:00Z', 2), ['2026-10-25T00:30:00.000Z', '2026-10-26T01:30:00.000Z'])
})

t.test('what is no schedule is said', async (t) => {
  for (const [schedule, path] of [
    [{ cron: '61 * * * *', timeZone: 'UTC' }, 'cron'],
    [{ cron: '0 1 * *', timeZone: 'UTC' }, 'cron'],
    [{ cron: '* * * * * *', timeZone: 'UTC' }, 'cron'],
    [{ cron: '0 1 30 2 *', timeZone: 'UTC' }, 'cron'],
    [{ cron: '0 1 * * *', timeZone: 'Mars/Olympus' }, 'timeZone'],
  ] as const)
    t.match(scheduleProblems(schedule), [{ path }], schedule.cron)
  t.same(scheduleProblems(NIGHTLY), [])
})

t.test('runs begin at their times; those that come while one is going are skipped and told', async (t) => {
  const clock = virtualClock('2026-11-20T20:00:00Z')
  const stop = new AbortController()
  const begun: string[] = []
  const missed: string[] = []
  const waits: string[] = []
  await keepSchedule({
    calendar: calendarOf(NIGHTLY),
    clock,
    signal: stop.signal,
    onWaiting: (next) => waits.push(next.toISOString()),
    onMissed: (skipped) => missed.push(...skipped.map((time) => time.toISOString())),
    run: async () => {
      begun.push(clock.now().toISOString())
      // The second one takes two and a half days.
      clock.pass(begun.length === 2 ? 60 * 3_600_000 : 60_000)
      if (begun.length === 3) stop.abort()
    },
  })
  t.same(begun, ['2026-11-21T01:00:00.000Z', '2026-11-22T01:00:00.000Z', '2026-11-25T01:00:00.000Z'])
  t.same(missed, ['2026-11-23T01:00:00.000Z', '2026-11-24T01:00:00.000Z'])
  t.same(waits, begun)
  t.ok(
    clock.sleeps.every((ms) => ms <= 30_000),
    'a clock that is set is noticed',
  )
})

t.test('with now there is a run at the start; a signal ends the waiting at once', async (t) => {
  const clock = virtualClock('2026-11-20T20:00:00Z')
  const stop = new AbortController()
  const begun: string[] = []
  await keepSchedule({
    calendar: calendarOf(NIGHTLY),
    clock: {
      ...clock,
      async sleep() {
        stop.abort()
      },
    },
    signal: stop.signal,
    isNow: true,
    run: async () => void begun.push(clock.now().toISOString()),
  })
  t.same(begun, ['2026-11-20T20:00:00.000Z'])
})
