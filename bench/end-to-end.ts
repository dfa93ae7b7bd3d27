#!/usr/bin/env node
import { closeSync, openSync, readdirSync, rmSync, statSync, writeSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { elementAt } from '../test/support/elements.js'
import { configPath, generateInput } from './end-to-end-input.js'
import type { LoopOptions } from './end-to-end-loop.js'
import type { Measured, ProcessOptions } from './end-to-end-process.js'
import { benchOptions, inScratchFolder, measureProcess } from './harness.js'
import {
  machineText,
  markdownTable,
  type Spread,
  spreadLegend,
  spreadOf,
  spreadText,
  writeSection,
} from './results.js'

const HELP = `How fast is the whole process, files to files, with 1, 2 … n workers, and how much memory does it take?

  node dist/bench/end-to-end.js                     1 GB, a table and JSON
  node dist/bench/end-to-end.js --bytes 4GB --write also into bench/README.md

--bytes <size>    size of the input, one file, default 1GB
--rounds <n>      interleaved rounds, default 5
--workers <list>  default 1,2 … as many as there are processors
--no-loop         without the readline–parse–stringify–write loop and the copy loop
`

interface Row {
  readonly name: string
  readonly seconds: Spread
  readonly megabytesPerSecond: Spread
  readonly processorSeconds: Spread
  readonly peakMebibytes: number
  /** Times as fast as one worker, pair by pair. */
  readonly againstOneWorker?: Spread | undefined
  /** Times as fast as the readline loop, pair by pair. */
  readonly againstLoop?: Spread | undefined
  /** Processor time ÷ that of the copy loop, pair by pair. */
  readonly processorAgainstCopy?: Spread | undefined
}

/** A yardstick, or the pipeline with so many workers. */
type Measurement = { readonly mode: LoopOptions['mode'] | 'pipeline'; readonly workers: number }

const READLINE: Measurement = { mode: 'readline', workers: 0 }
const COPY: Measurement = { mode: 'copy', workers: 0 }

type Sample = Measured & { readonly seconds: number }

const defaultWorkers = (): number[] =>
  Array.from({ length: Math.min(8, availableParallelism()) }, (_, n) => n + 1)

const DEFAULTS = {
  bytes: '1GB',
  rounds: '5',
  workers: defaultWorkers().join(','),
  'no-loop': false,
  write: false,
}
type Options = NonNullable<ReturnType<typeof benchOptions<typeof DEFAULTS>>>

async function main(options: Options, folder: string): Promise<void> {
  const input = join(folder, 'in')
  generateInput(input, options.bytes)
  const megabytes = sizeOf(input) / 1e6
  const workerCounts = options.workers.split(',').map(Number)
  const modes: readonly Measurement[] = [
    ...(options['no-loop'] ? [] : [READLINE, COPY]),
    ...workerCounts.map((workers) => ({ mode: 'pipeline', workers }) as const),
  ]
  const samples = new Map(modes.map((mode) => [nameOf(mode), [] as Sample[]]))
  const engineFile = largestOf(input)
  const scalings: number[] = []
  for (let round = 0; round < Number(options.rounds); round += 1) {
    for (const mode of modes) {
      const sample = await measure({
        input,
        output: join(folder, 'out'),
        config: configPath(),
        ...mode,
      })
      samples.get(nameOf(mode))?.push(sample)
      process.stderr.write(`round ${round + 1}, ${nameOf(mode)}: ${sample.seconds.toFixed(2)} s\n`)
    }
    scalings.push(await machineScaling(engineFile))
  }
  const scaling = spreadOf(scalings)
  const rows = modes.map((mode) => rowOf(mode, samples, megabytes))
  const table = tableOf(rows)
  process.stdout.write(
    `${JSON.stringify({ node: process.versions.node, megabytes, rows, scaling })}\n\n${table}\n\n${scalingText(scaling)}\n`,
  )
  if (options.write)
    writeSection(`end-to-end-${options.bytes}`, sectionOf(table, scaling, options.bytes), {
      rounds: scaling.rounds,
    })
}

function nameOf({ mode, workers }: Measurement): string {
  if (mode === 'readline') return 'readline, parse, stringify, write'
  return mode === 'copy' ? 'read, write, flush' : `${workers} worker${workers === 1 ? '' : 's'}`
}

const largestOf = (folder: string): string => {
  const paths = readdirSync(folder).map((name) => join(folder, name))
  return paths.reduce((best, path) => (statSync(path).size > statSync(best).size ? path : best))
}

const sizeOf = (folder: string): number =>
  readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)

function measure({ mode, ...options }: Measurement & ProcessOptions): Promise<Sample> {
  for (const path of [options.output, `${options.output}.sluice`])
    rmSync(path, { recursive: true, force: true })
  fetchMemoryBack(`${options.output}.tmp`, sizeOf(options.input))
  return mode === 'pipeline'
    ? measureProcess<Measured>('end-to-end-process.js', options)
    : measureProcess<Measured>('end-to-end-loop.js', { mode, ...options })
}

/**
 * A virtual machine gives memory that is free to its host: the first file written then takes ten times as long as the
 * next one. Writes as much as an output takes, and removes it, so that each run finds the memory there.
 */
function fetchMemoryBack(path: string, bytes: number): void {
  const piece = Buffer.alloc(4 * 2 ** 20)
  const file = openSync(path, 'w')
  for (let written = 0; written < bytes; ) written += writeSync(file, piece)
  closeSync(file)
  rmSync(path)
}

/** What a second processor is worth here, at best: two engines that share nothing, from memory, against one. */
async function machineScaling(file: string): Promise<number> {
  const engine = () =>
    measureProcess('azure-process.js', { mode: 'engine', file, config: configPath(), emulator: {} })
  const alone = await engine()
  const pair = await Promise.all([engine(), engine()])
  return (2 * alone.seconds) / Math.max(...pair.map(({ seconds }) => seconds))
}

const scalingText = (scaling: Spread): string =>
  `Two engines that share nothing, each from memory in a process of its own, do ${spreadText(scaling)} times what one does: what a second processor of this machine is worth at best.`

function rowOf(mode: Measurement, samples: ReadonlyMap<string, readonly Sample[]>, megabytes: number): Row {
  const own = samples.get(nameOf(mode)) ?? []
  const against = (other: Measurement, ratioOf: (own: Sample, other: Sample) => number) => {
    const pairs = samples.get(nameOf(other))
    return pairs && spreadOf(own.map((sample, at) => ratioOf(sample, elementAt(pairs, at))))
  }
  const speed = (sample: Sample, other: Sample): number => other.seconds / sample.seconds
  return {
    name: nameOf(mode),
    seconds: spreadOf(own.map(({ seconds }) => seconds)),
    megabytesPerSecond: spreadOf(own.map(({ seconds }) => megabytes / seconds)),
    processorSeconds: spreadOf(own.map(({ processorSeconds }) => processorSeconds)),
    peakMebibytes: Math.max(...own.map(({ peakMebibytes }) => peakMebibytes)),
    againstOneWorker: against({ mode: 'pipeline', workers: 1 }, speed),
    againstLoop: against(READLINE, speed),
    processorAgainstCopy: against(COPY, (sample, copy) => sample.processorSeconds / copy.processorSeconds),
  }
}

const tableOf = (rows: readonly Row[]): string =>
  markdownTable(
    ['', 'MB/s', 'times one worker', 'times readline', 'processor s', '÷ copy', 'peak MiB'],
    rows.map((row) => [
      row.name,
      spreadText(row.megabytesPerSecond, 0),
      optionalText(row.againstOneWorker),
      optionalText(row.againstLoop),
      spreadText(row.processorSeconds, 1),
      optionalText(row.processorAgainstCopy),
      `${row.peakMebibytes}`,
    ]),
  )

/** Empty where a run has no mode to compare with. */
const optionalText = (spread: Spread | undefined): string => (spread === undefined ? '' : spreadText(spread))

const sectionOf = (table: string, scaling: Spread, bytes: string): string =>
  `## End to end: ${bytes} of R4 files to files\n\n\`node dist/bench/end-to-end.js --bytes ${bytes} --write\`, ${machineText()}. ${spreadLegend(scaling.rounds)}; whole processes, start included; \`÷ copy\` is the processor time ÷ that of a loop that reads, writes and flushes as much and does no work; before each, as much as it will write is written and removed, so that a virtual machine has its memory back.\n\n${table}\n\n${scalingText(scaling)}`

const options = benchOptions(HELP, DEFAULTS)
if (options !== undefined) await inScratchFolder((folder) => main(options, folder))
