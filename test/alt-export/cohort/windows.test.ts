import t from 'tap'
import { windowsOf } from '../../../src/alt-export/cohort/windows.js'
import type { TypeDefinition } from '../../../src/alt-export/definition.js'
import { createSearchClient } from '../../../src/alt-export/search/client.js'
import { connect } from '../../../src/fhir-client/connect.js'
import { createPace } from '../../../src/fhir-client/pace.js'
import { SYSTEM_RETRY_CLOCK } from '../../../src/http/retry-clock.js'
import { startFhirServer } from '../../fhir-server/server.js'
import { codeOf } from '../../support/pipeline-run.js'

const DAY_MS = 86_400_000
const SINCE = Date.parse('2026-01-01T00:00:00Z')
const definition = (more: Partial<Omit<TypeDefinition, 'until'>> = {}) => ({
  kind: 'type' as const,
  type: 'Observation',
  since: '2026-01-01T00:00:00Z',
  until: '2026-03-01T00:00:00Z',
  slices: 8,
  minSliceSeconds: 1,
  pageCount: 100,
  ...more,
})

const server = await startFhirServer()
t.teardown(() => server.close())
const fhir = connect({ base: server.base })
t.teardown(() => fhir.http.close())
const client = createSearchClient({
  server: fhir,
  pace: createPace({ max: 8, clock: SYSTEM_RETRY_CLOCK }),
  isLenient: false,
})

const seed = (times: readonly number[]): void => {
  server.reset()
  server.seed(
    times.map((ms, at) => ({
      resourceType: 'Observation',
      id: `o${at}`,
      status: 'final',
      meta: { lastUpdated: new Date(ms).toISOString() },
    })),
  )
}

t.test('windows meet, cover everything and are even, however times are spread', async (t) => {
  const spreads = {
    even: Array.from({ length: 400 }, (_, n) => SINCE + (n * 59 * DAY_MS) / 400),
    'one hour': Array.from({ length: 400 }, (_, n) => SINCE + 30 * DAY_MS + n * 9000),
    'one instant': Array.from({ length: 400 }, () => SINCE + 30 * DAY_MS),
    'both ends': Array.from({ length: 400 }, (_, n) => (n % 2 === 0 ? SINCE : SINCE + 59 * DAY_MS - 1)),
    nothing: [],
  }
  for (const [name, times] of Object.entries(spreads)) {
    seed(times)
    const windows = await windowsOf(client, definition())
    t.equal(windows[0]?.since, '2026-01-01T00:00:00Z', name)
    t.equal(windows.at(-1)?.until, '2026-03-01T00:00:00Z')
    let sum = 0
    for (const [at, { since = '', until }] of windows.entries()) {
      if (at > 0) t.equal(since, windows[at - 1]?.until)
      t.ok(Date.parse(since) < Date.parse(until))
      const count = times.filter((ms) => ms >= Date.parse(since) && ms < Date.parse(until)).length
      sum += count
      if (name === 'even' || name === 'one hour') t.ok(count <= 50, `${name}: ${count}`)
    }
    t.equal(sum, times.length, 'each in exactly one')
    t.ok(windows.length <= 16, `${name}: ${windows.length} windows`)
    t.ok(server.requests.every(({ path }) => /_summary=count/.test(path)))
  }
})

t.test('no window is cut shorter than it may be', async (t) => {
  seed(Array.from({ length: 400 }, (_, n) => SINCE + 30 * DAY_MS + n * 9000))
  const windows = await windowsOf(client, definition({ minSliceSeconds: 86_400 }))
  for (const { since = '', until } of windows) {
    t.ok(Date.parse(until) - Date.parse(since) >= DAY_MS)
    t.equal((Date.parse(since) - SINCE) % DAY_MS, 0)
  }
})

t.test('one slice, or no beginning, needs no count', async (t) => {
  seed([SINCE])
  const until = '2026-03-01T00:00:00Z'
  t.strictSame(await windowsOf(client, definition({ slices: 1 })), [{ since: '2026-01-01T00:00:00Z', until }])
  t.strictSame(await windowsOf(client, definition({ since: undefined })), [{ since: undefined, until }])
  t.equal(server.requests.length, 0)
})

t.test('a server that does not count says so', async (t) => {
  seed([SINCE])
  server.script({ when: 'always', act: { kind: 'outcome', status: 400, diagnostics: 'no' } })
  t.equal(await codeOf(windowsOf(client, definition())), 'EXPORT_REFUSED')
  server.heal()
  const body = '{"resourceType":"Bundle","type":"searchset"}'
  server.script({ when: 'always', act: { kind: 'answer', status: 200, body } })
  t.equal(await codeOf(windowsOf(client, definition())), 'EXPORT_INVALID')
})
