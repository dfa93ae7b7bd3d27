// Holds src/load/import/job.ts, src/load/import/staged-file.ts, src/load/import/staged-record.ts,
// src/load/import/staging.ts, src/load/import/clean-up.ts, src/load/import/context.ts, src/load/import/report.ts.

import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import type { ImportFaultPoint } from '../../../src/load/import/fault-points.js'
import type { ImportReport } from '../../../src/load/import/options.js'
import { openSource } from '../../../src/storage/open.js'
import { startAzureImport } from '../../support/azure-import.js'
import { startAzurite } from '../../support/azurite.js'
import { accessTo, type ImportSetting, importWith } from '../../support/import-run.js'

const PROCESS = fileURLToPath(new URL('../../support/import-process.js', import.meta.url))

const azurite = await startAzurite(t)

const TYPES = ['Patient', 'Observation', 'Condition'] as const
const COUNT = 60
const line = (number: number): string =>
  `${JSON.stringify({ resourceType: TYPES[number % 3], id: `r${number}`, text: 'x'.repeat(number) })}\n`
const A = Array.from({ length: COUNT / 2 }, (_, at) => line(at)).join('')
const B = Array.from({ length: COUNT / 2 }, (_, at) => line(COUNT / 2 + at)).join('')

/** Runs the import in another process; its end is a kill, or what it printed. */
async function run(setting: ImportSetting): Promise<Partial<ImportReport> | 'killed'> {
  const { NODE_OPTIONS: _, ...env } = process.env
  const child = spawn(process.execPath, [PROCESS, JSON.stringify(setting)], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.on('data', (data: Buffer) => {
    text += data
  })
  const signal = await new Promise((resolve) => child.once('close', (_code, signal) => resolve(signal)))
  return signal === 'SIGKILL' ? 'killed' : JSON.parse(text)
}

interface Kill {
  readonly at: ImportFaultPoint
  /** Killed there also where time is short; `npm run soak` kills at all points. */
  readonly always?: true
  readonly after?: number
  /** Jobs that the server saw; default 1. */
  readonly jobs?: number
}

const kills: readonly Kill[] = [
  { at: 'staged-bytes', after: 3 },
  { at: 'before-file-record', after: 2 },
  { at: 'after-file-record', after: 2, always: true },
  { at: 'after-file-commit', after: 2 },
  { at: 'staged' },
  { at: 'before-kick-off' },
  // The address of the job died with the process: a second one stores the same resources under the same ids.
  { at: 'after-kick-off', jobs: 2, always: true },
  { at: 'job-recorded' },
  { at: 'job-complete' },
  { at: 'file-settled', after: 2, always: true },
  { at: 'before-report' },
  { at: 'after-report' },
]

const isWhole = process.env.SLUICE_IMPORT_KILLS === 'all'
if (!isWhole) t.comment('SLUICE_IMPORT_KILLS=all kills at all points')

for (const { at, after = 0, jobs = 1 } of kills.filter(({ always }) => isWhole || always === true))
  t.test(`killed at ${at} and run again: the same job, nothing staged or counted twice`, async (t) => {
    const folder = t.testdir({ input: { 'a.ndjson': A, 'b.ndjson': B } })
    const { containerName } = await azurite.container()
    const server = await startAzureImport(t, azurite, {
      pollsBefore: 0,
      delayMs: 0,
      refuse: ({ id }) => (id === 'r7' || id === 'r40' ? 'refused' : undefined),
    })
    const setting: ImportSetting = {
      base: server.base,
      input: join(folder, 'input'),
      stage: `azurite://${containerName}`,
      state: join(folder, 'state'),
      target: 'azure',
      storage: azurite.url,
      fileBytes: 700,
    }
    t.equal(await run({ ...setting, killAt: at, killAfter: after }), 'killed')
    const before = await stagedIn(setting.stage)
    const report = await importWith(setting, { keepStaged: true })
    t.match(report, { read: COUNT, loaded: COUNT - 2, failed: 2, ambiguous: 0 })
    t.equal(server.jobs.length, jobs)
    t.equal(server.stored.size, COUNT - 2)
    t.ok(
      [...server.stored.values()].every(({ times }) => times === 1),
      'no line is staged twice',
    )
    const urls = server.jobs.at(-1)?.urls ?? []
    t.equal(new Set(urls).size, urls.length)
    const staged = await stagedIn(setting.stage)
    // If the kill came after everything was settled, the first run has removed its files.
    for (const [name, version] of before) t.equal(staged.get(name), version, `${name} is not made again`)
    t.match(await importWith(setting), { read: COUNT, loaded: COUNT - 2, failed: 2, files: [] })
    t.equal(server.jobs.length, jobs, 'nothing is left to import')
  })

async function stagedIn(stage: string): Promise<ReadonlyMap<string, string>> {
  const source = await openSource(stage, accessTo(azurite.url))
  const found = new Map<string, string>()
  for await (const { name, version } of source.list(() => {})) found.set(name, version)
  return found
}
