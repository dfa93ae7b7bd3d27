// Holds src/alt-export/items/key-record.ts.

import { createHash } from 'node:crypto'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { KeyRecord, readKeys } from '../../../src/alt-export/items/key-record.js'
import { KEY_BYTES } from '../../../src/alt-export/items/key-table.js'
import { Ownership } from '../../../src/alt-export/items/ownership.js'
import { folderSink } from '../../../src/storage/folder/folder.js'
import { startFhirServer } from '../../fhir-server/server.js'
import {
  altExportTo,
  COHORT,
  cohortResources,
  idsIn,
  listenToAltExport,
} from '../../support/alt-export-run.js'
import { codeOf, planFor } from '../../support/pipeline-run.js'

const keyOf = (text: string): Buffer => createHash('sha256').update(text).digest().subarray(0, KEY_BYTES)
const [A, B] = [keyOf('Practitioner/a'), keyOf('Practitioner/b')]

t.test('a record is read only when it is whole, and only for its version', async (t) => {
  const { state } = folderSink(join(t.testdir(), 'out'))
  const record = await KeyRecord.create(state, 'Patient-1.xndjson', 'v1')
  record.wrote(A)
  record.left(B)
  await record.append()
  t.equal(await readKeys(state, 'Patient-1.xndjson'), undefined, 'not yet')
  await record.complete()
  await record.close()
  const kept = await readKeys(state, 'Patient-1.xndjson')
  t.equal(kept?.version, 'v1')
  const seen: unknown[] = []
  kept?.each((key, isWritten) => seen.push([key.toString('hex'), isWritten]))
  t.strictSame(seen, [
    [A.toString('hex'), true],
    [B.toString('hex'), false],
  ])
  const again = await KeyRecord.create(state, 'Patient-1.xndjson', 'v2')
  await again.close()
  t.equal(await readKeys(state, 'Patient-1.xndjson'), undefined, 'it is being read anew')
})

t.test('the first reading takes a resource; one that fails gives it back', async (t) => {
  const { state } = folderSink(join(t.testdir(), 'out'))
  const ownership = await Ownership.open(state, 'job', ['x', 'y'])
  const [x, y] = [ownership.begin('x'), ownership.begin('y')]
  t.equal(ownership.take(A, x), 'taken')
  t.equal(ownership.take(A, x), 'own')
  t.equal(ownership.take(A, y), 'left')
  ownership.lose(x)
  t.equal(ownership.take(A, y), 'taken')
  const again = ownership.begin('x')
  t.equal(ownership.take(A, again), 'left')
  t.equal(ownership.take(B, again), 'taken')
})

t.test('what an earlier run read keeps its version; anything else gets a new one each time', async (t) => {
  const { state } = folderSink(join(t.testdir(), 'out'))
  const first = await Ownership.open(state, 'job', ['x', 'y'])
  const record = await KeyRecord.create(state, 'x', first.versionOf('x'))
  record.wrote(A)
  await record.complete()
  await record.close()
  const second = await Ownership.open(state, 'job', ['x', 'y'])
  t.equal(second.versionOf('x'), first.versionOf('x'))
  t.not(second.versionOf('y'), first.versionOf('y'))
  t.equal(second.take(A, second.begin('y')), 'left', 'x wrote it')
  const other = await Ownership.open(state, 'another job', ['x'])
  t.not(other.versionOf('x'), first.versionOf('x'))
})

/**
 * Patient-1 takes the practitioners and is then held up; Observation-1 leaves them to it and is committed; the run ends.
 */
async function lostOwner(t: Test) {
  const server = await startFhirServer()
  t.teardown(() => server.close())
  server.seed(cohortResources(60))
  server.script(
    { on: { path: '^Patient\\?_id=.*ct=' }, when: 'always', act: { kind: 'hang' } },
    { on: { path: '^Observation' }, act: { kind: 'delay', ms: 400 } },
  )
  const definition = {
    ...COHORT,
    include: [
      'Patient?_id=$IDS&_include=Patient:general-practitioner&_count=10',
      'Observation?patient=$IDS&_include=Observation:performer&_count=100',
    ],
  }
  const output = join(t.testdir(), 'out')
  const stop = new AbortController()
  const code = await codeOf(
    altExportTo(server, output, {
      definition,
      plan: planFor({ fhirVersion: 'R4', fhirPathRules: [], parameters: {} }),
      signal: stop.signal,
      onEvent: ({ event, item }) => {
        if (event === 'item.committed' && item === 'Observation-1.xndjson') stop.abort()
      },
    }),
  )
  t.equal(code, 'INTERRUPTED')
  t.strictSame(
    [...idsIn(output, /xndjson$/).keys()].filter((key) => key.startsWith('Pr')),
    [],
    'nobody wrote the practitioners yet',
  )
  server.heal()
  server.forgetRequests()
  const { events, onEvent } = listenToAltExport()
  const resume = () =>
    altExportTo(server, output, {
      definition,
      plan: planFor({ fhirVersion: 'R4', fhirPathRules: [], parameters: {} }),
      onEvent,
    })
  const asked = (type: string): boolean => server.requests.some(({ path }) => path.startsWith(type))
  return { server, output, resume, events, asked }
}

const practitioners = (output: string): readonly (readonly [string, number])[] =>
  [...idsIn(output, /xndjson$/)].filter(([key]) => key.startsWith('Pr')).sort()

const EACH_ONCE = [1, 2, 3].map((n) => [`Practitioner/dr${n}`, 1])

t.test('where the owner was lost, it is read again and the others are kept', async (t) => {
  const { output, resume, events, asked } = await lostOwner(t)
  const report = await resume()
  t.match(report, {
    isComplete: true,
    isContinued: true,
    run: { items: { finishedBefore: 1, committed: 1 } },
  })
  t.notOk(asked('Observation'), 'what is finished is not asked for again')
  t.strictSame(practitioners(output), EACH_ONCE)
  t.notOk(events.some(({ event }) => event === 'alt-export.repeated'))
})

t.test('where it no longer brings what others left to it, they are read again, too', async (t) => {
  const { server, output, resume, events, asked } = await lostOwner(t)
  for (const resource of server.resources().values())
    if (resource.resourceType === 'Patient') server.seed([{ ...resource, generalPractitioner: undefined }])
  const report = await resume()
  t.match(report, { isComplete: true, isContinued: true })
  t.ok(asked('Observation'))
  t.strictSame(practitioners(output), EACH_ONCE)
  t.match(
    events.filter(({ event }) => event === 'alt-export.repeated'),
    [{ pass: 1 }],
  )
  t.equal(idsIn(output, /xndjson$/).size, 60 + 180 + 3)
})
