import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { isColorWanted } from '../../config/environment/color.js'
import { readPipelineConfig } from '../../config/pipeline/configuration.js'
import { printByteCount, printCount } from '../../config/units/sizes.js'
import { writePieces } from '../../demo/files.js'
import { HOSPITAL_MIX, planSynthetic, syntheticPieces } from '../../demo/generate.js'
import { writeDiffPage } from '../../diff/page-file.js'
import { scheduleProblems } from '../../runs/cron.js'
import type { PipelineReport } from '../../runs/run-end.js'
import { startServer } from '../../server/server.js'
import { writing } from '../../storage/folder/file-errors.js'
import { folderSource } from '../../storage/folder/folder.js'
import { makeFolders, writeWhole } from '../../storage/folder/folder-files.js'
import { openRunDisplay } from '../display/run-display.js'
import type { Terminal } from '../display/terminal.js'
import type { ExitCode } from '../exit-codes.js'
import { fileOf } from '../pipeline-file.js'
import { attempt } from '../run/attempt.js'
import { printPipelineReport } from '../run/report-text.js'
import { storeAccess } from '../store-access.js'
import type { DemoValues } from './options.js'
import { comparison } from './patient-comparison.js'

const PRESET = 'safe-harbor-r4'
const HOUR_MS = 3_600_000
const PATIENTS = nameOf('Patient')
const PATIENTS_READ = 20

/** Where the parts of the demo are. */
interface DemoPlaces {
  readonly output: string
  readonly data: string
  readonly pipeline: string
  readonly page: string
}

/** `sluice demo`: the whole way from a FHIR server to a lake. Throws what the pipeline and the comparison throw. */
export async function demo({ output, bytes, seed }: DemoValues, terminal: Terminal): Promise<ExitCode> {
  const places = {
    output,
    data: join(output, 'data'),
    pipeline: join(output, 'pipeline.json'),
    page: join(output, 'report.html'),
  }
  await writing(places.data, () => makeFolders(places.data))
  const made = makeData(places.data, { bytes, seed })
  terminal.print(
    `${printByteCount(made.bytes)} of synthetic data about ${printCount(made.patients)} patients: ${places.data}`,
  )
  const server = await startProvider(places.data)
  let ended: Ended
  try {
    terminal.print(`a FHIR server that exports them: ${server.baseUrl}`)
    await writeWhole(places.pipeline, `${JSON.stringify(pipelineFrom(server.baseUrl), null, 2)}\n`, 0o666)
    terminal.print(`sluice run ${places.pipeline}`)
    ended = await runPipelineFile(places.pipeline, terminal)
  } finally {
    await server.close(0)
  }
  const { report, exitCode } = ended
  printPipelineReport(report, { json: false }, terminal)
  await showPatient(join(places.data, PATIENTS), join(report.place, PATIENTS), terminal)
  await writeDiffPage({
    page: places.page,
    before: places.data,
    after: report.place,
    state: report.statePlace,
    // Nobody is in it.
    showValues: true,
    access: storeAccess(terminal),
    signal: terminal.signal,
  })
  printPlaces(places, report, { ...server, terminal })
  return exitCode
}

/** As `sluice serve` would. */
const startProvider = (data: string) =>
  startServer({
    source: folderSource(data),
    stateFolder: `${data}.sluice-serve`,
    host: '127.0.0.1',
    port: 0,
    version: 'R4',
    auth: { kind: 'none' },
    limits: {
      maxRunning: 1,
      maxActive: 10,
      maxActivePerClient: 10,
      pollsPerMinute: 600,
      expiresMs: HOUR_MS,
      maxFileBytes: 1e9,
      maxLineBytes: 64e6,
    },
    onEvent: () => {},
  })

/** What a user would write. */
const pipelineFrom = (fhir: string) => ({
  name: 'demo',
  source: { fhir, pollIntervalSeconds: 1 },
  anonymizer: { config: PRESET, separateRuns: true },
  sink: { store: 'lake' },
  retention: { keepLast: 3 },
})

interface Ended {
  readonly report: PipelineReport
  readonly exitCode: ExitCode
}

async function runPipelineFile(path: string, terminal: Terminal): Promise<Ended> {
  const config = await readPipelineConfig(path, scheduleProblems)
  const display = await openRunDisplay(
    // Events are for logs.
    terminal.isInteractive ? terminal : { ...terminal, stderr: new PassThrough().resume() },
    { isVerbose: false, hasBar: true },
  )
  try {
    const { report, exitCode, error } = await attempt(fileOf(path, config, terminal), {
      isFull: false,
      display,
      metrics: undefined,
      signal: terminal.signal,
    })
    if (report === undefined) throw error
    return { report, exitCode }
  } finally {
    await display.close()
  }
}

async function showPatient(beforePath: string, afterPath: string, terminal: Terminal): Promise<void> {
  const { before, after } = await onePatient(beforePath, afterPath)
  for (const line of comparison(before, after, { isColored: isColorWanted(terminal.stdout) }))
    terminal.printColored(line)
}

function printPlaces(
  { output, data, pipeline, page }: DemoPlaces,
  { run }: PipelineReport,
  { port, terminal }: { readonly port: number; readonly terminal: Terminal },
): void {
  for (const line of [
    '',
    `before: ${data}`,
    `after:  ${join(output, 'lake', run)}`,
    `page:   ${page} (in a browser: what was kept, changed and removed)`,
    `again:  node dist/src/cli.js serve --data ${data} --port ${port} & node dist/src/cli.js run ${pipeline}`,
  ])
    terminal.print(line)
}

/** As an export names its files: so they can be compared. */
function nameOf(type: string): string {
  return `${type}.1.ndjson`
}

function makeData(
  folder: string,
  { bytes, seed }: { readonly bytes: number; readonly seed: number },
): { readonly bytes: number; readonly patients: number } {
  const plan = planSynthetic({ version: 'R4', seed, mix: HOSPITAL_MIX, bytes })
  let written = 0
  for (const type of plan.counts.keys())
    written += writePieces(join(folder, nameOf(type)), syntheticPieces(plan, type))
  return { bytes: written, patients: plan.population.patientCount }
}

/** The first patient who keeps a year of birth; the lines of both files are in the same order. */
async function onePatient(
  beforePath: string,
  afterPath: string,
): Promise<{ readonly before: string; readonly after: string }> {
  const [before, after] = await Promise.all([firstLines(beforePath), firstLines(afterPath)])
  const at = Math.max(
    0,
    after.findIndex((line) => line.includes('"birthDate"')),
  )
  return { before: before[at] ?? '{}', after: after[at] ?? '{}' }
}

async function firstLines(path: string): Promise<readonly string[]> {
  const lines: string[] = []
  const file = await open(path)
  try {
    for await (const line of file.readLines()) if (lines.push(line) === PATIENTS_READ) break
    return lines
  } finally {
    await file.close()
  }
}
