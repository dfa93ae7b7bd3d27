// Holds src/commands/load/import.ts, src/commands/load/import-options.ts, src/commands/load/import-text.ts.

import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { ImportReport } from '../../../src/load/import/options.js'
import { startAzureImport } from '../../support/azure-import.js'
import { connectionStringOf, startAzurite } from '../../support/azurite.js'
import { startHapiImport } from '../../support/hapi-import.js'
import { errorLines, patient, patients } from '../../support/load-run.js'
import { CONFIG } from '../../support/pipeline-run.js'
import { sluice, startSluice } from '../../support/sluice.js'
import { verbRun } from '../../support/verb-run.js'

const COUNT = 30

t.test("a folder is imported through Azure's $import, by way of a container", async (t) => {
  const azurite = await startAzurite(t)
  const input = join(t.testdir({ in: { 'a.ndjson': patients(COUNT) } }), 'in')
  const { containerName } = await azurite.container()
  const server = await startAzureImport(t, azurite, {
    pollsBefore: 0,
    refuse: ({ id }) => (id === 'p7' ? 'CANARY refused' : undefined),
  })
  const words = ['load', input, '--to', server.base, '--via', 'import']
  const stage = ['--stage', `azurite://${containerName}/a b`, '--import-mode', 'initial']
  const env = { AZURITE_CONNECTION_STRING: connectionStringOf(azurite.url) }
  const { exitCode, stdout, stderr } = await sluice([...words, ...stage], { env })
  t.equal(exitCode, 10, stderr)
  t.match(stdout, /1 staged file imported/)
  t.match(stdout, /30 entries = 29 loaded \+ 1 failed \+ 0 ambiguous/)
  t.match(stdout, /refused by the server: 1/)
  t.match(stdout, /errors: \S+errors.ndjson; --retry-errors/)
  t.match(stderr, /"event":"import.settled"/)
  t.notMatch(stdout + stderr, /CANARY|p7\b|_operations/)
  t.equal(server.jobs[0]?.mode, 'InitialLoad')
  t.match(server.jobs[0]?.urls[0], new RegExp(`/${containerName}/a%20b/[\\w-]+/Patient-00001\\.ndjson$`))
  t.match(errorLines(input, server.base), [{ item: 'a.ndjson', ordinal: 7, id: 'p7', fate: 'failed' }])
  server.plan = { pollsBefore: 0 }
  const again = await sluice([...words, ...stage, '--retry-errors', '--json'], { env })
  t.equal(again.exitCode, 0, again.stderr)
  t.match(JSON.parse(again.stdout) as ImportReport, { read: COUNT, loaded: COUNT, failed: 0 })
  t.equal(server.stored.size, COUNT)
})

t.test("a folder is imported through HAPI's $import, anonymized", async (t) => {
  const folder = t.testdir({
    in: { 'a.ndjson': patients(COUNT), 'b.ndjson': 'not JSON\n' },
    'config.json': JSON.stringify(CONFIG),
  })
  const server = await startHapiImport(t, { pollsBefore: 0 })
  const stage = join(folder, 'staged')
  const run = await verbRun([
    ...['load', join(folder, 'in'), '--to', server.base, '--via', 'import', '--stage', stage],
    ...[
      '--serve-at',
      '127.0.0.1:0',
      '-c',
      join(folder, 'config.json'),
      '--as-of',
      '2026-11-21',
      '--keep-staged',
    ],
  ])
  t.equal(run.exitCode, 10, run.stderr)
  t.match(run.stdout, /31 entries = 30 loaded \+ 1 failed/)
  t.match(run.stdout, /not sent: 1/)
  t.match(run.stdout, /the server returns no counts: every resource was looked up/)
  t.equal(server.stored.size, COUNT)
  t.notMatch(JSON.stringify([...server.stored.values()]), /CANARY/)
  t.equal(readdirSync(stage).length, 1, 'staged files are kept where that is asked for')
})

t.test('an interrupted import is kept, and cancelled where that is asked for', async (t) => {
  const folder = t.testdir({ in: { 'a.ndjson': patients(2) } })
  const server = await startHapiImport(t, { pollsBefore: 1000 })
  const words = [
    ...['load', join(folder, 'in'), '--to', server.base, '--via', 'import'],
    ...['--stage', join(folder, 'staged'), '--serve-at', '127.0.0.1:0'],
  ]
  const none = await verbRun([...words, '--cancel-import'])
  t.match([none.exitCode, none.stdout], [0, /nothing was cancelled/])
  const running = startSluice(words)
  await running.saw('import.polled')
  running.child.kill('SIGTERM')
  t.equal((await running.finished).exitCode, 6)
  t.equal(readdirSync(join(folder, 'staged')).length, 1)
  const cancelled = await verbRun([...words, '--cancel-import'])
  t.match([cancelled.exitCode, cancelled.stdout], [0, /the import is cancelled/])
  t.ok(server.asked.some((asked) => asked.startsWith('DELETE')))
  t.strictSame(
    readdirSync(join(folder, 'staged'), { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.ndjson'),
    ),
    [],
  )
})

t.test('options that do not fit are refused before anything is asked', async (t) => {
  const folder = t.testdir({ in: { 'a.ndjson': patient(1) } })
  const input = join(folder, 'in')
  const table: readonly (readonly [readonly string[], RegExp])[] = [
    [['--stage', 'x'], /--stage needs --via import/],
    [['--serve-at', '127.0.0.1:0'], /--serve-at needs --via import/],
    [['--keep-staged'], /--keep-staged needs --via import/],
    [['--via', 'import'], /--stage is missing/],
    [['--via', 'import', '--stage', join(folder, 'x')], /--stage in a container; HAPI needs --serve-at/],
    [['--via', 'import', '--stage', join(input, 'x'), '--serve-at', '[::1]:0'], /must not lie in the source/],
    [['--via', 'import', '--stage', 'x', '--serve-at', 'nowhere'], /must be a host and a port/],
    [['--via', 'import', '--stage', 'x', '--serve-at', '127.0.0.1:0', '--method', 'post'], /--via bundles/],
  ]
  for (const [words, message] of table) {
    const run = await verbRun(['load', input, '--to', 'http://127.0.0.1:1/fhir', ...words])
    t.equal(run.exitCode, 2, words.join(' '))
    t.match(run.stderr, message)
  }
  t.notOk(existsSync(`${input}.load`))
})
