// Holds src/alt-export/search/client.ts, src/alt-export/search/pages.ts.

import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { Fault } from '../../fhir-server/faults.js'
import type { FhirServerOptions } from '../../fhir-server/options.js'
import { startFhirServer, type TestFhirServer } from '../../fhir-server/server.js'
import {
  altExportTo,
  COHORT,
  cohortResources,
  idsIn,
  listenToAltExport,
} from '../../support/alt-export-run.js'
import { codeOf, filesIn } from '../../support/pipeline-run.js'
import { virtualClock } from '../../support/virtual-clock.js'

t.jobs = 4

async function serverWith(
  t: Test,
  faults: readonly Fault[] = [],
  options: FhirServerOptions = {},
): Promise<TestFhirServer> {
  const server = await startFhirServer(options)
  t.teardown(() => server.close())
  server.seed(cohortResources(60))
  server.script(...faults)
  return server
}

const NEXT = { on: { path: '^Observation' } } as const

t.test('ids beyond what an address holds go by POST, or in smaller groups', async (t) => {
  const resources = cohortResources(60).map((resource) => JSON.stringify(resource))
  const longer = resources.map((text) => JSON.parse(text.replaceAll(/p(\d{3})/g, `${'p'.repeat(45)}$1`)))
  for (const refused of [undefined, 405, 404, 400, 501]) {
    const server = await startFhirServer()
    t.teardown(() => server.close())
    server.seed(longer)
    if (refused !== undefined)
      server.script({
        on: { path: '_search' },
        when: 'always',
        act: { kind: 'outcome', status: refused, diagnostics: '' },
      })
    const output = join(t.testdir(), String(refused))
    const report = await altExportTo(server, output)
    t.equal(report.isComplete, true)
    t.equal(idsIn(output, /xndjson$/).size, 60 + 180)
    const posts = server.requests.filter(({ method }) => method === 'POST')
    t.ok(posts.length > 0)
    const longest = Math.max(
      ...server.requests.filter(({ method }) => method === 'GET').map(({ path }) => path.length),
    )
    if (refused === undefined) {
      t.ok(posts.every(({ path }) => /^(Patient|Observation)\/_search$/.test(path)))
      t.match(posts[0]?.headers['content-type'], 'application/x-www-form-urlencoded')
    } else t.ok(longest < 2000, 'the rest by GET, short enough')
    t.ok(posts.length <= 4, `${posts.length} by POST`)
  }
})

t.test('a server that takes only shorter addresses is asked by POST', async (t) => {
  const server = await serverWith(t, [], { maxUrlBytes: 200 })
  const output = join(t.testdir(), 'out')
  const definition = { ...COHORT, include: ['Observation?patient=$IDS&_count=200'] }
  t.equal((await altExportTo(server, output, { definition })).isComplete, true)
  t.equal(idsIn(output, /^Observation/).size, 180)
  t.ok(server.requests.some(({ method }) => method === 'POST'))
})

t.test('a page without entries, and relative links, are followed', async (t) => {
  for (const act of [{ kind: 'empty-page' }, { kind: 'next', to: 'relative' }] as const) {
    const when = act.kind === 'next' ? 'always' : { every: 3 }
    const server = await serverWith(t, [{ ...NEXT, when, act }])
    const output = join(t.testdir(), act.kind)
    const definition = { ...COHORT, include: ['Observation?patient=$IDS&_count=40'] }
    const report = await altExportTo(server, output, { definition })
    t.equal(report.isComplete, true, act.kind)
    t.equal(idsIn(output, /^Observation/).size, 180)
    t.ok(
      server.requests.filter(({ path }) => path.includes(act.kind === 'next' ? 'ct=' : '_again')).length >= 2,
    )
  }
})

t.test(
  'a link that leads elsewhere, in a circle or nowhere fails its item, and the others are delivered',
  async (t) => {
    for (const to of ['same', 'first', 'foreign', 'other-scheme', 'garbage'] as const) {
      const server = await serverWith(t, [{ ...NEXT, when: 'always', act: { kind: 'next', to } }])
      const output = join(t.testdir(), to)
      const definition = {
        ...COHORT,
        include: ['Patient?_id=$IDS&_count=20', 'Observation?patient=$IDS&_count=40'],
      }
      const report = await altExportTo(server, output, { definition })
      t.match(report, {
        isComplete: false,
        run: { failed: [{ item: 'Observation-1.xndjson', code: 'SOURCE_UNREADABLE' }] },
      })
      t.notMatch(JSON.stringify(report.run.failed), /p0\d\d/)
      const [failed] = report.run.failed
      t.match(failed?.message, to === 'same' || to === 'first' ? /in a circle/ : /next page/, to)
      t.strictSame([...filesIn(output).keys()], ['Patient-1.xndjson'], 'no report of a complete run')
      server.heal()
      const again = await altExportTo(server, output, { definition })
      t.match(again, { isComplete: true, isContinued: true })
      t.equal(idsIn(output, /^Observation/).size, 180)
    }
  },
)

t.test('pages that bring less than the server counts are asked for once more, then fail', async (t) => {
  const definition = { ...COHORT, include: ['Observation?patient=$IDS&_count=40'] }
  const absent = { ...NEXT, act: { kind: 'next', to: 'absent' } } as const
  const healing = await serverWith(t, [absent])
  const output = join(t.testdir(), 'once')
  t.match(await altExportTo(healing, output, { definition }), { isComplete: true })
  t.equal(idsIn(output, /^Observation/).size, 180)
  const server = await serverWith(t, [{ ...absent, when: 'always' }])
  const failed = await altExportTo(server, join(t.testdir(), 'always'), { definition })
  t.match(failed.run.failed, [{ code: 'SOURCE_INCOMPLETE', message: /counts 150 resources, but .* 40/ }])
  const { events, onEvent } = listenToAltExport()
  const place = join(t.testdir(), 'warned')
  t.match(await altExportTo(server, place, { definition, onMismatch: 'warn', onEvent }), { isComplete: true })
  t.match(
    events.filter(({ event }) => event === 'alt-export.mismatch'),
    [{ item: 'Observation-1.xndjson (ids 1 to 50)', level: 'warn' }],
  )
})

t.test('the query has no pages elsewhere either', async (t) => {
  for (const to of ['same', 'foreign', 'garbage'] as const) {
    const server = await serverWith(t, [{ when: 'always', act: { kind: 'next', to } }])
    t.equal(await codeOf(altExportTo(server, join(t.testdir(), to))), 'EXPORT_INVALID', to)
  }
})

t.test('a redirect to another server is not followed: the address holds ids', async (t) => {
  const other = await serverWith(t)
  const server = await serverWith(t, [
    {
      on: { path: '_id=' },
      act: { kind: 'answer', status: 307, headers: { location: `${other.base}/Patient` } },
    },
  ])
  const report = await altExportTo(server, join(t.testdir(), 'out'))
  t.match(report.run.failed, [{ item: 'Patient-1.xndjson', message: /redirects to another server/ }])
  t.equal(other.requests.length, 0)
})

t.test('what passes is asked again: 429, 503, resets, cut answers, pages of a gateway', async (t) => {
  const acts = [
    { kind: 'answer', status: 429, headers: { 'retry-after': '1' } },
    { kind: 'answer', status: 503 },
    { kind: 'answer', status: 500 },
    { kind: 'reset', at: 'before' },
    { kind: 'reset', at: 'answer-body' },
    { kind: 'cut-json' },
    { kind: 'answer', status: 200, body: '<html>try again</html>' },
    { kind: 'answer', status: 200, body: '' },
    { kind: 'answer', status: 200, body: '{"message":"busy"}' },
  ] as const
  for (const act of acts) {
    const server = await serverWith(t, [{ when: { every: 3 }, act }])
    const output = join(t.testdir(), String(acts.indexOf(act)))
    const report = await altExportTo(server, output, { clock: virtualClock() })
    t.equal(report.isComplete, true, JSON.stringify(act))
    t.equal(idsIn(output, /xndjson$/).size, 240)
  }
})

t.test(
  'a search that the server refuses for good fails its item with status and code, and no text',
  async (t) => {
    for (const status of [400, 404, 410, 422, 500]) {
      const server = await serverWith(t, [
        {
          on: { path: '^Observation.*ct=' },
          when: 'always',
          act: { kind: 'outcome', status, diagnostics: 'CANARY of p001' },
        },
      ])
      const output = join(t.testdir(), String(status))
      const report = await altExportTo(server, output, { clock: virtualClock() })
      t.match(report, { isComplete: false, isEmpty: false })
      t.match(report.run.failed, [
        {
          item: 'Observation-1.xndjson',
          code: 'SOURCE_UNREADABLE',
          message: new RegExp(`status ${status} \\(error/`),
        },
      ])
      t.notMatch(JSON.stringify(report), 'CANARY')
      t.match(String(filesIn(`${output}.sluice`).get('export/answers.ndjson')), 'CANARY', 'kept in the state')
      t.notOk(filesIn(output).has('run.json'))
    }
  },
)

t.test('an error among the entries fails the item, a warning is counted', async (t) => {
  const outcome = (severity: string) =>
    JSON.stringify({
      resourceType: 'Bundle',
      type: 'searchset',
      entry: [
        {
          search: { mode: 'outcome' },
          resource: {
            resourceType: 'OperationOutcome',
            issue: [{ severity, code: 'incomplete', diagnostics: 'CANARY' }],
          },
        },
      ],
    })
  for (const severity of ['warning', 'error']) {
    const server = await serverWith(t, [
      {
        on: { path: '^Observation' },
        when: 'always',
        act: { kind: 'answer', status: 200, body: outcome(severity) },
      },
    ])
    const report = await altExportTo(server, join(t.testdir(), severity))
    t.equal(report.isComplete, severity === 'warning')
    if (severity === 'warning') t.strictSame(report.issues, { 'warning/incomplete': 2 })
    t.notMatch(JSON.stringify(report), 'CANARY')
  }
})

t.test('who may not read ends the run; a server that is out ends it so that it can be resumed', async (t) => {
  const table = [
    [401, 'AUTH_FAILED'],
    [403, 'AUTH_FAILED'],
    [503, 'SERVICE_UNAVAILABLE'],
  ] as const
  for (const [status, code] of table) {
    const server = await serverWith(t, [
      { on: { path: '^Observation' }, when: 'always', act: { kind: 'answer', status } },
    ])
    const output = join(t.testdir(), String(status))
    t.equal(await codeOf(altExportTo(server, output, { clock: virtualClock() })), code)
    server.heal()
    t.match(await altExportTo(server, output), { isComplete: true, isContinued: true })
    t.equal(idsIn(output, /xndjson$/).size, 240)
  }
})

t.test('parameters are not to be ignored, unless it is allowed', async (t) => {
  const server = await serverWith(t)
  await altExportTo(server, join(t.testdir(), 'strict'))
  t.ok(server.requests.every(({ headers }) => headers.prefer === 'handling=strict'))
  server.forgetRequests()
  await altExportTo(server, join(t.testdir(), 'lenient'), { isLenient: true })
  t.ok(server.requests.every(({ headers }) => headers.prefer === 'handling=lenient'))
})
