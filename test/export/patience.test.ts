// Holds src/export/job/poll.ts, src/fhir-client/job-poll.ts, src/fhir-client/job-start.ts.

import { join } from 'node:path'
import t from 'tap'
import type { ErrorCode } from '../../src/errors.js'
import { retryAfterMs } from '../../src/http/retry-after.js'
import { type Answer, type Plan, type Script, startBadServer } from '../support/bad-fhir-server.js'
import { exportTo, lines, patientLine } from '../support/export-run.js'
import { codeOf } from '../support/pipeline-run.js'
import { virtualClock } from '../support/virtual-clock.js'

t.jobs = 4

const NOW = Date.parse('2026-11-30T12:00:00Z')
const at = (ms: number): string => new Date(NOW + ms).toUTCString()

const READ: readonly (readonly [headers: Readonly<Record<string, string>>, ms: number | undefined])[] = [
  [{ 'retry-after': '120' }, 120_000],
  [{ 'retry-after': ' 1.5 ' }, 1500],
  [{ 'retry-after': '120, 60' }, 120_000],
  [{ 'retry-after': '120; comment' }, 120_000],
  [{ 'retry-after': '30s' }, 30_000],
  [{ 'retry-after': '30 s' }, 30_000],
  [{ 'retry-after': '30 Seconds' }, 30_000],
  [{ 'retry-after': '1 sec' }, 1000],
  [{ 'retry-after': '30 minutes' }, undefined],
  [{ 'retry-after': 'Monday, 30-Nov-26 12:01:00 GMT' }, 60_000],
  [{ 'retry-after': 'Mon Nov 30 12:01:00 2026 GMT' }, 60_000],
  [{ 'retry-after': String(NOW / 1000 + 90) }, 90_000],
  [{ 'retry-after': String(NOW / 1000 - 90) }, 0],
  [{ 'retry-after': String(NOW + 90_000) }, 90_000],
  [{ 'retry-after': `${NOW / 1000 + 90}.25` }, 90_250],
  [{ 'retry-after': at(60_000) }, 60_000],
  [{ 'retry-after': at(-60_000) }, 0],
  // The server's clock is two hours ahead, or behind; it says so.
  [{ 'retry-after': at(7_260_000), date: at(7_200_000) }, 60_000],
  [{ 'retry-after': at(-7_140_000), date: at(-7_200_000) }, 60_000],
  [{ 'retry-after': String((NOW + 7_260_000) / 1000), date: at(7_200_000) }, 60_000],
  [{ 'retry-after': at(60_000), date: 'yesterday' }, 60_000],
  [{ 'retry-after': '2026-11-30T12:01:00Z' }, 60_000],
  [{ 'retry-after': '99999999' }, 99_999_999_000],
  [{ 'retry-after': '1000000000' }, undefined],
  [{ 'retry-after': '9'.repeat(400) }, undefined],
  [{ 'retry-after': '-120' }, undefined],
  [{ 'retry-after': 'NaN' }, undefined],
  [{ 'retry-after': 'Infinity' }, undefined],
  [{ 'retry-after': '0x10' }, undefined],
  [{ 'retry-after': '' }, undefined],
  [{}, undefined],
]

for (const [headers, ms] of READ)
  t.test(`Retry-After ${JSON.stringify(headers).slice(0, 80)} is ${ms}`, async (t) => {
    t.equal(
      retryAfterMs((name) => headers[name], NOW),
      ms,
    )
  })

const FILES = { Patient: [lines(5, patientLine)] }
const AUTH = { type: 'client-credentials', clientId: 'me', clientSecret: 'secret' } as const
const granted: Answer = { body: JSON.stringify({ access_token: 'token', expires_in: 300 }) }

/** What may fail, and how a plan makes it fail. */
const CALLS = {
  'kick-off': (script) => ({ kickOff: script }),
  poll: (script) => ({ status: script }),
  file: (script) => ({ file: script }),
  token: (script) => ({ token: (asked, nth, good) => script(asked, nth, good) ?? granted }),
} satisfies Readonly<Record<string, (script: Script) => Partial<Plan>>>

/** Answers that last `times` calls, and then it is well. */
const TROUBLES: Readonly<Record<string, readonly [answer: Answer, times: number]>> = {
  '500 without a word, 12 times': [{ status: 500 }, 12],
  '503 with a past date, 40 times': [{ status: 503, headers: { 'retry-after': at(-9e9) } }, 40],
  '503 that asks for 0 s, 40 times': [{ status: 503, headers: { 'retry-after': '0' } }, 40],
  '429 that asks for a minute, 20 times': [{ status: 429, headers: { 'retry-after': '60' } }, 20],
  '429 that asks for 3 years, 4 times': [{ status: 429, headers: { 'retry-after': '99999999' } }, 4],
  '503 in seconds since 1970, 4 times': [{ status: 503, headers: { 'retry-after': '4102444800' } }, 4],
  '503 with a date in 2099, 4 times': [
    { status: 503, headers: { 'retry-after': 'Thu, 01 Jan 2099 00:00:00 GMT' } },
    4,
  ],
  '408, 10 times': [{ status: 408 }, 10],
  '522 of a gateway, 10 times': [{ status: 522 }, 10],
  'a connection that breaks, 10 times': [{ body: 'x'.repeat(100), cutAfter: 0 }, 10],
  'a web page, twice': [{ headers: { 'content-type': 'text/html' }, body: '<html>CANARY</html>' }, 2],
}

for (const [call, planOf] of Object.entries(CALLS))
  for (const [name, [answer, times]] of Object.entries(TROUBLES))
    t.test(`${call}: ${name}, and the export is whole`, async (t) => {
      const server = await startBadServer(t, {
        files: FILES,
        token: () => granted,
        ...planOf((_, nth) => (nth <= times ? answer : undefined)),
      })
      const clock = virtualClock()
      const auth = { ...AUTH, tokenUrl: `${server.origin}/token` }
      const report = await exportTo(server, join(t.testdir(), 'out'), {
        clock,
        auth,
        plan: undefined,
        silenceMs: 20_000,
      })
      t.match(report, { isComplete: true, isEmpty: false })
      t.ok(
        clock.waits.every((ms) => ms <= 330_000),
        `no wait is longer than asked within reason: ${Math.max(...clock.waits)}`,
      )
    })

/** What does not get better ends, with the service to blame. */
const FOR_GOOD: Readonly<Record<string, Answer>> = {
  '500': { status: 500 },
  '429 that asks for a second': { status: 429, headers: { 'retry-after': '1' } },
  '503 that asks for years': { status: 503, headers: { 'retry-after': '99999999' } },
  'a web page': { headers: { 'content-type': 'text/html; charset=utf-8' }, body: '<html>CANARY</html>' },
}

for (const call of ['kick-off', 'token'] as const)
  for (const [name, answer] of Object.entries(FOR_GOOD))
    t.test(`${call}: ${name}, for good, is SERVICE_UNAVAILABLE`, async (t) => {
      const server = await startBadServer(t, {
        files: FILES,
        token: () => granted,
        ...CALLS[call](() => answer),
      })
      const clock = virtualClock()
      const auth = { ...AUTH, tokenUrl: `${server.origin}/token` }
      const expected: ErrorCode = 'SERVICE_UNAVAILABLE'
      t.equal(await codeOf(exportTo(server, join(t.testdir(), 'out'), { clock, auth })), expected)
      t.ok(clock.nowMs() <= 3_600_000, `gave up after ${clock.nowMs()} ms`)
      if (name !== 'a web page') t.ok(clock.nowMs() > 15 * 60_000, `not before ${clock.nowMs()} ms`)
    })
