// Holds src/commands/load/manifest/manifest-file.ts, src/commands/load/manifest/manifest-source.ts,
// src/commands/load/manifest/listed-files.ts, src/commands/load/manifest/local-files.ts,
// src/commands/load/manifest/server-files.ts, src/commands/load/manifest/changed-files.ts,
// src/commands/load/manifest/open-load-source.ts, src/load/manifest.ts, src/load/entries/promised-units.ts.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import t, { type Test } from 'tap'
import type { LoadReport } from '../../../../src/load/options.js'
import type { FhirServerOptions } from '../../../fhir-server/options.js'
import { startFhirServer } from '../../../fhir-server/server.js'
import { provide } from '../../../server/provider.js'
import { type Plan, startBadServer } from '../../../support/bad-fhir-server.js'
import { patient, patients, settledOrdinals } from '../../../support/load-run.js'
import { writeFiles } from '../../../support/pipeline-run.js'
import { sluice, startSluice } from '../../../support/sluice.js'
import { verbRun } from '../../../support/verb-run.js'

async function started(t: Test, options: FhirServerOptions = {}) {
  const server = await startFhirServer(options)
  t.teardown(server.close)
  return server
}

function made(t: Test, files: Readonly<Record<string, string>>): string {
  if (!existsSync(t.testdirName)) t.testdir()
  return writeFiles(join(t.testdirName, 'in'), files)
}

const manifest = (output: readonly object[], more: object = {}): string =>
  JSON.stringify({
    transactionTime: '2026-11-21T01:00:00.000Z',
    request: 'https://fhir.example.org/r4/$export',
    requiresAccessToken: false,
    output,
    error: [],
    ...more,
  })

const deletion = (...urls: readonly string[]): string =>
  `${JSON.stringify({
    resourceType: 'Bundle',
    type: 'transaction',
    entry: urls.map((url) => ({ request: { method: 'DELETE', url } })),
  })}\n`

/** Asks for the manifest of a server's export. */
async function exported({ base }: { readonly base: string }): Promise<string> {
  const kickOff = await fetch(`${base}/$export`, { headers: { prefer: 'respond-async' } })
  return (await fetch(kickOff.headers.get('content-location') ?? '')).text()
}

t.test('local files are loaded by path, deletions last, files of errors not', async (t) => {
  const server = await started(t)
  const folder = made(t, {
    'deleted/a.ndjson': deletion('Patient/p1', 'Patient/p2'),
    'Patient.1.ndjson': patients(10),
    'sub/Patient 2.ndjson': patients(5, 100),
    'error.ndjson': '{"resourceType":"OperationOutcome","id":"not-loaded"}\n',
    'not listed.ndjson': patients(1, 900),
  })
  const files = [
    { type: 'Patient', url: './Patient.1.ndjson', count: 10 },
    { type: 'Patient', url: pathToFileURL(join(folder, 'sub/Patient 2.ndjson')).href, count: 5 },
  ]
  const more = {
    deleted: [{ type: 'Bundle', url: join(folder, 'deleted/a.ndjson'), count: 1 }],
    error: [{ type: 'OperationOutcome', url: 'error.ndjson' }],
  }
  made(t, { 'manifest.json': manifest(files, more) })
  const words = ['load', join(folder, 'manifest.json'), '--to', server.base, '--json']
  const { exitCode, stdout, stderr } = await verbRun([...words, '--connections', '1'])
  t.equal(exitCode, 0, stderr)
  t.match(JSON.parse(stdout) as LoadReport, { read: 17, loaded: 17, items: { listed: 3, done: 3 } })
  t.match(stderr, /"item":"manifest.json","reason":"lists 1 file of errors and warnings from the export/)
  const keys = [...server.resources().keys()]
  t.equal(keys.length, 13)
  t.notOk(keys.some((key) => /\/(?:p1|p2|p900|not-loaded)$/.test(key)))
  t.match(JSON.parse((await verbRun(words)).stdout) as LoadReport, { settled: 0, items: { doneBefore: 3 } })
})

t.test('a folder that holds a manifest is read without it', async (t) => {
  const server = await started(t)
  const output = [{ type: 'Patient', url: 'https://fhir.example.org/1', count: 4 }]
  const pretty = JSON.stringify(JSON.parse(manifest(output)), undefined, 2)
  const folder = made(t, {
    'Patient.ndjson': patients(4),
    'manifest.json': pretty,
    'b/m.json': manifest(output),
  })
  const { exitCode, stderr } = await verbRun(['load', folder, '--to', server.base, '--order', 'types'])
  t.equal(exitCode, 0, stderr)
  t.equal(server.resources().size, 4)
  t.match(stderr, /"event":"source.skipped","item":"b\/m.json","reason":"is the manifest of an export/)
  t.match(stderr, /"event":"source.skipped","item":"manifest.json"/)
})

const REFUSED: readonly (readonly [what: string, text: string, said: RegExp])[] = [
  [
    'missing files',
    manifest([{ type: 'Patient', url: 'gone.ndjson' }]),
    /SOURCE_INCOMPLETE: .*are missing \(1\): "gone/,
  ],
  [
    'a path that leads out',
    manifest([{ type: 'Patient', url: '../out.ndjson' }]),
    /SOURCE_UNUSABLE: .*own folder/,
  ],
  [
    'an absolute path elsewhere',
    manifest([{ type: 'Patient', url: '/etc/passwd' }]),
    /SOURCE_UNUSABLE: .*own folder/,
  ],
  ['a file listed twice', manifest([{ url: 'a.ndjson' }, { url: './a.ndjson' }]), /SOURCE_UNUSABLE: .*twice/],
  [
    'a page of several',
    manifest([], { link: [{ relation: 'next', url: 'https://x/2' }] }),
    /SOURCE_INCOMPLETE: .*page/,
  ],
  ['deletions that are no list', manifest([], { deleted: 'a.ndjson' }), /SOURCE_UNUSABLE: .*"deleted"/],
]

t.test('a manifest that cannot be used is refused before anything is sent', async (t) => {
  const server = await started(t)
  for (const [what, text, said] of REFUSED) {
    const folder = made(t, { 'a.ndjson': patients(1), 'manifest.json': text })
    writeFiles(join(folder, '..'), { 'out.ndjson': patients(1) })
    const { exitCode, stderr } = await verbRun(['load', join(folder, 'manifest.json'), '--to', server.base])
    t.equal(exitCode, 3, what)
    t.match(stderr, said, what)
  }
  t.equal(server.requests.length, 0)
})

t.test('files that hold other than the manifest says are told of, with exit 3', async (t) => {
  const server = await started(t)
  const files = [
    { type: 'Patient', url: 'few.ndjson', count: 4 },
    { type: 'Patient', url: 'good.ndjson', count: 3 },
    { type: 'Patient', url: 'other.ndjson', count: 2 },
  ]
  const folder = made(t, {
    'few.ndjson': `${patients(3, 10)}\n`,
    'good.ndjson': patients(3, 20),
    'other.ndjson': `${patient(30)}\n{"resourceType":"Observation","id":"o"}\n`,
    'manifest.json': manifest(files),
  })
  const words = ['load', join(folder, 'manifest.json'), '--to', server.base]
  for (const run of ['the first run', 'the next run']) {
    const { exitCode, stdout } = await verbRun(words)
    t.equal(exitCode, 3, run)
    t.match(stdout, /few.ndjson: SOURCE_INCOMPLETE: .*has 3 resources, not 4/, run)
    t.match(stdout, /other.ndjson: SOURCE_INCOMPLETE: .*type Observation, not only Patient/, run)
  }
  t.equal(server.resources().size, 7)
  made(t, {
    'manifest.json': manifest(files.with(0, { type: 'Patient', url: 'few.ndjson', count: 3 }).slice(0, 2)),
  })
  t.equal((await verbRun(words)).exitCode, 0, 'a mended manifest')
})

t.test('an export of sluice serve is loaded by its manifest, all of it', async (t) => {
  const target = await started(t)
  const origin = await provide(t)
  const { manifest, lines } = await origin.export('/$export')
  const folder = made(t, { 'export.json': JSON.stringify(manifest) })
  const { exitCode, stderr } = await verbRun(['load', join(folder, 'export.json'), '--to', target.base])
  t.equal(exitCode, 0, stderr)
  const withoutVersion = (text: string) => {
    const { meta, ...resource } = JSON.parse(text)
    const { lastUpdated: _, versionId: __, ...kept } = meta ?? {}
    return JSON.stringify({ ...resource, ...(Object.keys(kept).length > 0 && { meta: kept }) })
  }
  const loaded = [...target.resources().values()].map((resource) => JSON.stringify(resource))
  t.ok(lines.length > 10)
  t.strictSame(loaded.map(withoutVersion).sort(), lines.map(withoutVersion).sort())
})

/** Longer than what is read of a file at once. */
const long = (count: number, from = 0): string =>
  Array.from({ length: count }, (_, at) => `${patient(from + at, { language: 'x'.repeat(2000) })}\n`).join('')

const FILES: Plan['files'] = { Patient: [long(2000), patients(10, 5000)], Group: [] }

/** Kills a load once some of its first file is settled, and returns how much is. */
async function killedInDownload(words: readonly string[], base: string): Promise<number> {
  const settled = () => settledOrdinals(words[1] ?? '', base, 'Patient.1.ndjson').size
  const { child, finished } = startSluice(words)
  while (settled() < 500 && child.exitCode === null) await delay(20)
  child.kill('SIGKILL')
  await finished
  return settled()
}

t.test('killed in a download and run again, it resumes: nothing is lost or sent twice', async (t) => {
  const target = await started(t)
  const origin = await startBadServer(t, {
    files: FILES,
    deleted: [deletion('Patient/p7')],
    file: ({ url }, nth, good) =>
      url.endsWith('/Patient/0') && nth === 1 ? { ...good(), stallAfter: 3_500_000 } : undefined,
  })
  const folder = made(t, { 'manifest.json': await exported(origin) })
  const words = ['load', join(folder, 'manifest.json'), '--to', target.base, '--batch-size', '50']
  const settled = await killedInDownload(words, target.base)
  const sentBefore = target.figures().entries
  const { exitCode, stderr } = await sluice(words)
  t.equal(exitCode, 0, stderr)
  t.equal(target.resources().size, 2009)
  const again = target.figures().entries - sentBefore
  t.ok(again <= 2011 - settled, `${again} entries in the second run, ${settled} settled in the first`)
})

t.test('a file that changed on its server is loaded anew', async (t) => {
  const target = await started(t)
  const origin = await startBadServer(t, {
    files: { Patient: [long(2000)] },
    file: (_, nth, good) => (nth === 1 ? { ...good(), stallAfter: 3_500_000 } : undefined),
  })
  const folder = made(t, { 'manifest.json': await exported(origin) })
  const words = ['load', join(folder, 'manifest.json'), '--to', target.base, '--batch-size', '50']
  await killedInDownload(words, target.base)
  Object.assign(origin.plan.files, { Patient: [long(2000, 10_000)] })
  const changed = await sluice(words)
  t.equal(changed.exitCode, 3, changed.stderr)
  t.match(changed.stdout, /Patient.1.ndjson: SOURCE_CHANGED/)
  t.equal((await sluice(words)).exitCode, 0)
  const resources = target.resources()
  for (let number = 10_000; number < 12_000; number += 1)
    if (!resources.has(`Patient/p${number}`)) t.fail(`p${number} is lost`)
})

t.test('a token goes to the server that --from names, and to no other', async (t) => {
  const target = await started(t)
  const plan = { files: FILES, authorization: () => 'Bearer CANARY-TOKEN', requiresAccessToken: true }
  const origin = await startBadServer(t, plan)
  const other = await startBadServer(t, { ...plan, files: { Patient: [patients(1)] } })
  const file = (base: string, at: number, count: number) => ({
    type: 'Patient',
    url: `${base}/files/Patient/${at}`,
    count,
  })
  const auth = '{"type":"bearer","token":{"env":"TOKEN"}}'
  const folder = made(t, {
    'good.json': manifest([file(origin.origin, 1, 10)], { requiresAccessToken: true }),
    'evil.json': manifest([file(origin.origin, 1, 10), file(other.origin, 0, 1)], {
      requiresAccessToken: true,
      request: `${other.origin}/fhir/$export`,
    }),
    'auth.json': auth,
  })
  const load = (name: string, ...more: readonly string[]) =>
    sluice(['load', join(folder, name), '--to', target.base, ...more], { env: { TOKEN: 'CANARY-TOKEN' } })
  const without = await load('good.json')
  t.equal(without.exitCode, 2)
  t.match(without.stderr, /USAGE: .*need a token; give --from and --from-auth/)
  t.match(
    (await load('good.json', '--from-auth', join(folder, 'auth.json'))).stderr,
    /USAGE: .*--from-auth needs --from/,
  )
  const words = ['--from', origin.base, '--from-auth', join(folder, 'auth.json')]
  const good = await load('good.json', ...words)
  t.equal(good.exitCode, 0, good.stderr)
  t.equal(target.resources().size, 10)
  t.not((await load('evil.json', ...words)).exitCode, 0)
  t.ok(other.asked.length > 0)
  t.notOk(other.asked.some(({ headers }) => headers.authorization !== undefined))
  t.notOk(target.requests.some(({ headers }) => headers.authorization !== undefined))
  t.match((await load('auth.json', '--from', origin.base)).stderr, /USAGE: --from is for/)
})
