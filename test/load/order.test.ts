// Holds src/load/run.ts.

import { join } from 'node:path'
import t from 'tap'
import { startFhirServer } from '../fhir-server/server.js'
import { errorLines, load, patients } from '../support/load-run.js'
import { codeOf, writeFiles } from '../support/pipeline-run.js'

t.test('a server that checks references is loaded by type, whatever the order of the files', async (t) => {
  const server = await startFhirServer({ checksReferences: true })
  t.teardown(server.close)
  const observation = (n: number) =>
    JSON.stringify({
      resourceType: 'Observation',
      id: `o${n}`,
      status: 'final',
      code: { text: 'x' },
      subject: { reference: `Patient/p${n % 50}` },
      ...(n % 3 === 1 && n < 199 && { derivedFrom: [{ reference: `Observation/o${n + 1}` }] }),
    })
  const input = writeFiles(join(t.testdir(), 'in'), {
    'a-mixed.ndjson': Array.from({ length: 200 }, (_, n) => `${observation(n)}\n`).join('') + patients(25),
    'b.ndjson': patients(25, 25),
    'c.ndjson': `${JSON.stringify({ resourceType: 'Encounter', id: 'lost', status: 'finished', class: { code: 'AMB' }, subject: { reference: 'Patient/nobody' } })}\n`,
  })
  const options = { order: 'types', maxEntries: 40, connections: 3 } as const
  t.match(await load(input, server.base, options), { read: 251, loaded: 250, failed: 1, items: { done: 3 } })
  t.match(errorLines(input, server.base), [{ item: 'c.ndjson', id: 'lost', fate: 'failed' }])
  t.equal(server.resources().size, 250)
})

t.test('conditional references wait for what the same input brings', async (t) => {
  const server = await startFhirServer()
  t.teardown(server.close)
  const lines = Array.from({ length: 20 }, (_, n) =>
    JSON.stringify({
      resourceType: 'Observation',
      id: `o${n}`,
      status: 'final',
      code: { text: 'x' },
      subject: { reference: `Patient?identifier=urn:test|n${n === 7 ? 999 : n}` },
    }),
  )
  const input = writeFiles(join(t.testdir(), 'in'), {
    'a.ndjson': `${lines.join('\n')}\n`,
    'b.ndjson': patients(20),
  })
  const report = await load(input, server.base)
  t.match(report, { read: 40, loaded: 39, failed: 1, rejected: 1, byStatus: { REFERENCE_UNRESOLVED: 1 } })
  t.strictSame(server.resources().get('Observation/o3')?.subject, { reference: 'Patient/p3' })
})

t.test('by type, interrupted between two types and run again: each entry is loaded once', async (t) => {
  const server = await startFhirServer({ checksReferences: true })
  t.teardown(server.close)
  const encounter = (n: number) =>
    `${JSON.stringify({ resourceType: 'Encounter', id: `e${n}`, status: 'finished', class: { code: 'AMB' }, subject: { reference: `Patient/p${n}` } })}\n`
  const input = writeFiles(join(t.testdir(), 'in'), {
    'a.ndjson': Array.from({ length: 50 }, (_, n) => encounter(n)).join('') + patients(30),
    'b.ndjson': patients(20, 30),
  })
  const options = { order: 'types', maxEntries: 15, connections: 2 } as const
  for (const passes of [1, 2]) {
    const stop = new AbortController()
    let ended = 0
    const faultPoint = (point: string): void => {
      if (point !== 'pass-ended') return
      ended += 1
      if (ended === passes) stop.abort()
    }
    t.equal(
      await codeOf(load(input, server.base, { ...options, faultPoint, signal: stop.signal })),
      'INTERRUPTED',
    )
  }
  t.match(await load(input, server.base, options), { read: 100, loaded: 100, items: { done: 2 } })
  t.strictSame([...new Set([...server.resources().values()].map(({ meta }) => meta?.versionId))], ['1'])
})
