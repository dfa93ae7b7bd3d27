// Holds src/load/prepare/anonymize/anonymized-units.ts, src/load/open-load.ts.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { presetPath } from '../../src/config/anonymizer/presets.js'
import type { AnonymizerPlan } from '../../src/pipeline/plan.js'
import { startFhirServer } from '../fhir-server/server.js'
import { errorLines, load } from '../support/load-run.js'
import { codeOf, planFor, writeFiles } from '../support/pipeline-run.js'

const preset = (name: string): AnonymizerPlan =>
  planFor(JSON.parse(readFileSync(presetPath(name) ?? name, 'utf8')) as object)

const CANARY = 'Zebedee-Quux-777'
const UUID = 'deadbeef-0000-4000-8000-00000000000'
const text = JSON.stringify
const ask = (method: string, url: string, conditions = {}) => ({ request: { method, url, ...conditions } })
const hidden = {
  resourceType: 'Patient',
  id: CANARY,
  meta: { source: `http://${CANARY}`, tag: [{ code: CANARY }] },
  text: { status: 'generated', div: `<div xmlns="http://www.w3.org/1999/xhtml">${CANARY}</div>` },
  identifier: [{ system: `http://${CANARY}`, value: CANARY }],
  name: [{ family: CANARY }],
  active: true,
}
const about = (id: string, reference: string) => ({
  resourceType: 'Observation',
  id,
  status: 'final',
  code: { text: CANARY },
  subject: { reference, display: CANARY },
})

const ENTRIES = [
  { fullUrl: `urn:uuid:${UUID}1`, resource: { ...hidden, id: undefined }, ...ask('POST', 'Patient') },
  { fullUrl: `urn:uuid:${UUID}2`, resource: about('o', `urn:uuid:${UUID}1`), ...ask('POST', 'Observation') },
  { fullUrl: `http://${CANARY}/Patient/x`, resource: hidden, ...ask('PUT', `Patient/${CANARY}`) },
]
const CONDITIONAL = [
  { resource: hidden, ...ask('POST', 'Patient', { ifNoneExist: `identifier=${CANARY}` }) },
  { resource: hidden, ...ask('PUT', `Patient?identifier=${CANARY}`) },
  { resource: about('o', `Patient?identifier=${CANARY}`), ...ask('PUT', 'Observation/o') },
  ask('DELETE', `Patient/${CANARY}`),
]
const bundle = (type: string, entry: readonly unknown[]): string =>
  text({ resourceType: 'Bundle', type, id: CANARY, entry })

const FILES = {
  [`${CANARY}.ndjson`]: `${text(hidden)}\n${text({ ...hidden, [CANARY]: 1 })}\n{"${CANARY}\n`,
  'batch.json': bundle('batch', [...ENTRIES, ...CONDITIONAL]),
  'transaction.json': bundle('transaction', ENTRIES.slice(0, 2)),
  'conditional.json': bundle('transaction', [...ENTRIES, ...CONDITIONAL]),
  'lines.ndjson': `${bundle('collection', ENTRIES)}\n`,
}

t.test('with a configuration, no request shows what the input holds', async (t) => {
  const folder = t.testdir()
  const server = await startFhirServer({ logsBodies: true })
  t.teardown(() => server.close())
  for (const name of ['safe-harbor-r4', 'research-r4'])
    for (const method of ['put', 'post'] as const) {
      server.reset()
      const input = writeFiles(join(folder, name, method, CANARY), FILES)
      const events: unknown[] = []
      const report = await load(input, server.base, {
        plan: preset(name),
        method,
        onEvent: (event) => events.push(event),
      })
      t.equal(report.read, 22)
      t.equal(report.loaded + report.failed, report.read)
      // A reference to what the server may name is rejected.
      t.equal(report.loaded, method === 'put' ? 9 : 5)
      const errors = errorLines(input, server.base)
      t.ok(
        errors.every(({ fate }) => fate === 'rejected'),
        text(errors),
      )
      t.notMatch(text(errors.map(({ item: _, ...line }) => line)), RAW, 'nor do errors')
      for (const { path, headers, body = '' } of server.requests)
        t.notMatch(`${path} ${text(headers)} ${body}`, RAW, `${name} ${method}`)
    }
})

const RAW = /Zebedee|Quux|deadbeef/i

t.test('a load that is resumed gives the same ids to the same patients', async (t) => {
  const server = await startFhirServer()
  t.teardown(() => server.close())
  const count = 300
  const lines = (make: (n: number) => object): string =>
    Array.from({ length: count }, (_, n) => `${text(make(n))}\n`).join('')
  const input = writeFiles(join(t.testdir(), 'in'), {
    '1.ndjson': lines((n) => ({ resourceType: 'Patient', id: `p${n}`, active: true })),
    '2.ndjson': lines((n) => about(`o${n}`, `Patient/p${n}`)),
  })
  // The keys of this configuration are random.
  const plan = preset('research-r4')
  const stop = new AbortController()
  const options = { plan, maxEntries: 50, connections: 1 }
  const interrupted = load(input, server.base, {
    ...options,
    signal: stop.signal,
    faultPoint: (point) => {
      if (point === 'after-audit') stop.abort()
    },
  })
  t.equal(await codeOf(interrupted), 'INTERRUPTED')
  const before = server.resources().size
  t.ok(before > 0 && before < 2 * count, `${before} before`)
  t.match(await load(input, server.base, options), { read: 2 * count, loaded: 2 * count })
  const resources = server.resources()
  t.equal(resources.size, 2 * count, 'none is there twice')
  const subjects = [...resources.values()].flatMap(({ subject }) => {
    const { reference } = (subject ?? {}) as { reference?: string }
    return reference ?? []
  })
  t.equal(subjects.length, count)
  t.ok(subjects.every((reference) => resources.has(reference)))
})
