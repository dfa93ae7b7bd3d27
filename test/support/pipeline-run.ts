import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Worker } from 'node:worker_threads'
import type { Test } from 'tap'
import { checkConfig } from '../../src/config/anonymizer/configuration.js'
import { planOf } from '../../src/config/anonymizer/plan.js'
import { mixedSyntheticPieces, planSynthetic } from '../../src/demo/generate.js'
import { type ErrorCode, isSluiceError } from '../../src/errors.js'
import type { FaultPoint, RunEvent, RunOptions } from '../../src/pipeline/options.js'
import type { AnonymizerPlan } from '../../src/pipeline/plan.js'
import type { RunReport } from '../../src/pipeline/report/report.js'
import { runPipeline } from '../../src/pipeline/run.js'
import { folderSink, folderSource, stateFolderOf } from '../../src/storage/folder/folder.js'
import type { LockTimes } from '../../src/storage/folder/folder-lock.js'
import { folderState } from '../../src/storage/folder/folder-state.js'
import type { Sink } from '../../src/storage/store.js'

/** Rules that depend on keys, the line's place and the patient. */
export const CONFIG = {
  fhirVersion: 'R4',
  fhirPathRules: [
    { path: 'Resource.id', method: 'cryptoHash' },
    { path: "nodesByType('Reference').reference", method: 'cryptoHash' },
    { path: "nodesByType('HumanName')", method: 'redact' },
    { path: 'Patient.birthDate', method: 'dateShift' },
    { path: 'Patient.address.city', method: 'encrypt' },
  ],
  parameters: {
    dateShiftKey: 'shift: pelican, ember, 4 rivers',
    dateShiftScope: 'resource',
    cryptoHashKey: 'hash: walnut, tundra, 9 lamps',
    encryptKey: 'aes of velvet 77',
    enablePartialAgesForRedact: true,
    enablePartialDatesForRedact: true,
    enablePartialZipCodesForRedact: true,
    restrictedZipCodeTabulationAreas: [],
  },
}

/** Nothing is changed: outputs can be compared with inputs. */
export const KEEP_ALL = { ...CONFIG, fhirPathRules: [] }

export const planFor = (config: object = CONFIG, asOf = '2026-11-21'): AnonymizerPlan =>
  planOf(checkConfig(config, { allowWeakKeys: true }), asOf)

export type Overrides = Partial<Omit<RunOptions, 'source' | 'sink' | 'plan'>>

/** Two workers and small chunks unless told otherwise. */
export const run = (
  input: string,
  output: string,
  {
    lockTimes,
    ...options
  }: Overrides & { config?: object | undefined; lockTimes?: LockTimes | undefined } = {},
): Promise<RunReport> =>
  runPipelineInto(input, folderSink(output, folderState(stateFolderOf(output), lockTimes)), options)

/** The same for any sink. */
export const runPipelineInto = (
  input: string,
  sink: Sink,
  options: Overrides & { config?: object | undefined } = {},
): Promise<RunReport> => {
  const { config, ...overrides } = options
  return runPipeline({
    source: folderSource(input),
    sink,
    plan: planFor(config),
    workers: 2,
    chunkBytes: 64 * 1024,
    ...overrides,
  })
}

/** The worker threads of this process that have begun since this call and not yet ended. */
export function watchThreads(t: Test): ReadonlySet<Worker> {
  const alive = new Set<Worker>()
  const onWorker = (worker: Worker) => {
    alive.add(worker)
    worker.once('exit', () => alive.delete(worker))
  }
  process.on('worker', onWorker)
  t.teardown(() => process.off('worker', onWorker))
  return alive
}

/** The code a run fails with; undefined for one that does not. Anything but a SluiceError is thrown on. */
export async function codeOf(running: Promise<unknown>): Promise<ErrorCode | undefined> {
  try {
    await running
    return undefined
  } catch (error) {
    if (isSluiceError(error)) return error.code
    throw error
  }
}

/** Content of every file below a folder, by relative path; of none if it is not there. */
export function filesIn(folder: string): Map<string, Buffer> {
  const files = new Map<string, Buffer>()
  let names: string[] = []
  try {
    names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()
  } catch {
    return files
  }
  for (const name of names)
    try {
      if (statSync(join(folder, name)).isFile()) files.set(name, readFileSync(join(folder, name)))
    } catch (error) {
      // Gone since it was listed: a run may be going on.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  return files
}

/** Outputs without the report, whose times differ from run to run. */
export function outputsIn(folder: string): Map<string, Buffer> {
  const files = filesIn(folder)
  files.delete('run.json')
  return files
}

export const textIn = (folder: string, name: string): string => readFileSync(join(folder, name), 'utf8')

/** The quarantine of an output, row by row. */
export function quarantineOf(output: string, name: string): Record<string, unknown>[] {
  const file = filesIn(`${output}.sluice`).get(`quarantine/${name}.ndjson`)
  return (file?.toString('utf8') ?? '')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}

/** Writes files below a folder, with their folders. */
export function writeFiles(folder: string, files: Readonly<Record<string, string | Uint8Array>>): string {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
  mkdirSync(folder, { recursive: true })
  return folder
}

/** Synthetic lines of several types, about `bytes` of them. */
export function syntheticLines(bytes: number, seed = 1): Buffer {
  const plan = planSynthetic({
    version: 'R4',
    seed,
    bytes,
    mix: { Patient: 5, Observation: 10, Encounter: 5, Condition: 3 },
  })
  return Buffer.concat([...mixedSyntheticPieces(plan)].map((piece) => Buffer.from(piece)))
}

/** What `test/faults/run-entry.ts` is given. */
export interface EntryOptions {
  readonly input: string
  readonly output: string
  readonly config?: object
  readonly overrides?: Overrides
  /** Kill -9 when this point is reached for the nth time, from 1. */
  readonly kill?: { readonly point: FaultPoint; readonly nth: number }
  /** Freezes the process (SIGSTOP) there, after it has written its number into the file. */
  readonly stop?: { readonly point: FaultPoint; readonly nth: number; readonly file: string }
  readonly lockTimes?: LockTimes
  /** How far its clock is ahead. */
  readonly clockSkewMs?: number
  /** A file that gets a line for each fault point reached. */
  readonly trace?: string
}

export interface Ended {
  readonly exitCode: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the pipeline in a process of its own; `whileRunning` may end it. */
export function runProcess(
  options: EntryOptions,
  whileRunning: (end: (signal: NodeJS.Signals) => void) => void = () => {},
  /** What starts it, `unshare` for example. */
  wrapper: readonly string[] = [],
): Promise<Ended> {
  const entry = fileURLToPath(new URL('../faults/run-entry.js', import.meta.url))
  return new Promise((resolve, reject) => {
    const [command, ...args] = [...wrapper, process.execPath, entry, JSON.stringify(options)]
    const child = spawn(command, args)
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (data) => {
      stdout += data
    })
    child.stderr.on('data', (data) => {
      stderr += data
    })
    child.on('error', reject)
    child.on('close', (exitCode, signal) => resolve({ exitCode, signal, stdout, stderr }))
    whileRunning((signal) => child.kill(signal))
  })
}

/** Collects events. */
export function listen(): { readonly events: RunEvent[]; readonly onEvent: (event: RunEvent) => void } {
  const events: RunEvent[] = []
  return { events, onEvent: (event) => events.push(event) }
}
