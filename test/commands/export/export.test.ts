// Holds src/export/download/stored-source.ts.

import { join } from 'node:path'
import t, { type Test } from 'tap'
import { startAzurite } from '../../support/azurite.js'
import { type BadServer, outcome, startBadServer } from '../../support/bad-fhir-server.js'
import { lines, observationLine, patientLine } from '../../support/export-run.js'
import { CONFIG, filesIn, outputsIn, run, writeFiles } from '../../support/pipeline-run.js'
import { type Finished, sluice } from '../../support/sluice.js'

const FILES = { Patient: [lines(20, patientLine)], Observation: [lines(50, observationLine)] }

const exported = (
  cwd: string,
  server: Pick<BadServer, 'base'>,
  words: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Finished> =>
  sluice(
    ['export', '--from', server.base, '--to', 'out', '--poll-interval', '1', '--workers', '1', ...words],
    { cwd, env },
  )

const workFolder = (t: Test, files: Readonly<Record<string, object>> = {}): string => {
  const texts = Object.entries({ 'config.json': CONFIG, ...files }).map(([name, content]) => [
    name,
    JSON.stringify(content),
  ])
  return t.testdir(Object.fromEntries(texts))
}

const CONFIGURED = ['-c', 'config.json', '--as-of', '2026-11-21']

t.test('a whole export: outputs, report, progress of the server, nothing of a patient shown', async (t) => {
  const server = await startBadServer(t, {
    files: FILES,
    pollsBefore: 1,
    authorization: () => 'Bearer CANARY-TOKEN',
  })
  const cwd = workFolder(t, { 'auth.json': { type: 'bearer', token: { env: 'TOKEN' } } })
  const words = [
    ...CONFIGURED,
    '--type',
    'Patient,Observation',
    '--type',
    'Device',
    '--param',
    '_x=1',
    '--auth',
    'auth.json',
  ]
  const { exitCode, stdout, stderr } = await exported(cwd, server, words, { TOKEN: 'CANARY-TOKEN' })
  t.equal(exitCode, 0, stderr)
  t.match(server.asked[0]?.url, '/fhir/$export?_type=Patient%2CObservation%2CDevice&_x=1')
  t.match(stdout, /system export from .*: 2 files/)
  t.match(stdout, /next time: --since 2026-11-21T01:00:00.000Z/)
  t.match(stderr, /"event":"export.polled".*0 polls/, 'X-Progress is shown')
  t.strictSame(
    [...filesIn(join(cwd, 'out')).keys()],
    ['Observation.1.ndjson', 'Patient.1.ndjson', 'run.json'],
  )
  const state = [...filesIn(join(cwd, 'out.sluice')).values()].join('')
  t.notMatch(stdout + stderr + state, /CANARY/)
})

interface Ended {
  readonly plan?: Parameters<typeof startBadServer>[1]
  readonly words?: readonly string[]
  readonly exitCode: number
  readonly says: RegExp
}

const said = (severity: string): string =>
  `${JSON.stringify({ resourceType: 'OperationOutcome', issue: [{ severity, code: 'exception', diagnostics: 'CANARY' }] })}\n`

const ends: Readonly<Record<string, Ended>> = {
  'neither configuration nor --raw': { words: [], exitCode: 2, says: /--raw/ },
  'a group without its id': { words: [...CONFIGURED, '--level', 'group'], exitCode: 2, says: /--group/ },
  'a time without a zone': { words: [...CONFIGURED, '--since', '2026-01-01'], exitCode: 2, says: /zone/ },
  'parameters that the server refuses': {
    plan: { files: FILES, kickOff: () => outcome(400, 'not-supported') },
    exitCode: 2,
    says: /EXPORT_REFUSED.*error\/not-supported/,
  },
  'a server that wants to know who we are': {
    plan: { files: FILES, authorization: () => 'Bearer x' },
    exitCode: 2,
    says: /AUTH_FAILED/,
  },
  'a job that failed': {
    plan: { files: FILES, status: () => outcome(400, 'processing') },
    exitCode: 3,
    says: /EXPORT_FAILED/,
  },
  'a file that is gone': {
    plan: {
      files: FILES,
      file: ({ url }) => (url.includes('Observation') ? outcome(410, 'deleted') : undefined),
    },
    exitCode: 3,
    says: /Observation\.1\.ndjson: SOURCE_UNREADABLE/,
  },
  'errors that the server names': {
    plan: { files: FILES, outcomes: [said('error')] },
    exitCode: 3,
    says: /the server says: error\/exception/,
  },
  'errors that the server names, where they only warn': {
    plan: { files: FILES, outcomes: [said('error')] },
    words: [...CONFIGURED, '--on-server-errors', 'warn'],
    exitCode: 0,
    says: /the server says: error\/exception/,
  },
  'warnings that the server names': {
    plan: { files: FILES, outcomes: [said('warning')] },
    exitCode: 0,
    says: /the server says: warning\/exception/,
  },
  'an export of nothing': { plan: { files: {} }, exitCode: 3, says: /WARNING: no resource was delivered/ },
  'an export of empty files': {
    plan: { files: { Patient: [''] } },
    exitCode: 3,
    says: /WARNING: no resource was delivered/,
  },
  'an export of nothing, raw': {
    plan: { files: { Patient: [''] } },
    words: ['--raw'],
    exitCode: 3,
    says: /WARNING: no resource was delivered/,
  },
  'an export of nothing, which is allowed': {
    plan: { files: {} },
    words: [...CONFIGURED, '--allow-empty'],
    exitCode: 0,
    says: /WARNING: no resource was delivered/,
  },
  'changes of which there are none': {
    plan: { files: {} },
    words: [...CONFIGURED, '--since', '2026-11-01T00:00:00Z'],
    exitCode: 0,
    says: /no new or changed resource was delivered/,
  },
  'changes that are all deletions': {
    plan: {
      files: {},
      deleted: [
        '{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"DELETE","url":"Patient/1"}}]}\n',
      ],
    },
    words: [...CONFIGURED, '--since', '2026-11-01T00:00:00Z'],
    exitCode: 0,
    says: /no new or changed resource was delivered/,
  },
  'a type that did not come': {
    plan: { files: FILES },
    words: [...CONFIGURED, '--type', 'Patient,Condition'],
    exitCode: 0,
    says: /not received: Condition/,
  },
  'a bad line': {
    plan: { files: { Patient: [`${patientLine(1)}\n{"resourceType":\n`] } },
    exitCode: 10,
    says: /INVALID_JSON/,
  },
  'a server that does not come back': {
    plan: { files: FILES, kickOff: () => ({ status: 503, headers: { 'retry-after': '7200' } }) },
    words: [...CONFIGURED, '--outage-limit', '1'],
    exitCode: 5,
    says: /SERVICE_UNAVAILABLE/,
  },
}

for (const [name, { plan = { files: FILES }, words = CONFIGURED, exitCode, says }] of Object.entries(ends))
  t.test(`exit ${exitCode}: ${name}`, async (t) => {
    const server = await startBadServer(t, plan)
    const ended = await exported(workFolder(t), server, words)
    t.equal(ended.exitCode, exitCode, ended.stderr)
    t.match(ended.stdout + ended.stderr, says)
    // What is missing in this export would be missing in the next one too.
    if (exitCode === 3 || /error/.test(String(says))) t.notMatch(ended.stdout, /next time/)
    t.notMatch(ended.stdout + ended.stderr, /CANARY/)
  })

t.test('raw data where it is asked for, and as JSON', async (t) => {
  const server = await startBadServer(t, { files: FILES })
  const cwd = workFolder(t)
  const { exitCode, stdout } = await exported(cwd, server, ['--raw', '--json'])
  t.equal(exitCode, 0)
  t.match(JSON.parse(stdout), { isComplete: true, run: { raw: true, items: { committed: 2 } } })
  t.equal(String(filesIn(join(cwd, 'out')).get('Patient.1.ndjson')), FILES.Patient[0])
})

t.test('files that the server wrote into a container are read there, and go into another', async (t) => {
  const azurite = await startAzurite(t)
  const [from, to] = [await azurite.container(), await azurite.container()]
  const folder = '20261121T010000-g1'
  for (const [type, [content = '']] of Object.entries(FILES))
    await from.getBlockBlobClient(`${folder}/${type}-1-1.ndjson`).upload(content, Buffer.byteLength(content))
  const server = await startBadServer(t, {
    files: FILES,
    manifest: ({ output, ...rest }) => ({
      ...rest,
      output: (output as { type: string; count: number }[]).map(({ type, count }) => ({
        type,
        count,
        url: `${from.url}/${folder}/${type}-1-1.ndjson`,
      })),
    }),
  })
  const cwd = workFolder(t)
  const words = [...CONFIGURED, '--container', from.containerName, '--layout', 'none']
  const target = ['--to', to.url.replace(/\?.*/, '')]
  const { exitCode, stderr } = await exported(cwd, server, [...words, ...target], {
    AZURE_STORAGE_CONNECTION_STRING: azurite.connectionString,
  })
  t.equal(exitCode, 0, stderr)
  t.equal(server.count('GET', /_container=/), 1)
  const input = writeFiles(join(cwd, 'in'), {
    'Patient.1.ndjson': FILES.Patient[0] ?? '',
    'Observation.1.ndjson': FILES.Observation[0] ?? '',
  })
  await run(input, join(cwd, 'expected'))
  for (const [name, bytes] of outputsIn(join(cwd, 'expected')))
    t.ok((await to.getBlobClient(name).downloadToBuffer()).equals(bytes), name)
})
