// Holds src/load/run.ts, from files of every form to what the server gets.

import { join } from 'node:path'
import t from 'tap'
import { startFhirServer } from '../fhir-server/server.js'
import { errorLines, load, patient, patients } from '../support/load-run.js'
import { writeFiles } from '../support/pipeline-run.js'

const bundleOf = (type: string, count: number): string =>
  JSON.stringify({
    resourceType: 'Bundle',
    type,
    entry: Array.from({ length: count }, (_, n) => ({
      resource: { resourceType: 'Patient', id: `p${n}` },
      request: { method: 'PUT', url: `Patient/p${n}` },
    })),
  })

t.test(
  'a batch and NDJSON become batches of no more than the limit, which hold each entry once',
  async (t) => {
    const limit = 200
    for (const [form, contentOf] of [
      ['x.ndjson', (count: number) => patients(count)],
      ['x.json', (count: number) => bundleOf('batch', count)],
    ] as const)
      for (const count of [1, 199, 200, 201, 1001]) {
        const server = await startFhirServer()
        t.teardown(server.close)
        const input = writeFiles(join(t.testdir(), `in${count}`), { [form]: contentOf(count) })
        // One request at a time, so that no batch shrinks because others are under way.
        const report = await load(input, server.base, { maxEntries: limit, connections: 1 })
        t.match(report, { read: count, loaded: count })
        const sent = server.requests.filter(({ method }) => method === 'POST')
        const sizes = sent.map(({ entryCount }) => entryCount ?? 0)
        const full = Array.from({ length: Math.floor(count / limit) }, () => limit)
        t.strictSame(sizes, [...full, ...(count % limit === 0 ? [] : [count % limit])], `${form}, ${count}`)
        const asked = sent.flatMap(({ entries = [] }) => entries).sort()
        t.strictSame(asked, Array.from({ length: count }, (_, n) => `PUT Patient/p${n}`).sort())
      }
  },
)

t.test('a transaction over the limit is never sent in part, unless that is asked for', async (t) => {
  const server = await startFhirServer({ maxEntries: 500 })
  t.teardown(server.close)
  const input = writeFiles(join(t.testdir(), 'in'), { 'x.json': bundleOf('transaction', 501) })
  t.match(await load(input, server.base), { read: 501, loaded: 0, failed: 501, rejected: 501, bundles: 0 })
  t.equal(server.resources().size, 0)
  const errors = errorLines(input, server.base)
  t.strictSame([errors.length, errors[0]?.code], [501, 'TRANSACTION_TOO_LARGE'])
  t.match(errors[0]?.message, /--split-transactions/)
  const split = await load(input, server.base, { splitTransactions: true, repeatsFailures: true })
  t.match(split, { read: 501, loaded: 501, failed: 0 })
  const whole = await startFhirServer()
  t.teardown(whole.close)
  const small = writeFiles(join(t.testdir(), 'small'), { 'x.json': bundleOf('transaction', 500) })
  t.match(await load(small, whole.base), { loaded: 500, bundles: 1 })
})

t.test('bad lines are kept apart: the others are loaded, and each is named with its place', async (t) => {
  const server = await startFhirServer()
  t.teardown(server.close)
  const long = patient(5, { text: { status: 'generated', div: 'x'.repeat(20_000_000) } })
  const lines = [
    `\ufeff${patient(0)}\r`,
    '',
    '{"resourceType":"Patient","id":"p1"',
    `${patient(2)}\r`,
    '   ',
    '{"resourceType":"Patient","name":[{"family":"CANARY"}]}',
    long,
    patient(6),
  ]
  const input = writeFiles(join(t.testdir(), 'in'), { 'x.ndjson': lines.join('\n') })
  const report = await load(input, server.base, { maxBundleBytes: 1_000_000 })
  t.match(report, { read: 6, loaded: 4, failed: 2, rejected: 2 })
  t.strictSame([...server.resources().keys()].sort(), [
    'Patient/p0',
    'Patient/p2',
    'Patient/p5',
    'Patient/p6',
  ])
  const offsetOf = (line: number): number => Buffer.byteLength(lines.slice(0, line).join('\n')) + 1
  const errors = errorLines(input, server.base).sort((a, b) => a.ordinal - b.ordinal)
  t.match(errors, [
    { ordinal: 1, offset: offsetOf(2), code: 'INVALID_JSON', message: 'is not JSON: an object without end' },
    { ordinal: 3, offset: offsetOf(5), code: 'NO_ID', message: /give it one/ },
  ])
  t.notMatch(JSON.stringify(errors), /CANARY/)
})
