import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { skipWithoutShared } from '../support/shared.js'
import { sluice } from '../support/sluice.js'
import { compareWithExport, readExport } from './comparison.js'
import { readFolder, syntheaPatients } from './corpus.js'
import { buildHapi, startHapi } from './hapi-server.js'

function reasonToSkip(): string | false {
  const absent = skipWithoutShared('data/r4-synthea', 'data/r4-us-core')
  if (absent !== false) return absent
  const reason = buildHapi()
  if (reason !== false) console.log(`# skipped: ${reason}`)
  return reason
}

t.test('interoperability with HAPI FHIR', { skip: reasonToSkip() }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-interop-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const synthea = readFolder('data/r4-synthea')
  const hapi = await startHapi(join(folder, 'hapi.log'))
  t.teardown(() => hapi.close())

  await t.test('its $export brings back what it was given', async (t) => {
    const lines = syntheaPatients(synthea, 0, 2)
    const entry = lines.map(({ text, resource: { resourceType, id } }) => ({
      resource: JSON.parse(text),
      request: { method: 'PUT', url: `${resourceType}/${id}` },
    }))
    const answer = await fetch(hapi.base, {
      method: 'POST',
      headers: { 'content-type': 'application/fhir+json' },
      body: JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry }),
    })
    t.equal(answer.status, 200)
    const run = await sluice(['export', '--from', hapi.base, '--raw', '--to', join(folder, 'export')])
    t.equal(run.exitCode, 0, run.stderr)
    compareWithExport(t, lines, readExport(join(folder, 'export')))
  })
})
