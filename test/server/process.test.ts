// Holds src/commands/serve/serve.ts, src/commands/serve/stores.ts, src/server/jobs/kept-selections.ts.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { firstOf } from '../support/elements.js'
import { filesIn, CONFIG as KEYED, syntheticLines } from '../support/pipeline-run.js'
import { type Running, sluice, startSluice } from '../support/sluice.js'
import { clientOf, finish, type Provider } from './provider.js'

interface Ending {
  teardown(end: () => void): unknown
}

interface Process extends Pick<Provider, 'ask' | 'kickOff' | 'export'> {
  readonly running: Running
  readonly base: string
}

/** `sluice serve` as a process of its own, on any port. */
async function serve(
  t: Ending,
  words: readonly string[],
  env: Record<string, string> = {},
): Promise<Process> {
  const running = startSluice(['serve', '--port', '0', '--polls-per-minute', '60000', ...words], { env })
  t.teardown(() => void running.child.kill('SIGKILL'))
  const text = await running.saw('server.ready')
  const base = /"baseUrl":"([^"]+)"/.exec(text)?.[1] ?? ''
  return { running, base, ...clientOf(base) }
}

function workplace(t: Ending): { readonly data: string; readonly lake: string; readonly folder: string } {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-serve-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  const lake = join(folder, 'lake')
  mkdirSync(join(lake, 'anonymization'), { recursive: true })
  writeFileSync(join(lake, 'anonymization', 'keyed.json'), JSON.stringify(KEYED))
  const data = join(folder, 'data')
  mkdirSync(data)
  return { data, lake, folder }
}

const outputsOf = (lake: string, container: string): Map<string, string> =>
  new Map(
    [...filesIn(join(lake, container))]
      .filter(([name]) => name.endsWith('.ndjson'))
      .map(([name, bytes]) => [name.replace(/^[^/]+\//, ''), bytes.toString()]),
  )

t.test(
  'a server that is killed half-way through an anonymized export goes on with it when it is started again',
  async (t) => {
    const { data, lake } = workplace(t)
    for (const name of ['a', 'b', 'c', 'd'])
      writeFileSync(join(data, `${name}.ndjson`), syntheticLines(12_000_000, name.charCodeAt(0)))
    const words = [
      '--data',
      data,
      '--outputs',
      lake,
      '--workers',
      '1',
      '--memory-budget',
      '32MiB',
      '--max-jobs',
      '1',
    ]
    const first = await serve(t, words)
    const started = await first.kickOff('/$export?_container=killed&_anonymizationConfig=keyed.json')
    const queued = await first.kickOff('/$export?_type=Patient')
    const path = (response: Response) =>
      new URL(response.headers.get('content-location') ?? '').pathname.replace(/^\/fhir/, '')
    await first.running.saw('item.committed')
    first.running.child.kill('SIGKILL')
    const before = [...outputsOf(lake, 'killed').keys()]
    t.ok(before.length > 0, 'something was committed')

    const second = await serve(t, words)
    const done = await finish(second.ask, `${second.base}${path(started)}`)
    t.ok(done.manifest.output.length > before.length, 'it was half-way')
    t.match(await second.running.saw('run.resumed'), 'run.resumed')
    const { lines: patients } = await finish(second.ask, `${second.base}${path(queued)}`)
    t.ok(patients.length > 0, 'the queued export was taken up too')
    const whole = await second.export('/$export?_container=whole&_anonymizationConfig=keyed.json')
    t.equal(whole.manifest.output.length, done.manifest.output.length)
    t.same(
      outputsOf(lake, 'killed'),
      outputsOf(lake, 'whole'),
      'the same bytes as those of an export that was never killed',
    )
  },
)

t.test('a raw export goes on after a kill as well', async (t) => {
  const { data } = workplace(t)
  for (const name of ['a', 'b', 'c'])
    writeFileSync(join(data, `${name}.ndjson`), syntheticLines(20_000_000, name.charCodeAt(0)))
  const first = await serve(t, ['--data', data])
  const started = await first.kickOff('/$export?_elements=id')
  await first.running.saw('export.running')
  first.running.child.kill('SIGKILL')
  const second = await serve(t, ['--data', data])
  const url = started.headers.get('content-location')?.replace(first.base, second.base) ?? ''
  const resumed = await finish(second.ask, url)
  const again = await second.export('/$export?_elements=id')
  t.same(resumed.lines, again.lines)
})

t.test('SIGTERM ends it with 0: no new requests, a download in progress is given its time', async (t) => {
  const { data } = workplace(t)
  writeFileSync(join(data, 'Patient.ndjson'), '{"resourceType":"Patient","id":"p"}\n'.repeat(2_000_000))
  const server = await serve(t, ['--data', data])
  const started = await server.kickOff('/$export')
  const manifest = await finishWithoutFiles(server, started.headers.get('content-location') ?? '')
  const received = new Promise<number>((resolve, reject) => {
    get(firstOf(manifest.output).url, (response) => {
      let bytes = 0
      server.running.child.kill('SIGTERM')
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length
      })
      response.on('end', () => resolve(bytes))
      response.on('error', reject)
    }).on('error', reject)
  })
  t.equal(await received, 36 * 2_000_000, 'the download is complete')
  const { exitCode, stderr } = await server.running.finished
  t.equal(exitCode, 0, stderr)
})

async function finishWithoutFiles(server: Process, url: string) {
  for (;;) {
    const response = await server.ask(url)
    if (response.status === 200) return (await response.json()) as { output: { url: string }[] }
    await response.text()
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** Bytes as they are: clients normalise paths. */
const rawStatus = (base: string, path: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(base)
    const socket = createConnection(Number(port), hostname, () =>
      socket.end(
        `GET ${path} HTTP/1.1\r\nHost: localhost\r\nPrefer: respond-async\r\nConnection: close\r\n\r\n`,
      ),
    )
    const chunks: Buffer[] = []
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.on('close', () => resolve(Buffer.concat(chunks).toString()))
    socket.on('error', reject)
  })

t.test('no path leads out of an export', async (t) => {
  const { data, folder } = workplace(t)
  writeFileSync(join(folder, 'secret.txt'), 'CANARY')
  writeFileSync(join(data, 'Patient.ndjson'), '{"resourceType":"Patient","id":"p"}\n')
  writeFileSync(join(data, '.hidden.ndjson'), '{"resourceType":"Patient","id":"CANARY"}\n')
  const { base, ...server } = await serve(t, ['--data', data])
  const { statusUrl, lines } = await server.export('/$export?_since=2020-01-01')
  t.equal(lines.length, 1, 'hidden files are no items')
  const job = new URL(statusUrl).pathname
  const up = [
    '../',
    '..%2f',
    '%2e%2e/',
    '%2e%2e%2f',
    '..\\',
    '..%5c',
    '....//',
    '%252e%252e%252f',
    '..%00/',
    '/',
  ]
  for (const step of up)
    for (const target of ['secret.txt', 'job.json', 'selections.json', 'etc/passwd'])
      for (const path of [
        `${job}/${step.repeat(6)}${target}`,
        `${job}/${step}${target}`,
        `/fhir/_operations/export/${step.repeat(3)}${target}`,
        `/${step.repeat(6)}${target}`,
      ]) {
        const answer = await rawStatus(base, path)
        t.match(answer, /^HTTP\/1\.1 4\d\d /, path)
        t.notMatch(answer, /CANARY|root:|criteria/, path)
      }
  for (const name of [
    'job.json',
    'selections.json',
    'files',
    'Patient-1.ndjson.runs',
    'Patient-1.ndjson.part',
    '.',
  ])
    t.match(await rawStatus(base, `${job}/${name}`), /^HTTP\/1\.1 4\d\d /, name)
  t.match(await rawStatus(base, `/${'x'.repeat(40_000)}`), /^HTTP\/1\.1 4\d\d /, 'a URL without end')
  t.match(await rawStatus(base, `${job}`), /^HTTP\/1\.1 200 /, 'the server lives')
})

t.test('200 exports polled by 200 clients end without an error', async (t) => {
  const { data } = workplace(t)
  writeFileSync(join(data, 'Patient.ndjson'), '{"resourceType":"Patient","id":"p"}\n'.repeat(1000))
  const server = await serve(t, ['--data', data, '--max-per-client', '200'])
  const clients = Array.from({ length: 200 }, async (_, number) => {
    const { manifest } = await server.export(number % 2 === 0 ? '/$export' : '/$export?_elements=id')
    return firstOf(manifest.output).count
  })
  const counts = await Promise.all(clients)
  t.same(new Set(counts), new Set([1000]))
  const metrics = await (await fetch(`${new URL(server.base).origin}/metrics`)).text()
  t.match(metrics, /sluice_export_jobs\{state="queued"\} 0/)
  t.match(metrics, /sluice_http_request_seconds_count\{route="export",method="GET",status="202"\} 200/)
})

t.test('health, readiness and what the process refuses', async (t) => {
  const { data, folder, lake } = workplace(t)
  writeFileSync(join(data, 'Patient.ndjson'), '{"resourceType":"Patient","id":"p"}\n')
  const server = await serve(t, ['--data', data])
  const { origin, port } = new URL(server.base)
  for (const path of ['/healthz', '/readyz']) t.equal((await fetch(`${origin}${path}`)).status, 200, path)
  writeFileSync(join(folder, 'clients.json'), '{"clients":[{"client_id":"x","scope":"system/*.read"}]}')
  writeFileSync(
    join(folder, 'http.json'),
    '{"clients":[{"client_id":"x","scope":"s","jwks_url":"http://example.org/keys"}]}',
  )
  const other = join(folder, 'other')
  const rows: readonly (readonly [string, readonly string[], number, string])[] = [
    ['no data', [], 2, '--data is missing'],
    ['data that is not there', ['--data', join(folder, 'none')], 3, 'SOURCE_NOT_FOUND'],
    ['a state folder in use', ['--data', data], 4, 'SINK_LOCKED'],
    ['a port in use', ['--data', data, '--state', other, '--port', port], 5, 'EADDRINUSE'],
    ['state in the data', ['--data', data, '--state', join(data, 'x')], 2, '--state lies in the data'],
    [
      'outputs in the data',
      ['--data', data, '--state', other, '--outputs', data],
      2,
      '--outputs lies in the data',
    ],
    [
      'data in the outputs',
      ['--data', data, '--state', other, '--outputs', folder],
      2,
      'the data lie in --outputs',
    ],
    [
      'cloud data in the outputs',
      ['--data', 'azurite://lake/raw/r4', '--state', other, '--outputs', 'azurite://lake/raw'],
      2,
      'the data lie in --outputs',
    ],
    [
      'outputs in cloud data, named otherwise',
      [
        '--data',
        'abfss://lake@account.dfs.core.windows.net/raw',
        '--state',
        other,
        '--outputs',
        'https://account.blob.core.windows.net/lake/raw/out/?sv=SECRET&se=2099-01-01T00:00:00Z&sp=rw&sr=c&sig=SECRET',
      ],
      2,
      '--outputs lies in the data',
    ],
    ['configurations without outputs', ['--data', data, '--state', other, '--configs', lake], 2, '--outputs'],
    [
      'an issuer without audience',
      ['--data', data, '--state', other, '--issuer', 'x', '--jwks', 'y'],
      2,
      '--audience is missing',
    ],
    [
      'clients without keys',
      ['--data', data, '--state', other, '--clients', join(folder, 'clients.json')],
      2,
      'CONFIG_INVALID',
    ],
    [
      'keys without TLS',
      ['--data', data, '--state', other, '--clients', join(folder, 'http.json')],
      2,
      'must be https',
    ],
    ['an odd base', ['--data', data, '--base-url', 'ftp://x'], 2, 'http or https'],
  ]
  for (const [name, words, exitCode, text] of rows) {
    const ended = await sluice(['serve', ...(words.includes('--port') ? [] : ['--port', '0']), ...words])
    t.equal(ended.exitCode, exitCode, `${name}: ${ended.stderr}`)
    t.match(ended.stderr, text, name)
    t.notMatch(ended.stderr, 'SECRET', name)
  }
})
