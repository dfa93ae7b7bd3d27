// Holds src/commands/pipeline-file.ts, src/commands/open-pipeline.ts, src/commands/run/attempt.ts,
// src/commands/run/configuration-check.ts, src/commands/run/daemon.ts, src/commands/run/notification.ts,
// src/commands/run/report-text.ts, src/commands/run/status.ts, src/commands/display/contents-text.ts,
// src/fhir-client/probe.ts.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { startFhirServer } from '../../fhir-server/server.js'
import { LIMITS, provide } from '../../server/provider.js'
import { startAzurite } from '../../support/azurite.js'
import { firstOf } from '../../support/elements.js'
import { CONFIG, filesIn, writeFiles } from '../../support/pipeline-run.js'
import { projectRoot } from '../../support/shared.js'
import { sluice, startSluice } from '../../support/sluice.js'

const patient = (id: string): string =>
  `${JSON.stringify({ resourceType: 'Patient', id, name: [{ family: 'CANARY-NAME' }], birthDate: '1950-01-02' })}\n`

const FOLDERS = {
  source: { store: 'in' },
  anonymizer: { config: 'config.json' },
  sink: { store: 'lake' },
  limits: { workers: 1 },
}

function place(t: Test, pipeline: object, lines = patient('a')): string {
  const cwd = t.testdir()
  return writeFiles(cwd, {
    'pipeline.json': JSON.stringify(pipeline),
    'config.json': JSON.stringify(CONFIG),
    'in/A.ndjson': lines,
  })
}

/** Takes messages; `messages` are their bodies. */
async function webhook(t: Test) {
  const messages: Record<string, unknown>[] = []
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece as Buffer)
    messages.push({ ...JSON.parse(Buffer.concat(pieces).toString()), headers: request.headers })
    response.writeHead(200).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { messages, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/WEBHOOK-CANARY` }
}

const runsIn = (cwd: string): string[] => readdirSync(join(cwd, 'lake')).sort()

t.test('one run from a server into a lake, told to a webhook; no secret is in any output', async (t) => {
  const server = await provide(t, { files: { 'Patient.ndjson': patient('p1') + patient('p2') } })
  const { messages, url } = await webhook(t)
  const secrets = {
    TOKEN: 'TOKEN-CANARY',
    HOOK: url,
    SIGN: 'SIGN-CANARY',
    KEY: 'KEY-CANARY: walnut, tundra, 9 lamps',
  }
  const cwd = place(t, {
    ...FOLDERS,
    name: 'nightly',
    source: {
      fhir: server.base,
      pollIntervalSeconds: 1,
      auth: { type: 'bearer', token: { env: 'TOKEN' } },
    },
    anonymizer: { config: 'config.json', keys: { cryptoHashKey: { env: 'KEY' } } },
    notify: { url: { env: 'HOOK' }, secret: { env: 'SIGN' } },
    metrics: { file: 'metrics.prom' },
    retention: { keepLast: 1 },
  })
  const check = await sluice(['run', 'pipeline.json', '--check'], { cwd, env: secrets })
  t.equal(check.exitCode, 0, check.stdout)
  t.match(check.stdout, /source\s+http.*answers.*system export of everything/)
  t.equal(messages.length, 0, 'looking sends nothing')
  t.notOk(filesIn(join(cwd, 'lake')).size, 'and leaves nothing')

  const first = await sluice(['run', 'pipeline.json', '-v'], { cwd, env: secrets })
  t.equal(first.exitCode, 0, first.stderr)
  const second = await sluice(['run', 'pipeline.json', '--json'], { cwd, env: secrets })
  t.equal(second.exitCode, 0, second.stderr)
  const report = JSON.parse(second.stdout)
  t.match(report, { lines: { delivered: 2 }, removed: [String], isResumed: false })
  t.same(runsIn(cwd), [report.run])
  const message = { event: 'run.succeeded', pipeline: 'nightly', exitCode: 0, lines: { delivered: 2 } }
  t.match(messages, [message, message])
  t.match(firstOf(messages).headers, { 'x-sluice-signature': /^sha256=[0-9a-f]{64}$/ })
  const status = await sluice(['run', 'pipeline.json', '--status'], { cwd, env: secrets })
  t.equal(status.stdout.match(/succeeded/g)?.length, 2)
  t.match(filesIn(cwd).get('metrics.prom')?.toString(), /sluice_pipeline_runs_total\{outcome="succeeded"\} 1/)
  const everything = [
    ...[check, first, second, status].flatMap(({ stdout, stderr }) => [stdout, stderr]),
    ...[...filesIn(cwd)].filter(([name]) => !name.startsWith('in/')).map(([, bytes]) => bytes.toString()),
    JSON.stringify(messages.map(({ headers: _, ...message }) => message)),
  ].join('\n')
  t.notMatch(everything, /CANARY/)
})

t.test('what fails is told: a wrong secret, a run at once, a source that is gone', async (t) => {
  const { messages, url } = await webhook(t)
  const cwd = place(t, { ...FOLDERS, notify: { url }, source: { store: 'none' } })
  const gone = await sluice(['run', 'pipeline.json'], { cwd })
  t.equal(gone.exitCode, 3)
  t.match(messages, [{ event: 'run.failed', exitCode: 3, error: { code: 'SOURCE_NOT_FOUND' } }])
  const status = await sluice(['run', 'pipeline.json', '--status', '--json'], { cwd })
  t.match(JSON.parse(status.stdout), [{ state: 'failed', code: 'SOURCE_NOT_FOUND' }])
  const keys = { cryptoHashKey: { env: 'NOT_SET' } }
  writeFiles(cwd, {
    'pipeline.json': JSON.stringify({ ...FOLDERS, anonymizer: { config: 'config.json', keys } }),
  })
  const missing = await sluice(['run', 'pipeline.json'], { cwd })
  t.equal(missing.exitCode, 2)
  t.match(missing.stderr, /anonymizer.keys.cryptoHashKey: the environment variable NOT_SET is missing/)
  const check = await sluice(['run', 'pipeline.json', '--check'], { cwd })
  t.equal(check.exitCode, 2)
  t.match(check.stdout, /FAILS\s+anonymizer[\s\S]*ok\s+source[\s\S]*ok\s+sink/, 'the rest is looked at too')
  t.equal((await sluice(['run'], { cwd })).exitCode, 2)
  t.equal((await sluice(['run', 'pipeline.json', '--check', '--daemon'], { cwd })).exitCode, 2)
})

t.test('a webhook that is not there is a warning; bad lines are exit 10', async (t) => {
  const cwd = place(t, { ...FOLDERS, notify: { url: { file: 'none' } } }, `${patient('a')}no JSON\n`)
  const ended = await sluice(['run', 'pipeline.json'], { cwd })
  t.equal(ended.exitCode, 10, ended.stderr)
  t.match(ended.stderr, '"event":"notify.failed"')
})

/** A source whose lines take long enough to be stopped in. */
const slow = (): string => Array.from({ length: 40_000 }, (_, n) => patient(String(n))).join('')

t.test('a run that was killed is gone on with by the next, with the same bytes', async (t) => {
  const pipeline = { ...FOLDERS, limits: { workers: 1, memoryBudget: '16MiB' } }
  const cwd = place(t, pipeline, slow())
  for (const name of ['B', 'C', 'D']) writeFiles(cwd, { [`in/${name}.ndjson`]: slow() })
  const killed = startSluice(['run', 'pipeline.json'], { cwd })
  await killed.saw('"pipeline.started"')
  killed.child.kill('SIGSTOP')
  const busy = await sluice(['run', 'pipeline.json'], { cwd })
  t.equal(busy.exitCode, 4, 'two at once')
  t.match(busy.stderr, 'SINK_LOCKED')
  const going = await sluice(['run', 'pipeline.json', '--status', '--json'], { cwd })
  killed.child.kill('SIGKILL')
  await killed.finished
  const [{ run, state }] = JSON.parse(going.stdout)
  t.equal(state, 'running')
  const after = await sluice(['run', 'pipeline.json', '--status', '--json'], { cwd })
  t.match(JSON.parse(after.stdout), [{ state: 'interrupted' }])
  const ended = await sluice(['run', 'pipeline.json', '--json'], { cwd })
  t.equal(ended.exitCode, 0, ended.stderr)
  t.match(JSON.parse(ended.stdout), { run, isResumed: true, lines: { delivered: 160_000 } })
  const straight = await sluice(['run', 'pipeline.json', '--json'], { cwd })
  const other = JSON.parse(straight.stdout).run
  for (const name of ['A', 'B', 'C', 'D'])
    t.ok(
      readFileSync(join(cwd, 'lake', run, `${name}.ndjson`)).equals(
        readFileSync(join(cwd, 'lake', other, `${name}.ndjson`)),
      ),
      name,
    )
})

t.test('the daemon: health and metrics; a signal ends it at once, or resumably with exit 6', async (t) => {
  const cwd = place(t, { ...FOLDERS, metrics: { port: 0 } })
  const waiting = startSluice(['run', 'pipeline.json', '--daemon', '--now', '--json'], { cwd })
  const seen = await waiting.saw('schedule.waiting')
  const url = /"url":"(http:[^"]+)\/metrics"/.exec(seen)?.[1] ?? ''
  const health = await (await fetch(`${url}/healthz`)).json()
  t.match(health, { state: 'waiting', next: /T01:00:00.000Z$/, last: { exitCode: 0 } })
  t.match(await (await fetch(`${url}/metrics`)).text(), 'sluice_pipeline_last_success_timestamp_seconds')
  waiting.child.kill('SIGTERM')
  const idle = await waiting.finished
  t.equal(idle.exitCode, 0)
  t.match(JSON.parse(idle.stdout), { lines: { delivered: 1 } })

  writeFiles(cwd, { 'in/A.ndjson': slow(), 'in/B.ndjson': slow(), 'in/C.ndjson': slow() })
  const busy = startSluice(['run', 'pipeline.json', '--daemon', '--now'], { cwd })
  await busy.saw('"run.started"')
  busy.child.kill('SIGTERM')
  const stopped = await busy.finished
  t.equal(stopped.exitCode, 6, stopped.stderr)
  const ended = await sluice(['run', 'pipeline.json', '--json'], { cwd })
  t.match(JSON.parse(ended.stdout), { isResumed: true, lines: { delivered: 120_000 } })
})

t.test('each example runs, with addresses of this machine in place of its own', async (t) => {
  const server = await provide(t, { limits: LIMITS })
  const searched = await startFhirServer()
  t.teardown(() => searched.close())
  searched.seed([
    { resourceType: 'Patient', id: 'p1' },
    {
      resourceType: 'Condition',
      id: 'c1',
      code: { coding: [{ system: 'http://snomed.info/sct', code: '44054006' }] },
      subject: { reference: 'Patient/p1' },
    },
  ])
  const azurite = await startAzurite(t)
  const { containerName } = await azurite.container()
  const folder = join(projectRoot, 'configs/pipelines')
  const env = {
    AZURITE_CONNECTION_STRING: azurite.connectionString,
    SLUICE_HASH_KEY: 'hash: walnut, tundra, 9 lamps',
    SECRET: 'secret',
  }
  const cwd = t.testdir({
    'date-shift.key': 'shift: pelican, ember, 4 rivers',
    in: { 'A.ndjson': patient('a') },
  })
  for (const name of readdirSync(folder)) {
    const example = JSON.parse(readFileSync(join(folder, name), 'utf8'))
    const isAzure = name === 'azure.json'
    const isQuery = 'query' in example.source
    const source = {
      ...example.source,
      auth: undefined,
      ...(isQuery ? { query: join(folder, example.source.query) } : { pollIntervalSeconds: 1 }),
    }
    if (isAzure) delete example.notify
    const keys = example.anonymizer.keys && {
      ...example.anonymizer.keys,
      ...(isAzure && { cryptoHashKey: { env: 'SLUICE_HASH_KEY' }, dateShiftKey: { file: 'date-shift.key' } }),
    }
    const pipeline = {
      ...example,
      source:
        'store' in source ? { store: 'in' } : { ...source, fhir: isQuery ? searched.base : server.base },
      anonymizer: { ...example.anonymizer, keys, config: join(folder, example.anonymizer.config) },
      sink: { ...example.sink, store: isAzure ? `azurite://${containerName}/fhir` : 'lake' },
      metrics: {},
      limits: { ...example.limits, workers: 1 },
    }
    writeFileSync(join(cwd, name), JSON.stringify(pipeline))
    for (const _ of [1, 2]) {
      const ended = await sluice(['run', name, '--json'], { cwd, env })
      t.equal(ended.exitCode, 0, `${name}: ${ended.stderr}`)
    }
  }
})
