// Holds src/pipeline/lifecycle/left-out.ts.

import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { ACCOUNT_KEY, startAzurite } from '../../support/azurite.js'
import { KEEP_ALL, textIn, writeFiles } from '../../support/pipeline-run.js'
import { sluice } from '../../support/sluice.js'

const LINE = `${JSON.stringify({ resourceType: 'Patient', id: 'a' })}\n`
const WORDS = ['anonymize', '-i', 'in', '-o', 'out', '-c', 'config.json', '--as-of', '2026-11-21']

function workFolder(t: Test, files: Readonly<Record<string, string>>): string {
  const cwd = t.testdir({ 'config.json': JSON.stringify(KEEP_ALL) })
  writeFiles(join(cwd, 'in'), files)
  return cwd
}

t.test(
  'an output is proven, by people and by machines, and what is wrong ends with exit code 4',
  async (t) => {
    const cwd = workFolder(t, { 'a.ndjson': LINE, 'b.ndjson': LINE })
    await sluice(WORDS, { cwd })
    t.match(await sluice(['check', 'out'], { cwd }), { exitCode: 0, stdout: /out: 2 files.*\nverified/ })
    writeFileSync(join(cwd, 'out', 'b.ndjson'), LINE.replace('"a"', '"b"'))
    t.match(await sluice(['check', 'out'], { cwd }), {
      exitCode: 4,
      stdout: /changed: b\.ndjson: .*\n.*verification failed: 1 problem/s,
    })
    const forMachines = await sluice(['check', 'out', '--json'], { cwd })
    t.equal(forMachines.exitCode, 4)
    t.match(JSON.parse(forMachines.stdout), {
      isProven: false,
      problems: [{ code: 'changed', file: 'b.ndjson' }],
    })
    t.match(await sluice(['check', 'out', '--sizes-only'], { cwd }), {
      exitCode: 0,
      stdout: /contents were not read/,
    })
    t.match(await sluice(['check', 'none'], { cwd }), { exitCode: 3 })
    t.match(await sluice(['check'], { cwd }), { exitCode: 2 })
    t.match(await sluice(['check', 'in'], { cwd }), { exitCode: 4, stdout: /no-report/ })
  },
)

t.test('what is left out of an input is counted, and named in the state only', async (t) => {
  const cwd = workFolder(t, {
    'a.ndjson': LINE,
    'Smith_John.xml': 'x',
    '.hidden': 'x',
    'RUN.JSON': LINE,
    plain: 'x',
  })
  const input = join(cwd, 'in')
  symlinkSync(input, join(input, 'link'))
  execFileSync('mkfifo', [join(input, 'pipe')])
  mkdirSync(join(input, '.git'))
  const ran = await sluice(WORDS, { cwd })
  t.match(ran, { exitCode: 0, stdout: /left out: .*2 with another ending/ })
  const leftOut = { 'unknown-ending': 2, hidden: 2, 'own-name': 1, 'link-to-folder': 1, 'not-a-file': 1 }
  t.same(JSON.parse(textIn(join(cwd, 'out'), 'run.json')).leftOut, leftOut)
  t.notMatch(textIn(join(cwd, 'out'), 'run.json'), 'Smith')
  t.match(
    textIn(join(cwd, 'out.sluice'), 'left-out.ndjson'),
    '{"name":"Smith_John.xml","reason":"unknown-ending"}',
  )
})

t.test('an input without anything to anonymize is exit code 3, unless that is allowed', async (t) => {
  for (const files of [{}, { 'a.xml': 'x' }, { '.a.ndjson': LINE }, { 'run.json': LINE }] as Record<
    string,
    string
  >[]) {
    const cwd = workFolder(t, files)
    t.match(await sluice(WORDS, { cwd }), { exitCode: 3, stderr: /holds no \.ndjson.*--allow-empty/s })
    t.match(await sluice([...WORDS, '--allow-empty'], { cwd }), { exitCode: 0 })
    rmSync(cwd, { recursive: true })
  }
})

t.test('what is not as its run wrote it is not shared', async (t) => {
  const azurite = await startAzurite(t)
  const container = await azurite.container()
  const cwd = workFolder(t, { 'a.ndjson': LINE, 'b.ndjson': LINE })
  const env = { AZURITE_CONNECTION_STRING: azurite.connectionString, AZURITE_ACCOUNT_KEY: ACCOUNT_KEY }
  const place = `azurite://${container.containerName}`
  const words = [...WORDS.slice(0, 4), place, ...WORDS.slice(5), '--layout', 'none']
  const ran = await sluice(words, { cwd, env })
  t.equal(ran.exitCode, 0, ran.stderr)
  const share = (...more: string[]) => sluice(['share', place, '--for', 'a', ...more], { cwd, env })
  t.match(await share(), { exitCode: 0 })
  const other = LINE.replace('"a"', '"b"')
  await container.getBlockBlobClient('b.ndjson').upload(other, other.length)
  t.match(await share(), { exitCode: 4, stdout: '', stderr: /b\.ndjson: changed/ })
  t.match(await share('--sizes-only'), { exitCode: 0 })
  t.match(await share('--force'), { exitCode: 0 })
})
