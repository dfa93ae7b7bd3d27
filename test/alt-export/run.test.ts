// Holds src/alt-export/definition.ts, src/alt-export/options.ts, src/alt-export/job/export-job.ts,
// src/alt-export/job/kept-job.ts, src/alt-export/items/plan.ts, src/alt-export/items/item-source.ts,
// src/alt-export/items/item-reader.ts, src/alt-export/completed-run.ts.

import { statSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { AltExportDefinition } from '../../src/alt-export/definition.js'
import { runAltExport } from '../../src/alt-export/run.js'
import { folderSink } from '../../src/storage/folder/folder.js'
import { splitSink } from '../../src/storage/split.js'
import type { FhirServerOptions } from '../fhir-server/options.js'
import { startFhirServer, type TestFhirServer } from '../fhir-server/server.js'
import { altExportTo, COHORT, cohortResources, idsIn, listenToAltExport } from '../support/alt-export-run.js'
import { firstOf } from '../support/elements.js'
import { codeOf, filesIn, KEEP_ALL, planFor } from '../support/pipeline-run.js'

t.jobs = 4

async function serverWith(
  t: Test,
  patientCount: number,
  options: FhirServerOptions = {},
): Promise<TestFhirServer> {
  const server = await startFhirServer(options)
  t.teardown(() => server.close())
  server.seed(cohortResources(patientCount))
  return server
}

/** What was asked, without the pages behind the first. */
const searches = (server: TestFhirServer): readonly string[] =>
  server.requests.map(({ method, path }) => `${method} ${path}`).filter((line) => !line.includes('ct='))

const numbers = (from: number, to: number): string =>
  Array.from({ length: to - from + 1 }, (_, at) => `p${String(from + at).padStart(3, '0')}`).join(',')

t.test('120 patients are asked for in groups of 50, 50 and 20, whatever the order of links', async (t) => {
  for (const links of ['self-first', 'next-first', 'shuffled'] as const) {
    const server = await serverWith(t, 120, { links })
    const output = join(t.testdir(), links)
    const report = await altExportTo(server, output)
    t.match(report, { isComplete: true, isEmpty: false, ids: { unique: 120, found: 120 } })
    const groups = [numbers(1, 50), numbers(51, 100), numbers(101, 120)]
    t.strictSame(
      searches(server).toSorted(),
      [
        'GET Patient?_count=50',
        ...groups.map((ids) => `GET Patient?_id=${ids}&_count=50`),
        ...groups.map((ids) => `GET Observation?patient=${ids}&_count=100`),
      ].toSorted(),
    )
    t.equal(idsIn(output, /^Patient-1/).size, 120)
    t.equal(idsIn(output, /^Observation-1/).size, 360, 'every page arrives')
  }
})

t.test('the example of coverages: subscribers, each once', async (t) => {
  const server = await serverWith(t, 120)
  const { base } = server
  const references = (n: number): string =>
    firstOf(
      [`Patient/p${String(n).padStart(3, '0')}`, `${base}/Patient/p${String(n).padStart(3, '0')}`].slice(
        n % 2,
      ),
    )
  server.seed(
    Array.from({ length: 240 }, (_, at) => ({
      resourceType: 'Coverage',
      id: `c${at}`,
      subscriber: { reference: references((at % 120) + 1) },
    })),
  )
  const definition = {
    ...COHORT,
    query: 'Coverage?_count=100',
    patientReferenceField: 'subscriber',
    include: ['Patient?_id=$IDS'],
  }
  const output = join(t.testdir(), 'out')
  const report = await altExportTo(server, output, { definition })
  t.match(report.ids, { unique: 120, found: 240, repeated: 120, without: {} })
  t.equal(idsIn(output, /^Patient/).size, 120)
  t.equal(searches(server).filter((line) => line.startsWith('GET Patient?')).length, 3)
})

t.test('_count is passed on as it is written; without one the server decides', async (t) => {
  const server = await serverWith(t, 3)
  const include = ['Patient?_id=$IDS&_count=7', 'Observation?_count=2&patient=$IDS', 'Practitioner']
  await altExportTo(server, join(t.testdir(), 'out'), {
    definition: { ...COHORT, query: 'Patient', include },
  })
  t.strictSame(searches(server).toSorted(), [
    'GET Observation?_count=2&patient=p001,p002,p003',
    'GET Patient',
    'GET Patient?_id=p001,p002,p003&_count=7',
    'GET Practitioner',
  ])
})

t.test('a search without $IDS runs once, one with it in its path once for each id', async (t) => {
  const server = await serverWith(t, 60)
  const include = ['Practitioner?_count=10', 'Patient/$IDS/$everything']
  const output = join(t.testdir(), 'out')
  const report = await altExportTo(server, output, { definition: { ...COHORT, include } })
  t.equal(report.isComplete, true)
  const asked = searches(server)
  t.equal(asked.filter((line) => line.includes('Practitioner')).length, 1)
  t.equal(asked.filter((line) => line.includes('$everything')).length, 60)
  t.equal(idsIn(output, /^Practitioner/).size, 3)
})

t.test('files hold the resources of so many ids; empty ones are not written', async (t) => {
  const server = await serverWith(t, 120)
  const definition = { ...COHORT, include: ['Patient?_id=$IDS&_count=50', 'Condition?patient=$IDS'] }
  for (const plan of [undefined, planFor()]) {
    const output = join(t.testdir(), plan === undefined ? 'raw' : 'anonymized')
    const report = await altExportTo(server, output, { definition, plan, idsPerItem: 50 })
    t.match(report, { items: 6, isComplete: true })
    t.strictSame(
      [...filesIn(output).keys()],
      ['Patient-1.xndjson', 'Patient-2.xndjson', 'Patient-3.xndjson', '_completed_run.xjson', 'run.json'],
    )
    t.match(report.run.items, { listed: 6, committed: 6, failed: 0 })
  }
})

t.test('an empty file that is finished is not asked for again', async (t) => {
  const definition = { ...COHORT, include: ['Condition?patient=$IDS', 'Observation?patient=$IDS&_count=100'] }
  for (const plan of [undefined, planFor()]) {
    const server = await serverWith(t, 20)
    server.script({
      on: { path: '^Observation' },
      when: 'always',
      act: { kind: 'outcome', status: 422, diagnostics: '' },
    })
    const output = join(t.testdir(), plan === undefined ? 'raw' : 'anonymized')
    t.match(await altExportTo(server, output, { definition, plan }), { isComplete: false })
    server.heal()
    server.forgetRequests()
    const report = await altExportTo(server, output, { definition, plan })
    t.match(report, { isComplete: true, run: { items: { finishedBefore: 1, committed: 1 } } })
    t.ok(searches(server).every((line) => line.startsWith('GET Observation?')))
  }
})

t.test('a token that expires in the run is renewed', async (t) => {
  const server = await serverWith(t, 120, { tokenSeconds: 60 })
  const output = join(t.testdir(), 'out')
  const auth = {
    type: 'client-credentials',
    tokenUrl: server.tokenUrl,
    clientId: 'sluice',
    clientSecret: 'CANARY-SECRET',
  } as const
  let pages = 0
  const report = await altExportTo(server, output, {
    auth,
    onStatus: () => {
      pages += 1
      if (pages % 3 === 0) server.revokeTokens()
    },
  })
  t.equal(report.isComplete, true)
  t.equal(idsIn(output, /xndjson$/).size, 480)
  t.ok((server.figures().statuses[401] ?? 0) > 0)
})

t.test('a resource that several searches bring is written once', async (t) => {
  const server = await serverWith(t, 120)
  const include = [
    'Patient?_id=$IDS&_include=Patient:general-practitioner',
    'Observation?patient=$IDS&_include=Observation:performer&_count=40',
    'Observation?patient=$IDS&status=final',
    'Practitioner?_id=dr1,dr2',
  ]
  for (const idsPerItem of [50, 1000]) {
    const output = join(t.testdir(), String(idsPerItem))
    await altExportTo(server, output, { definition: { ...COHORT, include }, idsPerItem })
    const found = idsIn(output, /xndjson$/)
    t.equal(found.size, 120 + 360 + 3)
    t.ok(
      [...found.values()].every((count) => count === 1),
      'no resource twice',
    )
  }
})

t.test(
  'the summary lists type, url, count, size and blocks; the other form as the loader writes it',
  async (t) => {
    const server = await serverWith(t, 20)
    for (const plan of [undefined, planFor()]) {
      const folder = t.testdir()
      const output = join(folder, 'out')
      const report = await altExportTo(server, output, { plan })
      const written = JSON.parse(String(filesIn(output).get('_completed_run.xjson')))
      t.strictSame(
        written.output,
        ['Observation-1.xndjson', 'Patient-1.xndjson'].map((name) => ({
          type: name.replace(/-.*/, ''),
          url: name,
          count: filesIn(output).get(name)?.toString().trimEnd().split('\n').length,
          sizebytes: statSync(join(output, name)).size,
          commitedblocks: 1,
        })),
      )
      t.match(written, {
        instanceid: /^[0-9a-f]{32}$/,
        uniqueidstoprocess: 20,
        extractresults: { Patient: 20, Observation: 60 },
        extractstarted: report.startedAt,
        gatheringidscompleted: report.gatheredAt,
      })
      const other = join(folder, 'other')
      await altExportTo(server, other, { plan, ending: 'ndjson' })
      t.strictSame(
        [...filesIn(other).keys()],
        ['Observation-1.ndjson', 'Patient-1.ndjson', '_completed_run.json', 'run.json'],
      )
      t.notOk('output' in JSON.parse(String(filesIn(other).get('_completed_run.json'))))
    }
  },
)

t.test('of files that are split, the summary lists every part, by size', async (t) => {
  const server = await serverWith(t, 120)
  const output = join(t.testdir(), 'out')
  const plan = planFor()
  const sink = splitSink(folderSink(output), 4096)
  await runAltExport({ base: server.base, definition: COHORT, plan, sink, workers: 1, chunkBytes: 8192 })
  const written = JSON.parse(String(filesIn(output).get('_completed_run.xjson')))
  t.ok(written.output.length > 10)
  t.strictSame(
    written.output.map(({ url, sizebytes }: { url: string; sizebytes: number }) => [url, sizebytes]),
    [...filesIn(output)].flatMap(([name, bytes]) =>
      /-\d+\.xndjson$/.test(name) ? [[name, bytes.length]] : [],
    ),
  )
  t.notOk('count' in written.output[0])
  t.strictSame(written.extractresults, { Observation: 360, Patient: 120 })
})

t.test('a complete export is reported, not repeated; another one needs --restart', async (t) => {
  const server = await serverWith(t, 120)
  const output = join(t.testdir(), 'out')
  for (const plan of [undefined, planFor()]) {
    const place = `${output}${plan === undefined ? '' : '2'}`
    const first = await altExportTo(server, place, { plan, idsPerItem: 50 })
    server.forgetRequests()
    t.strictSame(await altExportTo(server, place, { plan }), first)
    t.equal(server.requests.length, 0, 'the server is not asked')
    const definition = { ...COHORT, query: 'Patient?active=true' }
    t.equal(await codeOf(altExportTo(server, place, { plan, definition })), 'SINK_CONFLICT')
    const again = await altExportTo(server, place, { plan, definition, restart: true })
    t.match(again, { ids: { unique: 60 }, isComplete: true, items: 2 })
    t.strictSame(
      [...filesIn(place).keys()],
      ['Observation-1.xndjson', 'Patient-1.xndjson', '_completed_run.xjson', 'run.json'],
      'what the new export has not is gone',
    )
    t.equal(idsIn(place, /^Patient/).size, 60)
  }
})

t.test('an unfinished export goes on with another configuration, for all of it', async (t) => {
  const server = await serverWith(t, 60)
  const output = join(t.testdir(), 'out')
  const options = { idsPerItem: 50 }
  server.script({
    on: { path: '^Observation.*p051' },
    when: 'always',
    act: { kind: 'outcome', status: 422, diagnostics: '' },
  })
  t.match(await altExportTo(server, output, { ...options, plan: planFor() }), { isComplete: false })
  server.heal()
  const plan = planFor(KEEP_ALL)
  const report = await altExportTo(server, output, { ...options, plan })
  t.match(report, {
    isComplete: true,
    isContinued: true,
    run: { items: { committed: 4, finishedBefore: 0 } },
  })
  const found = idsIn(output, /xndjson$/)
  t.strictSame([found.size, found.get('Patient/p001')], [240, 1], 'nothing hashed by the other one is left')
  t.strictSame(await altExportTo(server, output, { ...options, plan }), report)
})

t.test('nothing of a patient is shown or kept outside the outputs', async (t) => {
  const server = await serverWith(t, 30)
  const output = join(t.testdir(), 'out')
  const { events, onEvent } = listenToAltExport()
  const statuses: unknown[] = []
  const definition = { ...COHORT, query: 'Patient?family=CANARY-FAMILY-1&_count=50' }
  await altExportTo(server, output, {
    definition,
    plan: planFor(),
    onEvent,
    onStatus: (status) => statuses.push(status),
  })
  const shown = JSON.stringify([events, statuses])
  t.notMatch(shown, /CANARY|p00\d|_id=|patient=/)
  const kept = [...filesIn(`${output}.sluice`)]
  t.notMatch(kept.map(([, bytes]) => bytes.toString()).join(''), /CANARY|p00\d/)
  t.notMatch(
    [...filesIn(output)].filter(([name]) => /json$/.test(name)).join(''),
    /CANARY/,
    'neither in what recipients get',
  )
})

t.test('an empty cohort exports only what needs no ids', async (t) => {
  const server = await serverWith(t, 5)
  const definition = { ...COHORT, query: 'Patient?family=NOBODY' }
  const { events, onEvent } = listenToAltExport()
  const report = await altExportTo(server, join(t.testdir(), 'out'), { definition, onEvent })
  t.match(report, { items: 0, isComplete: true, isEmpty: true, ids: { unique: 0 } })
  t.equal(server.requests.length, 1)
  t.match(
    events.filter(({ event }) => event === 'alt-export.empty'),
    [{ level: 'warn' }],
  )
})

t.test('with a clock ahead of the server, the next export begins at the time of the server', async (t) => {
  const server = await startFhirServer()
  t.teardown(() => server.close())
  server.seed([
    { resourceType: 'Observation', id: 'o', status: 'final', meta: { lastUpdated: '2026-01-01T00:00:00Z' } },
  ])
  const definition: AltExportDefinition = {
    kind: 'type',
    type: 'Observation',
    slices: 1,
    minSliceSeconds: 1,
    pageCount: 50,
  }
  const began = Date.now()
  const now = () => new Date(Date.now() + 3_600_000)
  const { until = '' } = await altExportTo(server, join(t.testdir(), 'out'), { definition, now })
  const lateMs = Date.parse(until) - began
  t.ok(lateMs < 2000 && lateMs > -600_000, `${lateMs} ms after the start by the server's clock`)
  const past = '2026-02-01T00:00:00Z'
  const bounded = { ...definition, until: past }
  t.match(await altExportTo(server, join(t.testdir(), 'past'), { definition: bounded, now }), { until: past })
})

t.test('all of a type in slices: ge and lt, no gap, no overlap, up to the start of the run', async (t) => {
  const server = await startFhirServer({ links: 'shuffled' })
  t.teardown(() => server.close())
  const start = Date.parse('2026-01-01T00:00:00Z')
  server.seed(
    Array.from({ length: 500 }, (_, n) => ({
      resourceType: 'Observation',
      id: `o${n}`,
      status: 'final',
      // Most of them within one hour.
      meta: {
        lastUpdated: new Date(start + (n < 400 ? 5 * 86_400_000 + n * 9000 : n * 86_400)).toISOString(),
      },
    })),
  )
  const definition: AltExportDefinition = {
    kind: 'type',
    type: 'Observation',
    since: '2026-01-01T00:00:00Z',
    slices: 4,
    minSliceSeconds: 1,
    pageCount: 50,
  }
  const output = join(t.testdir(), 'out')
  const startedAt = '2026-02-01T00:00:00.000Z'
  const report = await altExportTo(server, output, { definition, now: () => new Date(startedAt) })
  t.match(report, { isComplete: true, until: startedAt, kind: 'type' })
  t.ok(report.items >= 4 && report.items <= 8, `${report.items} slices`)
  const found = idsIn(output, /^Observation-\d+\.xndjson$/)
  t.equal(found.size, 500)
  t.ok([...found.values()].every((count) => count === 1))
  const windows = server.requests
    .map(({ path }) => decodeURIComponent(path))
    .filter((path) => path.startsWith('Observation?_count=50&') && !path.includes('ct='))
    .map(
      (path) => /^Observation\?_count=50&_lastUpdated=ge(.*)&_lastUpdated=lt(.*)$/.exec(path)?.slice(1) ?? [],
    )
    .toSorted()
  t.equal(windows[0]?.[0], '2026-01-01T00:00:00Z')
  t.equal(windows.at(-1)?.[1], startedAt)
  for (const [at, window] of windows.entries())
    if (at > 0) t.equal(window[0], windows[at - 1]?.[1], 'each begins where the last one ends')
  const counts = [...filesIn(output)]
    .filter(([name]) => name.endsWith('.xndjson'))
    .map(([, bytes]) => bytes.toString().trimEnd().split('\n').length)
  t.ok(Math.max(...counts) <= 125, `even slices: ${counts}`)
})
