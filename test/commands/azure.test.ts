import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  ContainerClient,
  ContainerSASPermissions,
  generateBlobSASQueryParameters,
  StorageSharedKeyCredential,
} from '@azure/storage-blob'
import t, { type Test } from 'tap'
import { ACCOUNT, ACCOUNT_KEY, startAzurite } from '../support/azurite.js'
import { nthFails, startFaultProxy } from '../support/fault-proxy.js'
import { filesIn, syntheticLines } from '../support/pipeline-run.js'
import { sluice, startSluice } from '../support/sluice.js'

const azurite = await startAzurite(t)
const LINES = syntheticLines(60_000)
const CONFIG = {
  fhirVersion: 'R4',
  fhirPathRules: [{ path: 'Resource.id', method: 'cryptoHash' }],
  parameters: { cryptoHashKey: 'hash: walnut, tundra, 9 lamps' },
}

/** A container with lines and a configuration, and what the same lines become from a folder. */
async function prepared(t: Test) {
  const client = await azurite.container()
  for (const [name, content] of Object.entries({
    'export/a.ndjson': LINES,
    'export/b/c.ndjson': LINES,
    'config/config.json': Buffer.from(JSON.stringify(CONFIG)),
  }))
    await client.getBlockBlobClient(name).uploadData(content)
  const cwd = t.testdir({
    in: { 'a.ndjson': LINES, b: { 'c.ndjson': LINES } },
    'config.json': JSON.stringify(CONFIG),
  })
  return { name: client.containerName, cwd }
}

const sasOf = (container: string, permissions: string): URLSearchParams =>
  new URLSearchParams(
    generateBlobSASQueryParameters(
      {
        containerName: container,
        permissions: ContainerSASPermissions.parse(permissions),
        expiresOn: new Date(Date.now() + 3_600_000),
      },
      new StorageSharedKeyCredential(ACCOUNT, ACCOUNT_KEY),
    ).toString(),
  )

const OUT = ['-o', 'out', '--as-of', '2026-11-21', '--workers', '1']
const EMULATOR = { AZURITE_CONNECTION_STRING: azurite.connectionString }

const outputsOf = (folder: string): string[] =>
  [...filesIn(folder)].filter(([name]) => name !== 'run.json').map(([name, text]) => `${name} ${text}`)

t.test('blobs become the same outputs as files, with the configuration in a container too', async (t) => {
  const { name, cwd } = await prepared(t)
  const files = await sluice(['anonymize', '-i', 'in', '-c', 'config.json', ...OUT], { cwd })
  t.equal(files.exitCode, 0, files.stderr)
  const expected = outputsOf(join(cwd, 'out'))
  t.equal(expected.length, 2)
  const sas = sasOf(name, 'rl')
  const ways: readonly (readonly [string, string, Readonly<Record<string, string>>])[] = [
    ['azurite', `azurite://${name}`, EMULATOR],
    [
      'a connection string',
      `${azurite.url}/${ACCOUNT}/${name}`,
      { AZURE_STORAGE_CONNECTION_STRING: azurite.connectionString },
    ],
    [
      'a key',
      `${azurite.url}/${ACCOUNT}/${name}`,
      { AZURE_STORAGE_ACCOUNT: ACCOUNT, AZURE_STORAGE_KEY: ACCOUNT_KEY },
    ],
  ]
  for (const [way, base, env] of ways) {
    const input = ['-i', `${base}/export`, '-c', `${base}/config/config.json`]
    const { exitCode, stderr } = await sluice(['anonymize', ...input, ...OUT, '-o', `out ${way}`], {
      cwd,
      env,
    })
    t.equal(exitCode, 0, `${way}: ${stderr}`)
    t.strictSame(outputsOf(join(cwd, `out ${way}`)), expected, way)
  }
  const withSas = (path: string): string => `${azurite.url}/${ACCOUNT}/${name}/${path}?${sas}`
  const words = [
    'anonymize',
    '-i',
    withSas('export'),
    '-c',
    withSas('config/config.json'),
    ...OUT,
    '-o',
    'out sas',
  ]
  t.equal((await sluice(words, { cwd })).exitCode, 0)
  t.strictSame(outputsOf(join(cwd, 'out sas')), expected, 'a SAS')
  const lint = await sluice(['lint', '-c', `azurite://${name}/config/config.json`], { cwd, env: EMULATOR })
  t.equal(lint.exitCode, 0, lint.stderr)
  const run = JSON.parse(readFileSync(join(cwd, 'out azurite.sluice', 'run.json'), 'utf8'))
  t.equal(run.source, `azurite://${name}/export`)
})

t.test('neither key nor SAS is in any output, whatever happens', async (t) => {
  const { name, cwd } = await prepared(t)
  const proxy = await startFaultProxy(t, azurite.url)
  const base = `${proxy.url}/${ACCOUNT}/${name}`
  const sas = sasOf(name, 'rl')
  const signature = sas.get('sig') ?? ''
  const key = Buffer.from('CANARYKEY'.repeat(8)).toString('base64')
  const withKey = { AZURE_STORAGE_ACCOUNT: ACCOUNT, AZURE_STORAGE_KEY: key }
  const config = ['-c', 'config.json']
  const faults = [503, 403].map((status) => nthFails(1, { kind: 'status', status }))
  const cases: readonly (readonly [readonly string[], Readonly<Record<string, string>>, number])[] = [
    [['-i', `${base}/export?${sas}`, ...config], {}, 0],
    [['-i', `${base}/none?${sas}`, ...config], {}, 3],
    [['-i', `${base}2/export?${sas}`, ...config], {}, 3],
    [['-i', `${base}/export?${sas}&x=`.replace('sig=', 'sig=CANARY'), ...config], {}, 3],
    [['-i', `${base}/export?${sas}`.replace('se=20', 'se=19'), ...config], {}, 2],
    [['-i', 'in', '-c', `${base}/none.json?${sas}`], {}, 2],
    [['-i', 'in', '-c', `${base}/export/a.ndjson?${sas}`], {}, 2],
    [['-i', `${base}/export`, ...config], withKey, 3],
    [['-i', `${base}/export`, ...config], { AZURE_STORAGE_CONNECTION_STRING: `AccountKey=${key}` }, 2],
  ]
  const secrets = [signature, encodeURIComponent(signature), key, 'CANARY', ACCOUNT_KEY]
  let count = 0
  const check = async (
    words: readonly string[],
    env: Readonly<Record<string, string>>,
    exitCode?: number,
  ) => {
    count += 1
    const out = join(cwd, `o${count}`)
    // The report or the error twice: on stdout as JSON, the events and the error's text on stderr.
    const all = ['anonymize', ...words, ...OUT, '-o', out, '--json', '-v']
    const result = await sluice(all, { cwd, env })
    const label = words.join(' ').replaceAll(signature, 'x')
    if (exitCode !== undefined) t.equal(result.exitCode, exitCode, `${label}: ${result.stderr}`)
    const texts = [
      result.stdout,
      result.stderr,
      ...filesIn(out).values(),
      ...filesIn(`${out}.sluice`).values(),
    ]
    for (const secret of secrets)
      t.notOk(
        texts.some((text) => text.includes(secret)),
        label,
      )
    // The SDK's own log, where it is asked for, has `sig=REDACTED`.
    t.notOk(
      texts.some((text) => /sig=(?!REDACTED)/.test(text.toString())),
      label,
    )
  }
  for (const [words, env, exitCode] of cases) {
    proxy.reset()
    await check(words, env, exitCode)
  }
  for (const plan of faults) {
    proxy.reset(plan)
    await check(['-i', `${base}/export?${sas}`, ...config], { AZURE_LOG_LEVEL: 'verbose' })
  }
})

t.test(
  'the list of processes does not show a SAS',
  { skip: !existsSync('/proc/self/cmdline') && 'no /proc' },
  async (t) => {
    const { name, cwd } = await prepared(t)
    const proxy = await startFaultProxy(t, azurite.url)
    proxy.reset(() => ({ kind: 'stall' }))
    const sas = sasOf(name, 'rl')
    const input = `${proxy.url}/${ACCOUNT}/${name}/export?${sas}`
    const { child, finished } = startSluice(['anonymize', '-i', input, '-c', 'config.json', ...OUT], { cwd })
    while (proxy.seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 20))
    const shown = readFileSync(`/proc/${child.pid}/cmdline`, 'latin1')
    t.notMatch(shown, /sig=|127\.0\.0\.1/)
    const startMs = performance.now()
    child.kill('SIGINT')
    t.equal((await finished).exitCode, 6, 'and it ends when it is told to')
    t.ok(performance.now() - startMs < 5000)
  },
)

t.test('what the container says decides the exit code', async (t) => {
  const { name, cwd } = await prepared(t)
  const run = (input: string, env: Readonly<Record<string, string>> = EMULATOR) =>
    sluice(['anonymize', '-i', input, '-c', 'config.json', ...OUT, '-o', `out-${randomUUID()}`], { cwd, env })
  const none = await run('azurite://no-such-container')
  t.equal(none.exitCode, 3)
  t.match(none.stderr, /SOURCE_NOT_FOUND: azurite:.*: there is no such container/)
  const unknown = await run('s3://bucket/x')
  t.equal(unknown.exitCode, 2)
  const denied = await run(`${azurite.url}/${ACCOUNT}/${name}?${sasOf(name, 'r')}`)
  t.equal(denied.exitCode, 3)
  t.match(denied.stderr, /SOURCE_DENIED: http.*: the SAS lacks the permission "l" \(list\)/)
  const client = new ContainerClient(azurite.connectionString, name)
  await client.getBlobClient('export/a.ndjson').setAccessTier('Archive')
  const archived = await run(`azurite://${name}/export/a.ndjson`)
  t.equal(archived.exitCode, 3)
  t.match(archived.stderr, /archive tier/)
})
