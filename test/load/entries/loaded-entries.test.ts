// Holds src/load/open-load.ts.
import { join } from 'node:path'
import t from 'tap'
import { startFhirServer } from '../../fhir-server/server.js'
import { load } from '../../support/load-run.js'
import { writeFiles } from '../../support/pipeline-run.js'
import { zipFile } from '../../support/zip-file.js'

const A = 'urn:uuid:aaaaaaaa-0000-4000-8000-000000000000'
const COLLECTION = JSON.stringify({
  resourceType: 'Bundle',
  type: 'collection',
  entry: [
    { resource: { resourceType: 'Observation', id: 'o', subject: { reference: A } } },
    { fullUrl: A, resource: { resourceType: 'Patient', id: '1' } },
  ],
})

t.test('a zip archive is loaded once, and again when it changed', async (t) => {
  const server = await startFhirServer()
  t.teardown(server.close)
  const folder = join(t.testdir(), 'in')
  const zip = await zipFile({ 'a/x.json': COLLECTION, 'b/x.ndjson': '{"resourceType":"Device","id":"d"}\n' })
  const input = writeFiles(folder, { 'x.zip': zip, 'bad.zip': 'text' })
  const report = await load(input, server.base)
  t.match(report, { read: 3, loaded: 3, unreadable: [{ item: 'bad.zip' }] })
  t.match(server.resources().get('Observation/o'), { subject: { reference: 'Patient/1' } })
  const sent = server.requests.length
  t.match(await load(input, server.base), { read: 3, loaded: 3 })
  const bundles = server.requests.slice(sent).filter(({ method }) => method === 'POST')
  t.strictSame(bundles, [], 'nothing is sent again')
  writeFiles(folder, { 'x.zip': await zipFile({ 'c.json': '{"resourceType":"Device","id":"e"}' }) })
  await load(input, server.base)
  t.ok(server.resources().has('Device/e'))
})

t.test('what the server gives an id is never mistaken for what has that id there', async (t) => {
  const server = await startFhirServer()
  t.teardown(server.close)
  server.seed([{ resourceType: 'Patient', id: '1' }])
  const input = writeFiles(join(t.testdir(), 'in'), { 'x.json': COLLECTION })
  await load(input, server.base, { method: 'post' })
  const subjects = [...server.resources().values()]
    .map((each) => JSON.stringify(each))
    .filter((each) => each.includes('Patient/1"'))
  t.strictSame(subjects, [])
})
