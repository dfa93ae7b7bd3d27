// Holds src/export/download/download.ts, src/export/download/pin.ts.

import { join } from 'node:path'
import t from 'tap'
import { outcome, startBadServer } from '../../support/bad-fhir-server.js'
import { firstOf } from '../../support/elements.js'
import {
  announcing,
  expectedOutputs,
  FILES,
  HTML,
  observations,
  type Refused,
} from '../../support/export-faults.js'
import { exportTo, lines, listenToExport, observationLine, patientLine } from '../../support/export-run.js'
import { filesIn, outputsIn } from '../../support/pipeline-run.js'

t.jobs = 3

const expected = await expectedOutputs(t)

const unreadable: Readonly<Record<string, Refused>> = {
  'a file that is gone': {
    plan: { file: observations(99, () => outcome(410, 'deleted')) },
    code: 'SOURCE_UNREADABLE',
  },
  'a page of a gateway for good': { plan: { file: observations(99, () => HTML) }, code: 'SOURCE_UNREADABLE' },
  'a file shorter than its size': {
    plan: { manifest: announcing({ fileSize: firstOf(FILES.Observation).length + 1 }) },
    code: 'SOURCE_INCOMPLETE',
  },
  'a file shorter than its count': {
    plan: {
      files: { ...FILES, Observation: [lines(399, observationLine)] },
      manifest: announcing({ count: 400 }),
    },
    code: 'SOURCE_INCOMPLETE',
  },
  'a file longer than its count': {
    plan: {
      files: { ...FILES, Observation: [lines(401, observationLine)] },
      manifest: announcing({ count: 400 }),
    },
    code: 'SOURCE_INCOMPLETE',
  },
  'another type than announced': {
    plan: { files: { ...FILES, Observation: [lines(300, observationLine) + lines(100, patientLine)] } },
    code: 'SOURCE_INCOMPLETE',
  },
  'a file that changes while its connection is lost': {
    plan: {
      tags: 'none',
      file: observations(2, (good, nth) =>
        nth === 1
          ? { ...good, stallAfter: 30_000 }
          : { ...good, body: String(good.body).replaceAll('weight', 'height') },
      ),
    },
    options: { silenceMs: 400 },
    code: 'SOURCE_CHANGED',
  },
  'a file whose tag changes while its connection is lost': {
    plan: {
      file: observations(2, (good, nth) =>
        nth === 1
          ? { ...good, stallAfter: 30_000 }
          : { status: 200, headers: { etag: '"2"' }, body: good.body },
      ),
    },
    options: { silenceMs: 400 },
    code: 'SOURCE_CHANGED',
  },
  'an encoding nobody asked for': {
    plan: { file: observations(99, (good) => ({ ...good, headers: { 'content-encoding': 'br' } })) },
    code: 'SOURCE_UNREADABLE',
  },
}

for (const [name, { plan, options, code }] of Object.entries(unreadable))
  t.test(`${name} costs that file (${code}), the rest is delivered, a later run completes it`, async (t) => {
    const server = await startBadServer(t, { files: FILES, ...plan })
    const output = join(t.testdir(), 'out')
    const report = await exportTo(server, output, options)
    t.match(report, { isComplete: false, isReleased: false })
    t.match(report.run.failed, [{ item: 'Observation.1.ndjson', code }])
    t.strictSame([...filesIn(output).keys()], ['Patient.1.ndjson'], 'nothing half-written, and no run.json')
    t.equal(server.count('DELETE', /./), 0, 'the job is kept')
    server.plan = { files: FILES }
    const again = await exportTo(server, output)
    t.match(again, { isComplete: true, isContinued: true, isReleased: true })
    t.equal(server.count('GET', /\$export/), 1, 'it is the same job')
    t.strictSame(outputsIn(output), expected)
  })

t.test('a broken download asks for the rest only, by the version it began with', async (t) => {
  const server = await startBadServer(t, {
    files: FILES,
    file: observations(1, (good) => ({ ...good, stallAfter: 30_000 })),
  })
  await exportTo(server, join(t.testdir(), 'out'), { silenceMs: 400 })
  const asked = server.asked.filter(({ url }) => url.includes('Observation'))
  t.equal(asked.length, 2)
  t.match(asked[1]?.headers, { range: 'bytes=30000-', 'if-range': /^"/, 'accept-encoding': 'identity' })
})

t.test('a count that is wrong only warns where that is asked for', async (t) => {
  const server = await startBadServer(t, { files: FILES, manifest: announcing({ count: 7 }) })
  const { events, onEvent } = listenToExport()
  const report = await exportTo(server, join(t.testdir(), 'out'), { onEvent, onMismatch: 'warn' })
  t.equal(report.isComplete, true)
  t.match(
    events.filter(({ event }) => event === 'export.mismatch'),
    [{ item: 'Observation.1.ndjson', announced: 7, found: 400 }],
  )
})
