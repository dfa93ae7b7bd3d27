// Holds src/commands/load/load.ts, src/commands/load/options.ts, src/commands/load/text.ts,
// src/commands/server-options.ts, src/commands/checked-config.ts.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { LoadReport } from '../../../src/load/options.js'
import type { FhirServerOptions } from '../../fhir-server/options.js'
import { startFhirServer } from '../../fhir-server/server.js'
import { connectionStringOf, startAzurite } from '../../support/azurite.js'
import { errorLines, patient, patients, stateFolder } from '../../support/load-run.js'
import { CONFIG, writeFiles } from '../../support/pipeline-run.js'
import { sluice, startSluice } from '../../support/sluice.js'
import { verbRun } from '../../support/verb-run.js'

async function started(t: Test, options: FhirServerOptions = {}) {
  const server = await startFhirServer(options)
  t.teardown(server.close)
  return server
}

/** Writes the files of a source into a folder of the test. */
function made(t: Test, files: Readonly<Record<string, string | Buffer>>, name = 'in'): string {
  // The folder is made by the first call: another one would empty it.
  if (!existsSync(t.testdirName)) t.testdir()
  return writeFiles(join(t.testdirName, name), files)
}

t.test('a folder is loaded: counts, exit code, and where audit and errors are', async (t) => {
  const server = await started(t)
  const input = made(t, {
    'a.ndjson': patients(30),
    'b.ndjson': `${patients(3, 100)}{"resourceType":"Patient"}\n`,
  })
  const { exitCode, stdout, stderr } = await sluice(['load', input, '--to', server.base])
  t.equal(exitCode, 10, stderr)
  t.match(stdout, /2 of 2 files done/)
  t.match(stdout, /34 entries = 33 loaded \+ 1 failed \+ 0 ambiguous/)
  t.match(stdout, /not sent: 1/)
  t.match(stdout, /by status: 201 33, NO_ID 1/)
  t.match(stdout, /errors: \S+errors.ndjson; --retry-errors/)
  t.ok(existsSync(join(stateFolder(input, server.base), 'audit.ndjson')))
  t.match(stderr, /"event":"load.finished"/)
  t.notMatch(stdout + stderr, /CANARY|p100/)
  t.equal(server.resources().size, 33)
})

t.test('--json prints one document, and exit 0 means that everything is loaded', async (t) => {
  const server = await started(t)
  const input = made(t, { 'a.ndjson': patients(30) })
  const { exitCode, stdout } = await verbRun(['load', input, '--to', server.base, '--json'])
  t.equal(exitCode, 0)
  t.match(JSON.parse(stdout) as LoadReport, {
    read: 30,
    loaded: 30,
    failed: 0,
    ambiguous: 0,
    base: `${server.base}/`,
  })
  const again = JSON.parse(
    (await verbRun(['load', input, '--to', server.base, '--json'])).stdout,
  ) as LoadReport
  t.match(again, { read: 30, loaded: 30, settled: 0, bundles: 0 })
})

t.test('the options reach the server', async (t) => {
  const server = await started(t)
  const sent = () => server.requests.filter(({ method }) => method === 'POST')
  const input = made(t, { 'a.ndjson': patient(1, { meta: { versionId: '7', tag: [{ code: 'x' }] } }) })
  const words = ['--batch-size', '1', '--processing', 'parallel', '--keep-versions', '--connections', '1']
  t.equal((await verbRun(['load', input, '--to', server.base, ...words])).exitCode, 0)
  t.match(sent()[0]?.headers, { 'x-bundle-processing-logic': 'parallel' })
  const plain = made(t, { 'b.ndjson': patients(5) }, 'plain')
  const posted = await verbRun(['load', plain, '--to', server.base, '--method', 'post', '--batch-size', '2'])
  t.equal(posted.exitCode, 0)
  t.strictSame(
    sent()
      .slice(1)
      .map(({ entries }) => entries.length),
    [2, 2, 1],
  )
  t.ok(
    sent()
      .at(-1)
      ?.entries.every((entry) => entry === 'POST Patient'),
  )
  t.equal(sent().at(-1)?.headers['x-bundle-processing-logic'], undefined)
})

t.test('--retry-errors loads what failed, --retry-status what may pass', async (t) => {
  const server = await started(t)
  const input = made(t, { 'a.ndjson': patients(10) })
  server.script({
    on: { path: '^$' },
    when: 'once',
    act: { kind: 'entry', match: 'p7$', status: '409 Conflict' },
  })
  t.equal((await verbRun(['load', input, '--to', server.base])).exitCode, 10)
  t.match(errorLines(input, server.base), [{ id: 'p7', status: 409 }])
  t.equal((await verbRun(['load', input, '--to', server.base])).exitCode, 10, 'still')
  t.equal((await verbRun(['load', input, '--to', server.base, '--retry-errors'])).exitCode, 0)
  const other = made(t, { 'b.ndjson': patients(10, 100) }, 'other')
  server.script({
    on: { path: '^$' },
    when: 'once',
    act: { kind: 'entry', match: 'p107$', status: '409 Conflict' },
  })
  t.equal((await verbRun(['load', other, '--to', server.base, '--retry-status', '409,412'])).exitCode, 0)
  t.equal(server.resources().size, 20)
})

t.test('the token of --auth is sent, renewed when it expires, and shown nowhere', async (t) => {
  const server = await started(t, { authorization: 'Bearer CANARY-TOKEN' })
  const input = made(t, { 'a.ndjson': patients(5) })
  const auth = join(
    made(t, { 'auth.json': '{"type":"bearer","token":{"env":"TOKEN"}}' }, 'auth'),
    'auth.json',
  )
  const words = ['load', input, '--to', server.base]
  const refused = await sluice(words)
  t.equal(refused.exitCode, 2)
  t.match(refused.stderr, /AUTH_FAILED/)
  const env = { TOKEN: 'CANARY-TOKEN' }
  const { exitCode, stdout, stderr } = await sluice([...words, '--auth', auth, '-v'], { env })
  t.equal(exitCode, 0, stderr)
  t.notMatch(stdout + stderr, /CANARY/)
})

t.test('tokens that expire in the run are renewed', async (t) => {
  const server = await started(t, { tokenSeconds: 1, latencyMs: 60 })
  const input = made(t, { 'a.ndjson': patients(50) })
  const auth = {
    type: 'client-credentials',
    tokenUrl: server.tokenUrl,
    clientId: 'x',
    clientSecret: { env: 'SECRET' },
  }
  const path = join(made(t, { 'auth.json': JSON.stringify(auth) }, 'auth'), 'auth.json')
  const words = ['--auth', path, '--batch-size', '2', '--connections', '1']
  const { exitCode, stderr } = await sluice(['load', input, '--to', server.base, ...words], {
    env: { SECRET: 'CANARY' },
  })
  t.equal(exitCode, 0, stderr)
  t.equal(server.resources().size, 50)
  t.ok(server.requests.filter(({ path }) => path.includes('token')).length !== 1, 'more than one token')
})

t.test('SIGTERM: what is under way is recorded, exit 6, and the next run goes on', async (t) => {
  const server = await started(t, { latencyMs: 40 })
  const input = made(t, { 'a.ndjson': patients(400) })
  const words = ['load', input, '--to', server.base, '--batch-size', '10', '--connections', '2']
  const { child, finished } = startSluice(words)
  while (server.requests.length < 5) await new Promise((resolve) => setTimeout(resolve, 10))
  child.kill('SIGTERM')
  const { exitCode, stderr } = await finished
  t.equal(exitCode, 6, stderr)
  const before = server.resources().size
  t.ok(before < 400, `${before} were loaded`)
  t.equal((await sluice(words)).exitCode, 0)
  t.equal(server.resources().size, 400)
  t.equal(server.figures().entries, 400, 'nothing was sent twice')
})

t.test(
  '--config: resources are anonymized on the way, with the same keys when the load goes on',
  async (t) => {
    const server = await started(t)
    const input = made(t, { 'a.ndjson': patients(10) })
    const rules = [
      { path: 'Patient.id', method: 'cryptoHash' },
      { path: 'Patient.name', method: 'redact' },
    ]
    const config = {
      ...CONFIG,
      fhirPathRules: [...rules, { path: 'Resource', method: 'keep' }],
      parameters: {
        ...('parameters' in CONFIG ? (CONFIG.parameters as object) : {}),
        cryptoHashKey: 'b7c1d0f29e8a4c53b1f60a7d2e94c8f1',
      },
    }
    const path = join(made(t, { 'config.json': JSON.stringify(config) }, 'config'), 'config.json')
    const words = ['load', input, '--to', server.base, '-c', path, '--workers', '1']
    const { exitCode, stderr } = await verbRun(words)
    t.equal(exitCode, 0, stderr)
    t.equal(server.resources().size, 10)
    t.notMatch(JSON.stringify([...server.resources().values()]), /CANARY|"p3"/)
    t.match([...server.resources().keys()][0], /^Patient\/[0-9a-f]{64}$/)
    const raw = await verbRun(['load', input, '--to', server.base])
    t.equal(raw.exitCode, 2, 'the same state does not take raw data')
    t.match(raw.stderr, /another --state|another configuration|no configuration/)
  },
)

const WRONG: Readonly<Record<string, readonly [words: readonly string[], says: RegExp]>> = {
  'no source': [['--to', 'http://127.0.0.1:1/fhir'], /missing required argument|source/],
  'no server': [['in'], /--to is missing/],
  'two sources': [['a', 'b', '--to', 'http://127.0.0.1:1/fhir'], /too many arguments|one source/],
  'a server with a query': [['in', '--to', 'http://127.0.0.1:1/fhir?x=1'], /without \?/],
  'a status that is none': [['in', '--to', 'http://127.0.0.1:1/', '--retry-status', '200'], /400 to 499/],
  'a source that is not there': [
    ['/no/such/place', '--to', 'http://127.0.0.1:1/fhir', '--state', '/tmp/x'],
    /SOURCE_NOT_FOUND/,
  ],
}

t.test('SIGTERM while the server is away: it is not waited for', async (t) => {
  const server = await started(t)
  server.script({
    on: { path: '^$' },
    when: 'always',
    act: { kind: 'outcome', status: 503, diagnostics: 'away' },
  })
  const input = made(t, { 'a.ndjson': patients(10) })
  const { child, finished, saw } = startSluice(['load', input, '--to', server.base, '--batch-size', '1'])
  await saw('request.retried')
  const beganMs = performance.now()
  child.kill('SIGTERM')
  t.equal((await finished).exitCode, 6)
  t.ok(performance.now() - beganMs < 8000, 'it does not take the time that requests under way have')
})

t.test('what cannot be done is said before anything is', async (t) => {
  const cwd = t.testdir()
  for (const [name, [words, says]] of Object.entries(WRONG)) {
    const state = words.includes('--state') ? ['--state', join(cwd, 'state')] : []
    const { exitCode, stderr } = await verbRun(['load', ...words, ...state])
    t.equal(exitCode, name.includes('not there') ? 3 : 2, name)
    t.match(stderr, says, name)
  }
  t.notOk(existsSync(join(cwd, 'state')), 'nothing is made')
})

t.test('a source without anything to load is a mistake, unless that is expected', async (t) => {
  const server = await started(t)
  const input = made(t, { 'readme.txt': 'nothing' })
  const { exitCode, stderr } = await verbRun(['load', input, '--to', server.base])
  t.equal(exitCode, 3)
  t.match(stderr, /SOURCE_NOT_FOUND.*--allow-empty/s)
  t.equal((await verbRun(['load', input, '--to', server.base, '--allow-empty'])).exitCode, 0)
})

t.test('a source that cannot be written needs a place for the state', async (t) => {
  const server = await started(t)
  // A file where the folder of the state belongs: not even root can write there.
  const input = made(t, { 'a.ndjson': patients(2) })
  writeFileSync(`${input}.load`, 'a file')
  const refused = await verbRun(['load', input, '--to', server.base])
  t.equal(refused.exitCode, 4)
  t.match(refused.stderr, /the state of the load cannot be stored there.*--state/s)
  t.equal(server.requests.length, 0)
  const inside = await verbRun(['load', input, '--to', server.base, '--state', join(input, 'state')])
  t.equal(inside.exitCode, 2)
  t.match(inside.stderr, /must not lie in the source/)
  const given = join(t.testdirName, 'given')
  t.equal((await verbRun(['load', input, '--to', server.base, '--state', given])).exitCode, 0)
})

t.test('a container is loaded, with its state in the container beside it', async (t) => {
  const azurite = await startAzurite(t)
  const server = await started(t)
  const container = await azurite.container()
  await container.getBlockBlobClient('a/Patient.ndjson').uploadData(Buffer.from(patients(40)))
  const words = ['load', `azurite://${container.containerName}`, '--to', server.base, '--batch-size', '10']
  const env = { AZURITE_CONNECTION_STRING: connectionStringOf(azurite.url) }
  const { exitCode, stdout, stderr } = await sluice(words, { env })
  t.equal(exitCode, 0, stderr)
  t.match(
    stdout,
    new RegExp(
      `audit: azurite://${container.containerName}-sluice/load/127\\.0\\.0\\.1-[0-9a-f]+/audit.ndjson`,
    ),
  )
  t.equal(server.resources().size, 40)
  t.match((await sluice([...words, '--json'], { env })).stdout, /"settled":0/)
})

t.test('nothing is sent to an address that is not a FHIR server', async (t) => {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    response.setHeader('content-type', 'application/json')
    response.end('{"resourceType":"Patient"}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/fhir`
  const input = made(t, { 'a.ndjson': patients(2) })
  const { exitCode, stderr } = await verbRun(['load', input, '--to', base])
  t.equal(exitCode, 2)
  t.match(stderr, /LOAD_REFUSED.*not the address of a FHIR server/s)
  t.strictSame(asked, ['GET /fhir/metadata'])
})

t.test('the report is kept in the state', async (t) => {
  const server = await started(t)
  const input = made(t, { 'a.ndjson': patients(2) })
  await verbRun(['load', input, '--to', server.base])
  const text = readFileSync(join(stateFolder(input, server.base), 'report.json'), 'utf8')
  t.match(JSON.parse(text), { read: 2, loaded: 2, items: { listed: 1, done: 1 } })
})
