// Holds src/runs/volume.ts.

import { join } from 'node:path'
import t from 'tap'
import type { RunEntry } from '../../src/pipeline/layout.js'
import { writeRuns } from '../../src/pipeline/layout.js'
import type { Pipeline, PipelineEvent } from '../../src/runs/pipeline.js'
import { type Retention, removeOldRuns } from '../../src/runs/retention.js'
import { runOnce } from '../../src/runs/run-once.js'
import { folderLake, folderSource } from '../../src/storage/folder/folder.js'
import { type BadServer, type Plan, startBadServer } from '../support/bad-fhir-server.js'
import { lines, observationLine, patientLine } from '../support/export-run.js'
import { filesIn, KEEP_ALL, planFor, writeFiles } from '../support/pipeline-run.js'

t.jobs = 3

const DELETED = `${JSON.stringify({
  resourceType: 'Bundle',
  type: 'transaction',
  entry: [{ request: { method: 'DELETE', url: 'Patient/p1' } }],
})}\n`
const OUTCOME = `${JSON.stringify({
  resourceType: 'OperationOutcome',
  issue: [{ severity: 'warning', code: 'informational' }],
})}\n`

const FULL: Plan = { files: { Patient: [lines(3, patientLine)] } }

/** What a server says that has turned empty, and whether `allowEmpty` makes that a success. */
const NOTHING: Readonly<Record<string, Partial<Plan>>> = {
  'a manifest without files': { files: {} },
  'a manifest without output': { files: {}, manifest: ({ output: _, ...rest }) => rest },
  'files of 0 lines': { files: { Patient: [''], Observation: ['', ''] } },
  'files of blank lines': { files: { Patient: ['\n\n'] } },
  'deletions only': { files: {}, deleted: [DELETED] },
  'outcomes only': { files: {}, outcomes: [OUTCOME] },
}

const pipelineFrom = (server: BadServer, place: string, more: Partial<Pipeline> = {}): Pipeline => ({
  source: {
    kind: 'server',
    onServerErrors: 'fail',
    options: { base: server.base, request: { level: 'system', parameters: [] }, pollIntervalMs: 1000 },
  },
  plan: planFor(KEEP_ALL),
  lake: folderLake(join(place, 'lake')),
  layout: 'dated',
  onlyNew: false,
  settings: { workers: 1 },
  retention: { keepLast: 1 },
  ...more,
})

for (const [name, plan] of Object.entries(NOTHING))
  for (const allowEmpty of [false, true])
    t.test(
      `a server that turns empty (${name}) removes no good run${allowEmpty ? ', also where allowed' : ''}`,
      async (t) => {
        const server = await startBadServer(t, FULL)
        const place = t.testdir()
        const pipeline = pipelineFrom(server, place, { allowEmpty })
        const events: PipelineEvent[] = []
        const hooks = { onEvent: (event: { event: string }) => void events.push(event as PipelineEvent) }
        const good = await runOnce(pipeline)
        t.match(good, { isEmpty: false, isEmptyFailure: false })
        server.plan = { ...FULL, ...plan }
        for (let night = 0; night < 2; night += 1)
          t.match(await runOnce(pipeline, hooks), { isEmpty: true, isEmptyFailure: !allowEmpty })
        t.ok(filesIn(join(place, 'lake')).has(`${good.run}/run.json`), 'the good run stays')
        t.match(events.find(({ event }) => event === 'pipeline.empty')?.level, 'warn')
        server.plan = FULL
        const again = await runOnce(pipeline)
        t.ok(again.removed.includes(good.run), 'a good one takes its place')
      },
    )

t.test('an increment without changes is a success and lets nothing expire', async (t) => {
  const server = await startBadServer(t, FULL)
  const place = t.testdir()
  const pipeline = pipelineFrom(server, place, { onlyNew: true })
  const full = await runOnce(pipeline)
  server.plan = { files: {} }
  const events: PipelineEvent[] = []
  for (let night = 0; night < 3; night += 1) {
    const report = await runOnce(pipeline, { onEvent: (event) => void events.push(event as PipelineEvent) })
    t.match(report, { isEmpty: true, isEmptyFailure: false, isIncrement: true, since: /^2026/ })
    t.ok(filesIn(join(place, 'lake')).has(`${full.run}/run.json`))
  }
  t.notOk(events.some(({ event, level }) => event === 'pipeline.empty' && level === 'warn'))
})

t.test('a first run of nothing is not where increments begin', async (t) => {
  const server = await startBadServer(t, { files: {} })
  const place = t.testdir()
  const pipeline = pipelineFrom(server, place, { onlyNew: true })
  t.match(await runOnce(pipeline), { isEmptyFailure: true })
  server.plan = FULL
  const second = await runOnce(pipeline)
  t.match(second, { isEmptyFailure: false, since: undefined, report: { lines: { delivered: 3 } } })
})

t.test('a store that turns empty removes no good run', async (t) => {
  const place = t.testdir()
  const store = (folder: string): Pipeline['source'] => ({
    kind: 'store',
    source: folderSource(join(place, folder)),
  })
  writeFiles(join(place, 'in'), { 'Patient.ndjson': lines(2, patientLine) })
  writeFiles(join(place, 'none'), {})
  writeFiles(join(place, 'blank'), { 'Patient.ndjson': '', 'Observation.ndjson': '\n' })
  writeFiles(join(place, 'rejected'), { 'Patient.ndjson': '{"resourceType":"Nothing"}\n' })
  const base = {
    name: 'nightly',
    plan: planFor(KEEP_ALL),
    lake: folderLake(join(place, 'lake')),
    layout: 'dated',
    onlyNew: false,
    settings: { workers: 1 },
    retention: { keepLast: 1 },
  } as const
  const good = await runOnce({ ...base, source: store('in') })
  t.match(await runOnce({ ...base, source: store('none') }), { isEmptyFailure: true, removed: [] })
  t.match(await runOnce({ ...base, source: store('blank') }), { isEmptyFailure: true, removed: [] })
  t.match(await runOnce({ ...base, source: store('rejected') }), {
    isEmptyFailure: false,
    isEmpty: true,
    report: { lines: { quarantined: 1 } },
  })
  t.ok(filesIn(join(place, 'lake')).has(`${good.run}/run.json`))
})

t.test('requested types that did not come are named', async (t) => {
  const server = await startBadServer(t, {
    files: { Patient: [lines(3, patientLine)], Observation: [''], Condition: [] },
  })
  const place = t.testdir()
  const types = ['Patient', 'Observation', 'Condition,Encounter', 'Patient']
  const pipeline = pipelineFrom(server, place, {
    source: {
      kind: 'server',
      onServerErrors: 'fail',
      options: {
        base: server.base,
        request: { level: 'system', parameters: types.map((type) => ['_type', type] as const) },
        pollIntervalMs: 1000,
      },
    },
  })
  const events: { event: string; level: string; types?: unknown }[] = []
  const report = await runOnce(pipeline, { onEvent: (event) => void events.push(event) })
  t.same(report.missingTypes, ['Condition', 'Encounter', 'Observation'])
  t.match(
    events.find(({ event }) => event === 'export.types-missing'),
    { level: 'warn', types: ['Condition', 'Encounter', 'Observation'] },
  )
})

t.test('a full run that shrank to less than a tenth holds retention back, once', async (t) => {
  const server = await startBadServer(t, { files: { Observation: [lines(200, observationLine)] } })
  const place = t.testdir()
  const pipeline = pipelineFrom(server, place)
  const events: { event: string; level: string }[] = []
  const onEvent = (event: { event: string; level: string }) => void events.push(event)
  const good = await runOnce(pipeline, { onEvent })
  server.plan = { files: { Observation: [lines(19, observationLine)] } }
  t.same((await runOnce(pipeline, { onEvent })).removed, [])
  t.match(
    events.filter(({ level }) => level === 'warn').map(({ event }) => event),
    ['pipeline.shrank', 'retention.held'],
  )
  t.ok((await runOnce(pipeline)).removed.includes(good.run), 'it stayed so: it is the new size')
})

t.test('an allowed empty run between does not hide that a full one shrank', async (t) => {
  const server = await startBadServer(t, { files: { Observation: [lines(200, observationLine)] } })
  const pipeline = { ...pipelineFrom(server, t.testdir()), allowEmpty: true }
  const good = await runOnce(pipeline)
  for (const count of [0, 0, 19]) {
    server.plan = { files: { Observation: [lines(count, observationLine)] } }
    t.same((await runOnce(pipeline)).removed, [], `${count} lines remove nothing`)
  }
  t.ok((await runOnce(pipeline)).removed.includes(good.run), 'it stayed so: it is the new size')
})

const NOW = new Date('2026-11-21T12:00:00Z')
const DAYS = ['11', '12', '13', '14', '15', '16']

/** Runs of these days, oldest first; `e` for one that holds nothing. */
const KEPT: readonly (readonly [runs: string, retention: Retention, removed: readonly string[]])[] = [
  ['ffee', { keepLast: 1 }, ['11', '13']],
  ['ffee', { keepLast: 2 }, []],
  ['fefe', { keepLast: 2 }, ['12']],
  ['fffe', { keepLast: 2 }, ['11']],
  ['eeee', { keepLast: 1 }, ['11', '12', '13']],
  ['feeeee', { keepLast: 3 }, ['12', '13']],
  ['feeeee', { olderThanDays: 1 }, ['12', '13', '14', '15']],
  ['ffeeee', { keepLast: 1, olderThanDays: 9 }, ['11']],
]

for (const [runs, retention, removed] of KEPT)
  t.test(
    `of the runs ${runs}, ${JSON.stringify(retention)} removes ${removed.join(', ') || 'none'}`,
    async (t) => {
      const lake = folderLake(join(t.testdir(), 'lake'))
      const folders = DAYS.slice(0, runs.length)
      for (const folder of folders) await lake.sink(folder).put('run.json', '{}')
      const entries: RunEntry[] = folders.map((folder) => ({
        folder,
        fingerprint: 'f',
        family: 'ours',
        at: `2026-11-${folder}T01:00:00Z`,
      }))
      await writeRuns(lake.state, entries)
      const empty = new Set(folders.filter((_, at) => runs[at] === 'e'))
      const request = { retention, family: 'ours', complete: new Set(folders), empty, now: NOW }
      t.same(await removeOldRuns(lake, request), removed)
    },
  )
