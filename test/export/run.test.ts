// Holds src/export/options.ts, src/export/connection.ts, src/fhir-client/retry-fields.ts, src/fhir-client/connect.ts, src/export/contents.ts, src/fhir-client/server.ts,
// src/export/server-job.ts, src/export/job/job.ts, src/export/job/kick-off.ts,
// src/export/download/manifest-source.ts, src/export/download/outcome-files.ts.

import { join } from 'node:path'
import t from 'tap'
import { type Answer, outcome, startBadServer } from '../support/bad-fhir-server.js'
import { elementAt, firstOf } from '../support/elements.js'
import { exportTo, lines, listenToExport, observationLine, patientLine } from '../support/export-run.js'
import { codeOf, filesIn, outputsIn, planFor, run, writeFiles } from '../support/pipeline-run.js'

const FILES = {
  Patient: [lines(40, patientLine), lines(40, patientLine, 40)],
  Observation: [lines(300, observationLine)],
}

t.test('an export is the same as its files anonymized, and nothing raw is stored', async (t) => {
  const folder = t.testdir()
  const input = writeFiles(join(folder, 'in'), {
    'Patient.1.ndjson': firstOf(FILES.Patient),
    'Patient.2.ndjson': elementAt(FILES.Patient, 1),
    'Observation.1.ndjson': firstOf(FILES.Observation),
  })
  await run(input, join(folder, 'expected'))
  for (const tags of ['strong', 'none'] as const)
    for (const gzip of [false, true]) {
      const server = await startBadServer(t, { files: FILES, tags, gzip, pollsBefore: 1 })
      const output = join(folder, `${tags}-${gzip}`)
      const { events, onEvent } = listenToExport()
      const report = await exportTo(server, output, { onEvent })
      t.strictSame(outputsIn(output), outputsIn(join(folder, 'expected')))
      t.equal(report.transactionTime, '2026-11-21T01:00:00.000Z')
      t.match(report, { isComplete: true, isReleased: true, isContinued: false, files: { output: 3 } })
      t.equal(server.count('DELETE', /^\/status\/1$/), 1, 'the job is released')
      t.match(
        events.filter(({ event }) => event === 'export.polled'),
        [{ progress: '0 polls' }],
      )
      const kept = [...filesIn(`${output}.sluice`).values(), ...filesIn(output).values()].join('')
      t.notMatch(kept, /CANARY/, 'no raw data anywhere')
      t.notMatch(
        [...filesIn(`${output}.sluice`).keys()].join(' '),
        /pins/,
        'nothing is left of the downloads',
      )
    }
})

t.test('a complete export is reported, not repeated; another request needs --restart', async (t) => {
  const server = await startBadServer(t, { files: FILES })
  const output = join(t.testdir(), 'out')
  const first = await exportTo(server, output)
  const before = server.asked.length
  t.strictSame(await exportTo(server, output), first)
  t.equal(server.asked.length, before, 'the server is not asked')
  const request = { level: 'patient', parameters: [['_type', 'Patient']] } as const
  t.equal(await codeOf(exportTo(server, output, { request })), 'SINK_CONFLICT')
  server.plan = { files: { Patient: FILES.Patient.slice(0, 1) } }
  const again = await exportTo(server, output, { request, restart: true })
  t.equal(again.isComplete, true)
  t.strictSame([...outputsIn(output).keys()], ['Patient.1.ndjson'], 'what the new export has not is gone')
})

t.test('what is asked of the server', async (t) => {
  const table = [
    [{ level: 'system', parameters: [] }, '/fhir/$export'],
    [{ level: 'patient', parameters: [] }, '/fhir/Patient/$export'],
    [{ level: 'group', groupId: 'a/b', parameters: [] }, '/fhir/Group/a%2Fb/$export'],
    [
      {
        level: 'system',
        parameters: [
          ['_type', 'Patient'],
          ['_type', 'Observation'],
          ['_since', '2026-01-01T00:00:00+01:00'],
          ['_typeFilter', 'Observation?code=a,b'],
          ['_maxCount', '5'],
          ['_container', 'c'],
        ],
      },
      '/fhir/$export?_type=Patient%2CObservation&_since=2026-01-01T00%3A00%3A00%2B01%3A00&_typeFilter=Observation%3Fcode%3Da%252Cb&_maxCount=5&_container=c',
    ],
  ] as const
  for (const [number, [request, url]] of table.entries()) {
    const server = await startBadServer(t, { files: {} })
    await exportTo(server, join(t.testdir(), String(number)), { request })
    const [asked] = server.asked
    t.match(asked, { method: 'GET', url })
    t.match(asked?.headers, { accept: 'application/fhir+json', prefer: 'respond-async' })
  }
  const server = await startBadServer(t, { files: {} })
  const parameters = [
    ['patient', 'p1'],
    ['patient', 'Patient/p2'],
    ['_since', '2026-01-01T00:00:00Z'],
    ['allowPartialManifests', 'true'],
  ] as const
  const output = join(t.testdir(), 'post')
  await exportTo(server, output, { request: { level: 'patient', parameters, lenient: true } })
  t.match(server.asked[0], { method: 'POST', url: '/fhir/Patient/$export' })
  t.match(server.asked[0]?.headers, {
    'content-type': 'application/fhir+json',
    prefer: 'respond-async, handling=lenient',
  })
  t.strictSame(JSON.parse(server.asked[0]?.body ?? ''), {
    resourceType: 'Parameters',
    parameter: [
      { name: 'patient', valueReference: { reference: 'Patient/p1' } },
      { name: 'patient', valueReference: { reference: 'Patient/p2' } },
      { name: '_since', valueInstant: '2026-01-01T00:00:00Z' },
      { name: 'allowPartialManifests', valueBoolean: true },
    ],
  })
  const request = { level: 'system', parameters } as const
  t.equal(await codeOf(exportTo(server, join(t.testdir(), 'bad'), { request })), 'USAGE')
})

t.test('outcome files are counted; their texts stay in the state', async (t) => {
  const said = (severity: string, code: string) =>
    `${JSON.stringify({ resourceType: 'OperationOutcome', issue: [{ severity, code, diagnostics: 'CANARY' }] })}\n`
  const outcomes = [
    said('error', 'not-found') + said('error', 'not-found'),
    `${said('warning', 'John Doe')}junk\n`,
  ]
  const server = await startBadServer(t, { files: {}, outcomes })
  const output = join(t.testdir(), 'out')
  const { events, onEvent } = listenToExport()
  const report = await exportTo(server, output, { onEvent })
  t.strictSame(report.issues, { 'error/not-found': 2, 'warning/unknown': 1, 'unknown/unknown': 1 })
  t.notMatch(JSON.stringify([events, report]), /CANARY|John/)
  t.match(filesIn(`${output}.sluice`).get('export/outcomes.ndjson')?.toString(), /CANARY/)
  t.notMatch([...filesIn(output).values()].join(''), /CANARY/)
})

t.test('raw files are kept as they are where that is asked for', async (t) => {
  const server = await startBadServer(t, { files: FILES })
  const output = join(t.testdir(), 'out')
  const report = await exportTo(server, output, { plan: undefined })
  t.equal(report.isComplete, true)
  t.equal(filesIn(output).get('Patient.2.ndjson')?.toString(), FILES.Patient[1])
})

t.test('what a lost or cancelled job left in the sink goes with the next job of the export', async (t) => {
  const gone = (): Answer => outcome(410, 'deleted')
  for (const plan of [planFor(), undefined])
    for (const restart of [false, true]) {
      const server = await startBadServer(t, {
        files: { Patient: [...FILES.Patient, ...FILES.Observation] },
        manifest: (manifest) => ({ ...manifest, output: withoutTypes(manifest) }),
        file: ({ url }) => (url.endsWith('/1') ? gone() : undefined),
      })
      const output = join(t.testdir(), `${restart}`)
      t.equal((await exportTo(server, output, { plan })).isComplete, false)
      t.ok(filesIn(output).has('Resource.3.ndjson'))
      if (!restart) server.forgetJobs()
      server.plan = {
        files: FILES,
        manifest: (manifest) => ({ ...manifest, output: withoutTypes(manifest).slice(0, 2) }),
      }
      t.equal((await exportTo(server, output, { plan, restart })).isComplete, true)
      t.strictSame([...outputsIn(output).keys()], ['Resource.1.ndjson', 'Resource.2.ndjson'])
    }
})

const withoutTypes = ({ output }: Record<string, unknown>): object[] =>
  (output as { readonly url: string; readonly count: number }[]).map(({ url, count }) => ({ url, count }))
