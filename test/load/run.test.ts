// Holds src/load/run.ts, src/load/load.ts, src/load/open-load.ts, src/load/open-items.ts, src/load/settlement.ts,
// src/load/options.ts, src/load/tally.ts.

import { appendFileSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { sluiceError } from '../../src/errors.js'
import type { LoadedItem } from '../../src/load/options.js'
import { folderState } from '../../src/storage/folder/folder-state.js'
import type { State } from '../../src/storage/store.js'
import { startFhirServer } from '../fhir-server/server.js'
import {
  errorLines,
  load,
  patient,
  patients,
  settledLines,
  stateFolder,
  textsOf,
} from '../support/load-run.js'
import { codeOf, writeFiles } from '../support/pipeline-run.js'
import { zipFile } from '../support/zip-file.js'

const bundleOf = (type: string, entry: readonly object[]): string =>
  JSON.stringify({ resourceType: 'Bundle', type, entry })

const put = (resource: { readonly resourceType: string; readonly id: string }) => ({
  resource,
  request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
})

t.test(
  'everything that is read ends loaded, failed or ambiguous, and a second run sends nothing',
  async (t) => {
    const server = await startFhirServer()
    t.teardown(server.close)
    const input = writeFiles(join(t.testdir(), 'in'), {
      'Patient.ndjson': `${patients(1200)}\n{"resourceType":"Patient"}\n{"broken":\n`,
      'sub/one.json': patient(5000),
      'sub/batch.json': bundleOf('batch', [put({ resourceType: 'Device', id: 'd1' })]),
      'sub/transaction.json': bundleOf('transaction', [
        put({ resourceType: 'Device', id: 'd2' }),
        put({ resourceType: 'Device', id: 'd3' }),
      ]),
      'compressed.ndjson.gz': gzipSync(patients(300, 2000)),
      'empty.ndjson': '',
      'readme.txt': 'no data',
    })
    const report = await load(input, server.base)
    t.match(report, {
      read: 1200 + 2 + 1 + 1 + 2 + 300,
      loaded: 1504,
      failed: 2,
      rejected: 2,
      ambiguous: 0,
      items: { listed: 6, done: 6, doneBefore: 0 },
      unreadable: [],
      byType: { Patient: { loaded: 1501 }, Device: { loaded: 3 } },
    })
    t.equal(server.resources().size, 1504)
    const sum = (name: 'loaded' | 'failed' | 'ambiguous') =>
      settledLines(input, server.base).reduce((total, line) => total + line[name], 0)
    t.strictSame([sum('loaded'), sum('failed'), sum('ambiguous')], [1504, 2, 0], 'the audit adds up')
    const before = server.requests.length
    const again = await load(input, server.base)
    t.equal(server.requests.length, before, 'nothing is sent')
    t.match(again, { read: 1506, loaded: 1504, failed: 2, settled: 0, bundles: 0, items: { doneBefore: 6 } })
  },
)

t.test(
  'the audit holds nothing of resources, ids and the server, and the errors are for their owner',
  async (t) => {
    const server = await startFhirServer()
    t.teardown(server.close)
    server.script({
      when: 'always',
      act: { kind: 'entry', match: 'p7$', status: '422 Unprocessable', diagnostics: 'CANARY said no' },
    })
    const input = writeFiles(join(t.testdir(), 'in'), { 'Patient.ndjson': patients(20) })
    const events: object[] = []
    const report = await load(input, server.base, { onEvent: (event) => events.push(event) })
    t.match(report, { read: 20, loaded: 19, failed: 1, rejected: 0, byStatus: { 201: 19, 422: 1 } })
    const folder = stateFolder(input, server.base)
    const told = `${JSON.stringify([events, report])}${JSON.stringify(settledLines(input, server.base))}`
    t.notMatch(told, /CANARY|p7|identifier/)
    t.match(errorLines(input, server.base), [
      {
        item: 'Patient.ndjson',
        ordinal: 7,
        fate: 'failed',
        type: 'Patient',
        id: 'p7',
        request: 'PUT Patient/p7',
        status: 422,
      },
    ])
    t.match(errorLines(input, server.base)[0]?.serverText, /CANARY said no/)
    t.notMatch(textsOf(folder), /"family"/, 'no resource is kept')
    for (const name of ['audit.ndjson', 'errors.ndjson', 'report.json', 'load.json'])
      t.equal(statSync(join(folder, name)).mode & 0o777, 0o600, name)
  },
)

t.test('interrupted, and run again with another batch size: what is settled is not sent again', async (t) => {
  const server = await startFhirServer()
  t.teardown(server.close)
  const input = writeFiles(join(t.testdir(), 'in'), { 'Patient.ndjson': patients(1000) })
  const stop = new AbortController()
  const first = load(input, server.base, {
    maxEntries: 90,
    connections: 2,
    signal: stop.signal,
    faultPoint: (point) => {
      if (point === 'after-audit' && server.requests.length >= 4) stop.abort()
    },
  })
  const error = await first.catch((error: unknown) => error)
  t.match(error, { code: 'INTERRUPTED', message: /^interrupted.*; run it again to resume$/ })
  const settled = settledLines(input, server.base).reduce((sum, { loaded }) => sum + loaded, 0)
  t.ok(settled >= 90 && settled < 1000, `${settled} settled`)
  t.equal(settled, server.resources().size, 'what was under way was awaited')
  const report = await load(input, server.base, { maxEntries: 77 })
  t.match(report, { read: 1000, loaded: 1000, settled: 1000 - settled })
  t.strictSame([...new Set([...server.resources().values()].map(({ meta }) => meta?.versionId))], ['1'])
})

t.test('an item that changed is loaded anew, and one that is gone is told of', async (t) => {
  const server = await startFhirServer()
  t.teardown(server.close)
  const input = writeFiles(join(t.testdir(), 'in'), {
    'a.ndjson': patients(10),
    'b.ndjson': patients(10, 100),
    'c.ndjson.gz': gzipSync(patients(20_000, 200)).subarray(0, 80_000),
  })
  t.match(await load(input, server.base), { items: { done: 2 }, unreadable: [{ item: 'c.ndjson.gz' }] })
  appendFileSync(join(input, 'a.ndjson'), patients(5, 50))
  rmSync(join(input, 'b.ndjson'))
  rmSync(join(input, 'c.ndjson.gz'))
  const events: { readonly event: string; readonly item?: string | undefined }[] = []
  const report = await load(input, server.base, { onEvent: (event) => events.push(event) })
  t.match(report, { read: 15, loaded: 15, settled: 15 })
  const told = events.filter(({ event }) => event === 'item.changed' || event === 'item.gone')
  t.match(told, [
    { event: 'item.changed', item: 'a.ndjson' },
    { event: 'item.gone', item: 'c.ndjson.gz' },
  ])
  t.equal(server.resources().get('Patient/p3')?.meta?.versionId, '2')
})

t.test('an item that cannot be read to its end does not stop the others', async (t) => {
  const server = await startFhirServer()
  t.teardown(server.close)
  const whole = gzipSync(patients(2000, 1000))
  const input = writeFiles(join(t.testdir(), 'in'), {
    'a.ndjson.gz': whole.subarray(0, whole.length >> 1),
    'b.ndjson': patients(10),
  })
  const report = await load(input, server.base)
  t.match(report, { unreadable: [{ item: 'a.ndjson.gz' }], items: { listed: 2, done: 1 } })
  t.equal(report.read, report.loaded)
  t.equal(server.resources().size, report.loaded)
  writeFileSync(join(input, 'a.ndjson.gz'), whole)
  t.match(await load(input, server.base), { read: 2010, loaded: 2010, unreadable: [] })
})

t.test(
  'two loads at the same time: the second one is told so, and the server sees no entry twice',
  async (t) => {
    const server = await startFhirServer({ latencyMs: 20 })
    t.teardown(server.close)
    const input = writeFiles(join(t.testdir(), 'in'), { 'Patient.ndjson': patients(500) })
    const first = load(input, server.base, { maxEntries: 50 })
    const second = load(input, server.base, { maxEntries: 50 })
    const ended = await Promise.allSettled([first, second])
    t.strictSame(ended.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
    t.match(
      ended.find(({ status }) => status === 'rejected'),
      { reason: { code: 'SINK_LOCKED', message: /another load of this source into this server/ } },
    )
    t.equal(server.figures().entries, 500)
  },
)

t.test('what is left out is told of once, with a warning if it may be data', async (t) => {
  const server = await startFhirServer()
  t.teardown(server.close)
  const refers = JSON.stringify({
    resourceType: 'Observation',
    id: 'o1',
    subject: { reference: 'Patient?identifier=none|none' },
  })
  const input = writeFiles(join(t.testdir(), 'in'), {
    'a.zip': await zipFile({ 'inner.zip': 'zip', 'readme.txt': 'text', 'x.ndjson': patients(1) }),
    'b.txt': 'text',
    'c.ndjson': refers,
  })
  const told: string[] = []
  const report = await load(input, server.base, {
    onEvent: ({ event, level, item }) => {
      if (event === 'source.skipped') told.push(`${level} ${item}`)
    },
  })
  t.match(report, { read: 2, loaded: 1, rejected: 1 }, 'there was more than one pass')
  t.strictSame(told, ['warn a.zip/inner.zip', 'info a.zip/readme.txt', 'info b.txt'])
})

t.test('each server has its own audit', async (t) => {
  const [one, two] = [await startFhirServer(), await startFhirServer()]
  t.teardown(one.close)
  t.teardown(two.close)
  const input = writeFiles(join(t.testdir(), 'in'), { 'Patient.ndjson': patients(3) })
  for (const { base } of [one, two]) t.match(await load(input, base), { loaded: 3, settled: 3 })
  t.equal(two.resources().size, 3)
})

t.test('what failed is loaded again on request, each entry once, and counted once', async (t) => {
  const server = await startFhirServer()
  t.teardown(server.close)
  server.script({
    when: 'always',
    act: { kind: 'entry', match: 'p\\d*7$', status: '422 Unprocessable' },
  })
  const input = writeFiles(join(t.testdir(), 'in'), {
    'Patient.ndjson': `${patients(100)}{"resourceType":"Patient"}\n`,
    'good.ndjson': patients(10, 1000).replaceAll('"p1', '"q1'),
  })
  t.match(await load(input, server.base), { read: 111, loaded: 100, failed: 11, rejected: 1 })
  t.match(await load(input, server.base), { failed: 11, settled: 0 }, 'not without being asked')
  server.heal()
  server.forgetRequests()
  const retried = await load(input, server.base, { repeatsFailures: true })
  t.match(retried, { read: 111, loaded: 110, failed: 1, rejected: 1, settled: 11 })
  t.equal(server.figures().entries, 10)
  t.match(await load(input, server.base), { read: 111, loaded: 110, failed: 1, settled: 0 })
})

t.test('an answer that never came: PUT is sent again, POST is ambiguous and never again', async (t) => {
  for (const method of ['put', 'post'] as const) {
    const server = await startFhirServer()
    t.teardown(server.close)
    server.script({ on: { path: '^$' }, when: { nth: 2 }, act: { kind: 'reset', at: 'after' } })
    const input = writeFiles(join(t.testdir(), `${method}`), { 'Patient.ndjson': patients(60) })
    const options = { method, maxEntries: 20, connections: 1 }
    const report = await load(input, server.base, options)
    const ambiguous = method === 'put' ? 0 : 20
    t.match(report, { read: 60, loaded: 60 - ambiguous, failed: 0, ambiguous })
    t.equal(server.resources().size, 60, 'the server had stored it')
    t.equal(errorLines(input, server.base).filter(({ fate }) => fate === 'ambiguous').length, ambiguous)
    t.match(await load(input, server.base, { ...options, repeatsFailures: true }), { ambiguous, settled: 0 })
    t.equal(server.resources().size, 60)
  }
})

t.test('many small files share bundles, and each is told of once it is settled', async (t) => {
  const server = await startFhirServer()
  t.teardown(server.close)
  const files = Object.fromEntries(
    Array.from({ length: 1200 }, (_, n) => [`f${String(n).padStart(4, '0')}.json`, patient(n)]),
  )
  const input = writeFiles(join(t.testdir(), 'in'), files)
  const items: LoadedItem[] = []
  const report = await load(input, server.base, { onItem: (item) => void items.push(item) })
  t.match(report, { read: 1200, loaded: 1200, bundles: 3, items: { listed: 1200, done: 1200 } })
  t.equal(new Set(items.map(({ name }) => name)).size, 1200)
  t.match(items[0], { read: 1, loaded: 1, failed: 0, rejected: 0, ambiguous: 0, version: /./ })
  t.equal(settledLines(input, server.base).length, 3, 'no line for each file')
  items.length = 0
  await load(input, server.base, { onItem: (item) => void items.push(item) })
  t.equal(items.length, 1200, 'also of those of an earlier run')
})

t.test('the state of a file beside it is not loaded with its folder', async (t) => {
  const server = await startFhirServer()
  t.teardown(server.close)
  const folder = writeFiles(join(t.testdir(), 'in'), { 'a.ndjson': patients(3), 'b.json': patient(9) })
  t.match(await load(join(folder, 'a.ndjson'), server.base), { read: 3, loaded: 3 })
  t.match(await load(folder, server.base), { read: 4, loaded: 4, items: { listed: 2 } })
})

t.test('a state that was moved to another server is refused', async (t) => {
  const [one, two] = [await startFhirServer(), await startFhirServer()]
  t.teardown(one.close)
  t.teardown(two.close)
  const input = writeFiles(join(t.testdir(), 'in'), { 'a.ndjson': patients(3) })
  await load(input, one.base)
  renameSync(stateFolder(input, one.base), stateFolder(input, two.base))
  t.equal(await codeOf(load(input, two.base)), 'USAGE')
  t.equal(two.requests.length, 0)
})

/** A state whose disk is full after so many appends. */
function filling(state: State, appends: number): State {
  let left = appends
  return {
    ...state,
    async appender(name, keepBytes) {
      const appender = await state.appender(name, keepBytes)
      return {
        append: async (text) => {
          left -= 1
          if (left < 0) throw sluiceError('SINK_FULL', { at: name, message: 'no space is left' })
          await appender.append(text)
        },
        keep: () => appender.keep(),
        flush: () => appender.flush(),
        close: () => appender.close(),
      }
    },
  }
}

t.test('a state that is full ends the load; what was not recorded is sent again, or ambiguous', async (t) => {
  for (const method of ['put', 'post'] as const)
    for (const appends of [2, 3, 4]) {
      const server = await startFhirServer()
      t.teardown(server.close)
      const input = writeFiles(join(t.testdir(), `${method}-${appends}`), { 'Patient.ndjson': patients(200) })
      const state = folderState(stateFolder(input, server.base))
      const options = { method, maxEntries: 20, connections: 2 }
      t.equal(
        await codeOf(load(input, server.base, { ...options, state: filling(state, appends) })),
        'SINK_FULL',
      )
      const report = await load(input, server.base, options)
      t.equal(report.read, 200)
      t.equal(report.loaded + report.ambiguous, 200, `${method}, ${appends} appends`)
      if (method === 'put') t.equal(report.ambiguous, 0)
      t.ok(server.resources().size >= report.loaded)
      const values = [...server.resources().values()].map(({ identifier }) => JSON.stringify(identifier))
      t.equal(new Set(values).size, values.length, 'nothing is there twice')
    }
})

t.test('the times of the audit are for people: a clock that is wrong changes nothing', async (t) => {
  const server = await startFhirServer()
  t.teardown(server.close)
  const input = writeFiles(join(t.testdir(), 'in'), {
    'Patient.ndjson': `${patients(20)}{"resourceType":"Patient"}\n`,
  })
  t.match(await load(input, server.base), { loaded: 20, failed: 1 })
  const path = join(stateFolder(input, server.base), 'audit.ndjson')
  writeFileSync(
    path,
    readFileSync(path, 'utf8').replaceAll(/"at":"[^"]*"/g, '"at":"2999-01-01T00:00:00.000Z"'),
  )
  t.match(await load(input, server.base), { loaded: 20, failed: 1, settled: 0 })
})
