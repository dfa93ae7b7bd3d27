// Holds src/runs/deliver.ts.

import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { AltExportDefinition } from '../../src/alt-export/definition.js'
import type { Pipeline } from '../../src/runs/pipeline.js'
import { runOnce } from '../../src/runs/run-once.js'
import { folderLake } from '../../src/storage/folder/folder.js'
import { startFhirServer, type TestFhirServer } from '../fhir-server/server.js'
import { COHORT, cohortResources, idsIn } from '../support/alt-export-run.js'
import { codeOf, KEEP_ALL, planFor } from '../support/pipeline-run.js'

async function serverWith(t: Test): Promise<TestFhirServer> {
  const server = await startFhirServer()
  t.teardown(() => server.close())
  server.seed(cohortResources(20))
  return server
}

const pipelineFrom = (
  { base }: TestFhirServer,
  place: string,
  definition: AltExportDefinition,
  onlyNew = false,
): Pipeline => ({
  source: { kind: 'queries', options: { base, definition } },
  plan: planFor(KEEP_ALL),
  lake: folderLake(join(place, 'lake')),
  layout: 'dated',
  onlyNew,
  settings: { workers: 1 },
})

t.test('a pipeline whose source is a query delivers the cohort as a whole, each time', async (t) => {
  const server = await serverWith(t)
  const place = t.testdir()
  const pipeline = pipelineFrom(server, place, COHORT)
  for (const now of ['2026-11-21T01:00:00Z', '2026-11-22T01:00:00Z']) {
    const result = await runOnce(pipeline, { now: () => new Date(now) })
    t.match(result, { isEmpty: false, report: { lines: { delivered: 80 } } })
    t.equal(idsIn(join(place, 'lake', result.run), /xndjson$/).size, 80)
  }
})

t.test('with onlyNew a type is exported from where the last run ended', async (t) => {
  const server = await serverWith(t)
  const place = t.testdir()
  const definition: AltExportDefinition = {
    kind: 'type',
    type: 'Observation',
    slices: 1,
    minSliceSeconds: 1,
    pageCount: 50,
  }
  const pipeline = pipelineFrom(server, place, definition, true)
  const first = await runOnce(pipeline, {})
  t.equal(first.report.lines.delivered, 60)
  t.match(first.transactionTime, /^\d{4}-.*Z$/)
  const later = new Date(Date.parse(first.transactionTime ?? '') + 1).toISOString()
  server.seed([{ resourceType: 'Observation', id: 'new', status: 'final', meta: { lastUpdated: later } }])
  const second = await runOnce(pipeline, {})
  t.equal(second.since, first.transactionTime)
  t.strictSame([...idsIn(join(place, 'lake', second.run), /xndjson$/).keys()], ['Observation/new'])
})

t.test('a run that fails is resumed in its folder', async (t) => {
  const server = await serverWith(t)
  const place = t.testdir()
  const pipeline = pipelineFrom(server, place, COHORT)
  server.script({ on: { path: '^Observation' }, when: 'always', act: { kind: 'answer', status: 403 } })
  t.equal(await codeOf(runOnce(pipeline, {})), 'AUTH_FAILED')
  server.heal()
  server.forgetRequests()
  const result = await runOnce(pipeline, {})
  t.match(result, { isResumed: true, report: { lines: { delivered: 80 } } })
  t.notOk(
    server.requests.some(({ path }) => path === 'Patient?_count=50'),
    'the ids are not gathered again',
  )
})
