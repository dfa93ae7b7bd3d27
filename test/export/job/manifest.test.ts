// Holds src/export/job/links.ts.

import { createHash } from 'node:crypto'
import { join } from 'node:path'
import t from 'tap'
import { parseManifest } from '../../../src/export/job/manifest.js'
import { connect } from '../../../src/fhir-client/connect.js'
import { startBadServer } from '../../support/bad-fhir-server.js'
import { exportTo, patientLine } from '../../support/export-run.js'
import { outputsIn } from '../../support/pipeline-run.js'

const server = connect({ base: 'https://fhir.example.org/r4' })

t.test('names are types and places in the manifest, whatever the addresses are', async (t) => {
  const url = (path: string): string => `https://fhir.example.org/files/${path}`
  const manifest = parseManifest(
    [
      {
        requiresAccessToken: 'true',
        output: [
          { type: 'Patient', url: url('%2e%2e%2f%2e%2e%2fetc%2fpasswd') },
          { type: 'Observation', url: url('a?name=../../x.ndjson') },
        ],
        deleted: [{ type: 'Bundle', url: url('d') }],
      },
      {
        output: [{ type: 'Patient', url: url('b'), count: -1 }, { url: '/relative' }],
        error: [{ url: url('e') }],
      },
    ],
    server,
  )
  const names = (list: readonly { readonly name: string }[]) => list.map(({ name }) => name)
  t.strictSame(names(manifest.output), [
    'Patient.1.ndjson',
    'Observation.1.ndjson',
    'Patient.2.ndjson',
    'Resource.1.ndjson',
  ])
  t.strictSame(names(manifest.deleted), ['deleted/Bundle.1.ndjson'])
  t.strictSame(names(manifest.outcomes), ['outcome/OperationOutcome.1.ndjson'])
  t.equal(manifest.requiresAccessToken, true, 'also as a text')
  t.equal(manifest.output[2]?.count, undefined)
  t.equal(manifest.output[3]?.url.href, 'https://fhir.example.org/relative')
})

t.test('a file in the clear of an encrypted server, and other schemes, are refused', async (t) => {
  for (const url of ['http://fhir.example.org/x', 'file:///etc/passwd', 'ftp://a/b', 'https://', 7, null])
    t.throws(
      () => parseManifest([{ output: [{ type: 'Patient', url }] }], server),
      { code: 'EXPORT_INVALID' },
      String(url),
    )
})

t.test('a manifest of 100,000 files is listed in little memory', async (t) => {
  const output = Array.from({ length: 100_000 }, (_, n) => ({
    type: n % 2 === 0 ? 'Patient' : 'Observation',
    url: `https://fhir.example.org/files/${createHash('sha256').update(String(n)).digest('hex')}`,
    count: n,
  }))
  const text = JSON.stringify({ output })
  const before = process.memoryUsage().heapUsed
  const manifest = parseManifest([JSON.parse(text)], server)
  t.equal(manifest.output.length, 100_000)
  t.equal(manifest.output.at(-1)?.name, 'Observation.50000.ndjson')
  t.ok(process.memoryUsage().heapUsed - before < 200e6)
})

t.test('thousands of tiny files, some of which the server refuses for a while', async (t) => {
  const count = 1500
  const bad = await startBadServer(t, {
    files: { Patient: Array.from({ length: count }, (_, n) => `${patientLine(n)}\n`) },
    file: ({ url }, nth) =>
      nth === 1 && /[37]7\d?$/.test(url) ? { status: 429, headers: { 'retry-after': '0' } } : undefined,
  })
  const output = join(t.testdir(), 'out')
  const report = await exportTo(bad, output, { downloads: 8 })
  t.same(report.run.failed, [])
  t.equal(outputsIn(output).size, count)
})
