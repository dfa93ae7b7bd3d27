import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { elementAt } from '../test/support/elements.js'
import type { ProcessCost } from './process-cost.js'
import { markdownTable, type Spread, spreadOf, spreadText } from './results.js'

/** The options of a bench by their defaults; undefined where `--help` was asked for, which is printed then. */
export function benchOptions<T extends Readonly<Record<string, string | boolean>>>(
  help: string,
  defaults: T,
): { readonly [K in keyof T]: T[K] extends string ? string : boolean } | undefined {
  const { values } = parseArgs({
    options: Object.fromEntries(
      Object.entries({ ...defaults, help: false }).map(([name, value]) => [
        name,
        typeof value === 'string' ? { type: 'string', default: value } : { type: 'boolean', default: value },
      ]),
    ),
  })
  if (values.help === true) {
    process.stdout.write(help)
    return undefined
  }
  return values as { [K in keyof T]: T[K] extends string ? string : boolean }
}

/** Removed when `run` is through, whatever becomes of it. */
export async function inScratchFolder(run: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
  try {
    await run(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** All files of a folder as one, `to`; the folder is empty then. */
export function joined(from: string, to: string): string {
  for (const name of readdirSync(from)) {
    appendFileSync(to, readFileSync(join(from, name)))
    rmSync(join(from, name))
  }
  return to
}

/** Where lines are to be cut into `count` pieces of about one size. */
export function lineRanges(
  bytes: Buffer,
  count: number,
): readonly { readonly start: number; readonly end: number }[] {
  const ranges: { readonly start: number; readonly end: number }[] = []
  for (let n = 0, start = 0; n < count && start < bytes.length; n += 1) {
    const wanted = Math.ceil((bytes.length * (n + 1)) / count)
    const newline = bytes.indexOf(0x0a, Math.max(start, wanted - 1))
    const end = newline < 0 ? bytes.length : newline + 1
    ranges.push({ start, end })
    start = end
  }
  return ranges
}

export const scriptPath = (name: string): string => fileURLToPath(new URL(`./${name}`, import.meta.url))

export type CostSample = ProcessCost & { readonly seconds: number }

/** Runs a script of this folder that prints its `ProcessCost`, or more. */
export async function measureProcess<T extends ProcessCost = ProcessCost>(
  script: string,
  options: object,
): Promise<T & { readonly seconds: number }> {
  const begun = performance.now()
  const child = spawn(process.execPath, [scriptPath(script), JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.on('data', (data: Buffer) => {
    text += data
  })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`${script} ended with ${code}`)
  return { seconds: (performance.now() - begun) / 1000, ...(JSON.parse(text) as T) }
}

export type CostSamples = ReadonlyMap<string, readonly CostSample[]>

/** Every mode once in each round. */
export async function interleaved(
  modes: readonly string[],
  rounds: number,
  measure: (mode: string, round: number) => Promise<CostSample>,
): Promise<CostSamples> {
  const samples = new Map(modes.map((mode) => [mode, [] as CostSample[]]))
  for (let round = 0; round < rounds; round += 1)
    for (const mode of modes) {
      const sample = await measure(mode, round)
      samples.get(mode)?.push(sample)
      process.stderr.write(`round ${round + 1}, ${mode}: ${sample.seconds.toFixed(2)} s\n`)
    }
  return samples
}

export interface CostRatios {
  /** Ratio of processor time: the run against transport and engine together, round by round. */
  readonly processor: Spread
  /** Ratio of wall time: the run against the transport. */
  readonly wall: Spread
}

/** `modes`: the transport alone, the engine alone, the run that does both. */
export function costRatios(samples: CostSamples): CostRatios {
  const [transport, engine, run = []] = [...samples.values()]
  return {
    processor: spreadOf(
      run.map(
        ({ processorSeconds }, at) =>
          processorSeconds /
          (elementAt(transport, at).processorSeconds + elementAt(engine, at).processorSeconds),
      ),
    ),
    wall: spreadOf(run.map(({ seconds }, at) => seconds / elementAt(transport, at).seconds)),
  }
}

export const costTable = (samples: CostSamples, gigabytes: number): string =>
  markdownTable(
    ['', 'processor s/GB', 'wall s/GB', 'peak MiB'],
    [...samples].map(([mode, own]) => [
      mode,
      spreadText(spreadOf(own.map(({ processorSeconds }) => processorSeconds / gigabytes))),
      spreadText(spreadOf(own.map(({ seconds }) => seconds / gigabytes))),
      `${Math.max(...own.map(({ peakMebibytes }) => peakMebibytes))}`,
    ]),
  )
