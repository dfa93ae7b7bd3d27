// Holds src/commands/alt-export/options.ts, src/commands/alt-export/text.ts.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { startFhirServer, type TestFhirServer } from '../../fhir-server/server.js'
import { cohortResources, idsIn } from '../../support/alt-export-run.js'
import { startAzurite } from '../../support/azurite.js'
import { CONFIG, filesIn } from '../../support/pipeline-run.js'
import { projectRoot } from '../../support/shared.js'
import { type Finished, sluice } from '../../support/sluice.js'
import { verbRun } from '../../support/verb-run.js'

const DEFINITION = {
  query: 'Patient?_count=50',
  include: ['Patient?_id=$IDS&_count=50', 'Observation?patient=$IDS&_count=100'],
}

async function serverWith(t: Test, patientCount = 20): Promise<TestFhirServer> {
  const server = await startFhirServer()
  t.teardown(() => server.close())
  server.seed(cohortResources(patientCount))
  return server
}

interface Place {
  readonly folder: string
  readonly run: (...words: readonly string[]) => Promise<Finished>
}

function placeFor(t: Test, server: TestFhirServer, definition: object = DEFINITION): Place {
  const folder = t.testdir({
    'config.json': JSON.stringify(CONFIG),
    'cohort.json': JSON.stringify(definition),
  })
  const at = ['--from', server.base, '--to', join(folder, 'out'), '--workers', '1']
  return { folder, run: (...words) => verbRun(['alt-export', ...at, ...words]) }
}

t.test('a cohort: outputs, report, and nothing of a patient on the screen', async (t) => {
  const server = await serverWith(t)
  const { folder, run } = placeFor(t, server)
  const config = ['-c', join(folder, 'config.json'), '--as-of', '2026-11-21', '--allow-weak-keys']
  const { exitCode, stdout, stderr } = await run(join(folder, 'cohort.json'), ...config)
  t.equal(exitCode, 0, stderr)
  t.match(stdout, /export by queries from .*: 20 ids, 2 files planned/)
  t.match(stderr, /"event":"alt-export.ids","unique":20/)
  t.notMatch(stdout + stderr, /CANARY|p0\d\d|_id=/)
  t.strictSame(
    [...filesIn(join(folder, 'out')).keys()],
    ['Observation-1.xndjson', 'Patient-1.xndjson', '_completed_run.xjson', 'run.json'],
  )
  const checked = await verbRun(['check', join(folder, 'out')])
  t.equal(checked.exitCode, 0, checked.stdout)
  const again = await run(join(folder, 'cohort.json'), ...config, '--json')
  t.match(JSON.parse(again.stdout), {
    isComplete: true,
    ids: { unique: 20 },
    run: { lines: { delivered: 80 } },
  })
})

t.test('a search that fails: exit 3, which file, and no values', async (t) => {
  const server = await serverWith(t)
  server.script({
    on: { path: '^Observation' },
    when: 'always',
    act: { kind: 'outcome', status: 422, diagnostics: 'CANARY' },
  })
  const { folder, run } = placeFor(t, server)
  const { exitCode, stdout, stderr } = await run(join(folder, 'cohort.json'), '--raw')
  t.equal(exitCode, 3)
  t.match(stdout, /failed: Observation-1\.xndjson: SOURCE_UNREADABLE: .*status 422/)
  t.match(stdout, /incomplete: 1 of 2 files failed; run it again/)
  t.notMatch(stdout + stderr, /CANARY|p0\d\d/)
  server.heal()
  t.equal((await run(join(folder, 'cohort.json'), '--raw')).exitCode, 0)
})

t.test('what is not exported, and an export of nothing, are said', async (t) => {
  const server = await serverWith(t, 2)
  server.seed([
    { resourceType: 'Coverage', id: 'c1', status: 'active', beneficiary: { reference: '#p' } },
    { resourceType: 'Coverage', id: 'c2', status: 'active' },
  ])
  const definition = { ...DEFINITION, query: 'Coverage?status=active', patientreferencefield: 'beneficiary' }
  const { folder, run } = placeFor(t, server, definition)
  const { exitCode, stdout } = await run(join(folder, 'cohort.json'), '--raw')
  t.equal(exitCode, 3)
  t.match(stdout, /the query also found 1 contained, 1 without a reference; they are not exported/)
  t.match(stdout, /WARNING: no resource was delivered; .*--allow-empty/)
  t.equal((await run(join(folder, 'cohort.json'), '--raw', '--allow-empty')).exitCode, 0)
})

t.test('--all exports a type in slices and says where the next export begins', async (t) => {
  const server = await serverWith(t, 40)
  const { folder, run } = placeFor(t, server)
  const words = ['--all', 'Observation', '--since', '2020-01-01T00:00:00Z', '--slices', '3', '--raw']
  const { exitCode, stdout, stderr } = await run(...words)
  t.equal(exitCode, 0, stderr)
  t.match(stdout, /export by slices from .*: \d slices/)
  t.match(stdout, /next time: --since \d{4}-\d\d-\d\dT[\d:.]+Z/)
  t.equal(idsIn(join(folder, 'out'), /^Observation/).size, 120)
})

t.test('files of a size, and a container: the summary names what is there', async (t) => {
  const server = await serverWith(t)
  const { folder, run } = placeFor(t, server)
  const config = ['-c', join(folder, 'config.json'), '--as-of', '2026-11-21', '--allow-weak-keys']
  const split = await run(join(folder, 'cohort.json'), ...config, '--split-bytes', '8KiB')
  t.equal(split.exitCode, 0, split.stderr)
  const files = filesIn(join(folder, 'out'))
  const summary = JSON.parse(String(files.get('_completed_run.xjson')))
  t.strictSame(
    summary.output.map(({ url, sizebytes }: { url: string; sizebytes: number }) => [url, sizebytes]),
    [...files].flatMap(([name, bytes]) => (/-\d+\.xndjson$/.test(name) ? [[name, bytes.length]] : [])),
  )
  t.strictSame(
    summary.output.map(({ url, count }: { url: string; count: number }) => [url, count]),
    [
      ['Observation-1-00001.xndjson', 60],
      ['Patient-1-00001.xndjson', 20],
    ],
  )
  t.strictSame(summary.extractresults, { Patient: 20, Observation: 60 })
  t.equal((await verbRun(['check', join(folder, 'out')])).exitCode, 0)

  const azurite = await startAzurite(t)
  const client = await azurite.container()
  const to = `azurite://${client.containerName}/lake`
  const env = { AZURITE_CONNECTION_STRING: azurite.connectionString }
  const words = [
    'alt-export',
    join(folder, 'cohort.json'),
    '--from',
    server.base,
    '--to',
    to,
    '--workers',
    '1',
  ]
  server.script({ on: { path: '^Observation' }, when: 'always', act: { kind: 'answer', status: 403 } })
  const refused = await sluice([...words, ...config, '--layout', 'none'], { env })
  t.equal(refused.exitCode, 2, refused.stderr)
  server.heal()
  server.forgetRequests()
  const stored = await sluice([...words, ...config, '--layout', 'none', '--json'], { env })
  t.equal(stored.exitCode, 0, stored.stderr)
  t.match(JSON.parse(stored.stdout), { isContinued: true, ids: { unique: 20 } })
  t.notOk(
    server.requests.some(({ path }) => path === 'Patient?_count=50'),
    'ids are not gathered again',
  )
  const blob = client.getBlobClient('lake/_completed_run.xjson')
  const { output } = JSON.parse((await blob.downloadToBuffer()).toString())
  t.strictSame(
    output.map(({ url, count }: { url: string; count: number }) => [url, count]),
    [
      [`${to}/Observation-1.xndjson`, 60],
      [`${to}/Patient-1.xndjson`, 20],
    ],
  )
})

t.test('words that do not fit are refused before anything is asked', async (t) => {
  const server = await serverWith(t)
  const { folder, run } = placeFor(t, server)
  const file = join(folder, 'cohort.json')
  const table: readonly (readonly [readonly string[], RegExp])[] = [
    [[file], /either --config, or --raw/],
    [[file, '--raw', '-c', 'x'], /either --config, or --raw/],
    [['--raw'], /either a definition, or --all/],
    [[file, '--raw', '--split-bytes', '1MiB'], /needs --config/],
    [[file, '--raw', '--all', 'Patient'], /either a definition, or --all/],
    [[file, file, '--raw'], /too many arguments/],
    [[file, '--raw', '--since', '2026-01-01T00:00:00Z'], /belong to --all/],
    [['--all', 'A,B', '--raw'], /_type: must be one resource type/],
    [['--all', 'Patient', '--raw', '--slices', '2'], /_since: is missing/],
    [[join(folder, 'none.json'), '--raw'], /cannot be read/],
  ]
  for (const [words, message] of table) {
    const { exitCode, stderr } = await run(...words)
    t.equal(exitCode, 2, words.join(' '))
    t.match(stderr, message)
  }
  t.equal(server.requests.length, 0)
})

t.test('each example of configs/alt-export runs', async (t) => {
  const server = await serverWith(t, 12)
  const reference = { reference: 'Patient/p001' }
  server.seed([
    { resourceType: 'Group', id: 'cohort-1', type: 'person', actual: true, member: [{ entity: reference }] },
    { resourceType: 'Coverage', id: 'c1', status: 'active', subscriber: reference, beneficiary: reference },
    {
      resourceType: 'Condition',
      id: 'd1',
      code: { coding: [{ system: 'http://snomed.info/sct', code: '44054006' }] },
      subject: reference,
    },
    ...['p1', 'p2', 'p3'].map((id) => ({ resourceType: 'Patient', id })),
    { resourceType: 'Organization', id: 'org' },
  ])
  const folder = join(projectRoot, 'configs', 'alt-export')
  for (const name of readdirSync(folder)) {
    const { folder: place, run } = placeFor(t, server)
    const { exitCode, stdout, stderr } = await run(join(folder, name), '--raw')
    t.equal(exitCode, 0, `${name}: ${stdout}${stderr}`)
    const { _type } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as { readonly _type?: string }
    t.ok(idsIn(join(place, 'out'), _type === undefined ? /^Patient/ : /^Observation/).size > 0, name)
  }
})
