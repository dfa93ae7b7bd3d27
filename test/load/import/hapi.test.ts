// Holds src/load/import/hapi.ts, src/load/import/presence.ts, src/load/import/settlement.ts.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type HapiImport, type HapiImportPlan, startHapiImport } from '../../support/hapi-import.js'
import { type ImportSetting, importWith } from '../../support/import-run.js'
import { virtualClock } from '../../support/virtual-clock.js'

const line = (type: string, id: string): string =>
  `${JSON.stringify({ resourceType: type, id, text: 'é' })}\n`
const A = Array.from({ length: 130 }, (_, at) =>
  line(at % 2 === 0 ? 'Observation' : 'Patient', `r${at}`),
).join('')
const B = `${line('Patient', 'r1')}${line('Organization', 'r500')}`
const COUNT = 132

async function prepare(t: Test, plan: HapiImportPlan = {}) {
  const folder = t.testdir({ input: { 'a.ndjson': A, 'b.ndjson': B } })
  const server: HapiImport = await startHapiImport(t, plan)
  const setting: ImportSetting = {
    base: server.base,
    input: join(folder, 'input'),
    stage: join(folder, 'stage'),
    state: join(folder, 'state'),
    target: 'hapi',
    fileBytes: 2000,
  }
  const errors = (): Record<string, unknown>[] =>
    readFileSync(join(folder, 'state/errors.ndjson'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((text) => JSON.parse(text))
  return { server, setting, errors }
}

t.test('HAPI fetches the files, and every resource is found there afterwards', async (t) => {
  const { server, setting } = await prepare(t, { pollsBefore: 2 })
  const clock = virtualClock()
  const report = await importWith(setting, { clock })
  t.match(report, { read: COUNT, loaded: COUNT, failed: 0, ambiguous: 0, counting: 'looked-up' })
  t.equal(server.stored.size, COUNT - 1, 'one resource is in both files')
  t.strictSame(clock.waits, [120_000, 120_000], 'it waits as long as HAPI asks')
  t.match(
    server.fetched[0]?.[0],
    /^http:\/\/127\.0\.0\.1:\d+\/\d{4}-\d\d-\d\d-[0-9a-f]{24}\/Organization-00001\.ndjson$/,
  )
  t.match(await importWith(setting), { read: COUNT, loaded: COUNT, files: [] })
  t.equal(server.fetched.length, 1)
})

t.test('a resource that is not there after the import failed', async (t) => {
  const { setting, errors } = await prepare(t, { lose: ({ id }) => id === 'r20' || id === 'r500' })
  t.match(await importWith(setting), { read: COUNT, loaded: COUNT - 2, failed: 2, counting: 'looked-up' })
  t.match(
    errors(),
    [
      {
        item: 'b.ndjson',
        ordinal: 1,
        type: 'Organization',
        id: 'r500',
        fate: 'failed',
        code: 'IMPORT_MISSING',
      },
      {
        item: 'a.ndjson',
        ordinal: 20,
        type: 'Observation',
        id: 'r20',
        fate: 'failed',
        code: 'IMPORT_MISSING',
      },
    ].sort((a, b) => (String(errors()[0]?.id) === a.id ? -1 : String(errors()[0]?.id) === b.id ? 1 : 0)),
  )
})

t.test('if HAPI does not answer searches, all is ambiguous', async (t) => {
  const { setting } = await prepare(t, { search: 400 })
  t.match(await importWith(setting), { read: COUNT, loaded: 0, ambiguous: COUNT, counting: 'unknown' })
})

t.test('a failed job is told from a completed one', async (t) => {
  const failed = {
    resourceType: 'OperationOutcome',
    issue: [{ severity: 'error', diagnostics: 'Last error' }],
  }
  for (const answer of [{ status: 500, body: failed }, { status: 200, body: failed }, { status: 404 }]) {
    const { server, setting } = await prepare(t, { poll: () => answer })
    await t.rejects(importWith(setting), { code: 'IMPORT_FAILED' })
    server.plan = {}
    t.match(await importWith(setting), { read: COUNT, loaded: COUNT })
  }
})

t.test('a continued job finds its files at the same address', async (t) => {
  const { server, setting } = await prepare(t, { pollsBefore: 1000 })
  await t.rejects(importWith(setting, { pollLimitMs: 1 }), { code: 'IMPORT_OVERDUE' })
  server.plan = {}
  t.match(await importWith(setting), { loaded: COUNT, isContinued: true })
  t.equal(server.asked.filter((asked) => asked.startsWith('POST')).length, 1)
})
