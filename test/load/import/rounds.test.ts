// Holds src/load/import/staged-round.ts.

import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { runLoad } from '../../../src/load/run.js'
import { folderSource } from '../../../src/storage/folder/folder.js'
import { folderState } from '../../../src/storage/folder/folder-state.js'
import { startHapiImport } from '../../support/hapi-import.js'
import { type ImportSetting, importWith } from '../../support/import-run.js'

async function prepare(t: Test, input: Readonly<Record<string, string | Buffer>>) {
  const folder = t.testdir({ input })
  const server = await startHapiImport(t, { pollsBefore: 0 })
  const setting: ImportSetting = {
    base: server.base,
    input: join(folder, 'input'),
    stage: join(folder, 'stage'),
    state: join(folder, 'state'),
    target: 'hapi',
  }
  const errors = (): { item: string; ordinal: number; code: string; fate: string }[] =>
    readFileSync(join(folder, 'state/errors.ndjson'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((text) => JSON.parse(text))
  return { folder, server, setting, errors }
}

const PATIENT = 'urn:uuid:6f2a3f0e-0c1d-4a57-8a51-0f1e2d3c4b5a'
const bundle = (...resources: object[]): string =>
  JSON.stringify(
    {
      resourceType: 'Bundle',
      type: 'transaction',
      entry: resources.map(({ fullUrl, ...resource }: { fullUrl?: string }) => ({
        fullUrl,
        resource,
        request: { method: 'POST', url: (resource as { resourceType: string }).resourceType },
      })),
    },
    null,
    2,
  )

const BUNDLE = bundle(
  { resourceType: 'Patient', fullUrl: PATIENT, name: [{ text: 'a\\nb' }] },
  {
    resourceType: 'Encounter',
    id: 'e1',
    subject: { reference: PATIENT },
    participant: [{ individual: { reference: 'Practitioner?identifier=urn:x|7' } }],
  },
)
const PRACTITIONER = JSON.stringify({
  resourceType: 'Practitioner',
  id: 'dr7',
  identifier: [{ system: 'urn:x', value: '7' }],
})

t.test(
  'entries of a transaction are imported with their references resolved, in as many rounds as that takes',
  async (t) => {
    const { server, setting } = await prepare(t, { 'a.json': BUNDLE, 'b.ndjson': `${PRACTITIONER}\n` })
    t.match(await importWith(setting), { read: 3, loaded: 3, failed: 0, ambiguous: 0 })
    t.equal(server.fetched.length, 2, 'what refers to the practitioner comes after it')
    t.match(server.stored.get('Encounter/e1'), {
      subject: { reference: 'Patient/6f2a3f0e-0c1d-4a57-8a51-0f1e2d3c4b5a' },
      participant: [{ individual: { reference: 'Practitioner/dr7' } }],
    })
    t.match(await importWith(setting), { read: 3, loaded: 3, files: [] })
  },
)

t.test('what refers to something that never comes is rejected once nothing more is imported', async (t) => {
  const { server, setting, errors } = await prepare(t, { 'a.json': BUNDLE })
  t.match(await importWith(setting), { read: 2, loaded: 1, failed: 1, rejected: 1 })
  t.match(errors(), [{ item: 'a.json', ordinal: 1, fate: 'rejected', code: 'REFERENCE_UNRESOLVED' }])
  t.notOk(server.stored.has('Encounter/e1'))
})

// Not to be compressed further, so that lines of it are read before its end is missed.
const CUT_SHORT = gzipSync(
  `${PRACTITIONER.replace('dr7', 'dr9')}\n${randomBytes(1000).toString('hex')}`,
).subarray(0, -200)

t.test('a file that cannot be read to its end does not keep the others from being imported', async (t) => {
  const { server, setting } = await prepare(t, { 'a.ndjson.gz': CUT_SHORT, 'b.ndjson': `${PRACTITIONER}\n` })
  const report = await importWith(setting)
  t.match(report, { loaded: 1, unreadable: [{ item: 'a.ndjson.gz', code: 'SOURCE_CORRUPT' }] })
  t.ok(server.stored.has('Practitioner/dr7'))
})

t.test('if the record of where lines come from is gone, nothing of them is settled', async (t) => {
  const { folder, server, setting } = await prepare(t, { 'b.ndjson': `${PRACTITIONER}\n` })
  server.plan = { pollsBefore: 1000 }
  await t.rejects(importWith(setting, { pollLimitMs: 1 }), { code: 'IMPORT_OVERDUE' })
  const [round = ''] = readdirSync(join(folder, 'state/import/index'))
  writeFileSync(join(folder, 'state/import/index', round, 'Practitioner-00001.ndjson'), '')
  server.plan = { pollsBefore: 0 }
  await t.rejects(importWith(setting), { code: 'STATE_UNREADABLE', message: /--cancel-import/ })
})

t.test(
  'a load by bundles knows what an import settled, and tries again what it could not load',
  async (t) => {
    const lines = [PRACTITIONER, JSON.stringify({ resourceType: 'Practitioner', id: 'dr8' })].join('\n')
    const { folder, server, setting } = await prepare(t, { 'b.ndjson': lines })
    server.plan = { pollsBefore: 0, lose: ({ id }) => id === 'dr8' }
    t.match(await importWith(setting), { read: 2, loaded: 1, failed: 1 })
    const load = { base: setting.base, source: folderSource(setting.input) }
    const state = folderState(join(folder, 'state'))
    t.match(await runLoad({ ...load, state }), { read: 2, loaded: 1, failed: 1, settled: 0 })
    t.equal(server.asked.filter((asked) => /^POST \/fhir\/?$/.test(asked)).length, 0)
    t.match(await runLoad({ ...load, state, repeatsFailures: true }), { read: 2, loaded: 2, settled: 1 })
    t.ok(server.stored.has('Practitioner/dr8'))
  },
)
