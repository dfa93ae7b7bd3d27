import { mkdirSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { baseFolderOf, checkConfig, readConfigFile } from '../config/anonymizer-config.js'
import { planOf } from '../config/plan.js'
import { printByteCount } from '../config/sizes.js'
import { runPipeline } from '../pipeline/run.js'
import { folderSink, folderSource } from '../storage/folder.js'
import { writePieces } from '../synthetic/files.js'
import { HOSPITAL_MIX, planSynthetic, syntheticPieces } from '../synthetic/generate.js'
import type { DemoValues } from './demo-options.js'
import { EXIT, type ExitCode } from './exit-codes.js'
import { comparison } from './patient-comparison.js'
import { printReport } from './report-text.js'
import { openRunDisplay } from './run-display.js'
import type { Terminal } from './terminal.js'

const PRESET = fileURLToPath(new URL('../../../configs/safe-harbor-r4.json', import.meta.url))
const PATIENTS = 'Patient.ndjson'
const PATIENTS_READ = 20

/** `sluice demo`. Throws what the pipeline throws. */
export async function demo({ output, bytes, seed }: DemoValues, terminal: Terminal): Promise<ExitCode> {
  const data = join(output, 'data')
  const anonymized = join(output, 'anonymized')
  const made = makeData(data, { bytes, seed })
  terminal.print(`${printByteCount(made.bytes)} of synthetic data about ${made.patients} patients: ${data}`)

  const display = await openRunDisplay(terminal, { isVerbose: false, hasBar: true })
  const checked = checkConfig(await readConfigFile(PRESET), { baseFolder: baseFolderOf(PRESET) })
  const sink = folderSink(anonymized)
  try {
    const report = await runPipeline({
      source: folderSource(data),
      sink,
      plan: planOf(checked),
      signal: terminal.signal,
      onProgress: display.onProgress,
    })
    await display.close()
    printReport(report, sink, terminal)
  } finally {
    await display.close()
  }
  const { before, after } = await onePatient(join(data, PATIENTS), join(anonymized, PATIENTS))
  for (const line of comparison(before, after, { isColored: isTerminal(terminal.stdout) }))
    terminal.print(line)
  terminal.print('')
  terminal.print(`before: ${data}`)
  terminal.print(`after:  ${anonymized}`)
  terminal.print(`again:  npx sluice anonymize -i ${data} -o ${anonymized}-2 -c ${relative('', PRESET)}`)
  return EXIT.delivered
}

function makeData(
  folder: string,
  { bytes, seed }: { readonly bytes: number; readonly seed: number },
): { readonly bytes: number; readonly patients: number } {
  mkdirSync(folder, { recursive: true })
  const plan = planSynthetic({ version: 'R4', seed, mix: HOSPITAL_MIX, bytes })
  let written = 0
  for (const type of plan.counts.keys())
    written += writePieces(join(folder, `${type}.ndjson`), syntheticPieces(plan, type))
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

const isTerminal = (stream: object): boolean => 'isTTY' in stream && stream.isTTY === true
