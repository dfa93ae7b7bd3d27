#!/usr/bin/env node
import { readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { elementAt } from '../test/support/elements.js'
import { configPath, generateInput } from './end-to-end-input.js'
import { benchOptions, inScratchFolder, measureProcess } from './harness.js'
import type { ProcessCost } from './process-cost.js'
import {
  machineText,
  markdownTable,
  type Spread,
  spreadLegend,
  spreadOf,
  spreadText,
  writeSection,
} from './results.js'

const HELP = `What does it cost to share a run between tasks, against one process with one worker?

  node dist/bench/shards.js                      1 GB; 1, 2 and 4 tasks with a worker each
  node dist/bench/shards.js --bytes 4GB --write  also into bench/README.md

--bytes <size>   size of the input, default 1GB
--rounds <n>     interleaved rounds, default 5
--tasks <list>   default 1,2,4
--items <n>      items of the plan that is timed, default 100000
--outputs <n>    outputs of the end that is timed, default 1000000; 0 leaves it out
`

const DEFAULTS = {
  bytes: '1GB',
  rounds: '5',
  tasks: '1,2,4',
  items: '100000',
  outputs: '1000000',
  write: false,
}
type Options = NonNullable<ReturnType<typeof benchOptions<typeof DEFAULTS>>>

/** Of all processes of a run together. */
interface Sample {
  readonly seconds: number
  readonly processorSeconds: number
  readonly peakMebibytes: number
}

interface Row {
  readonly name: string
  readonly wall: Spread
  readonly processor: Spread
  /** Processor time ÷ that of one process, round by round. */
  readonly ratio: Spread
  readonly peakMebibytes: number
}

async function main(options: Options, folder: string): Promise<void> {
  const input = join(folder, 'in')
  generateInput(input, options.bytes)
  const bytes = readdirSync(input).reduce((sum, name) => sum + statSync(join(input, name)).size, 0)
  const counts = options.tasks.split(',').map(Number)
  const samples = new Map<number, Sample[]>([0, ...counts].map((count) => [count, []]))
  for (let round = 0; round < Number(options.rounds); round += 1)
    for (const [count, own] of samples) {
      const output = join(folder, 'out')
      for (const path of [output, `${output}.sluice`]) rmSync(path, { recursive: true, force: true })
      const sample = await measure(count, { input, output, config: configPath() })
      own.push(sample)
      process.stderr.write(
        `round ${round + 1}, ${nameOf(count)}: ${sample.processorSeconds.toFixed(2)} processor s\n`,
      )
    }
  const rows = [...samples].map(
    ([count, own]): Row => ({
      name: nameOf(count),
      wall: spreadOf(own.map(({ seconds }) => seconds)),
      processor: spreadOf(own.map(({ processorSeconds }) => processorSeconds)),
      ratio: spreadOf(
        own.map(
          ({ processorSeconds }, at) =>
            processorSeconds / elementAt(samples.get(0) ?? [], at).processorSeconds,
        ),
      ),
      peakMebibytes: Math.max(...own.map(({ peakMebibytes }) => peakMebibytes)),
    }),
  )
  const many = await largeRuns(options, folder)
  process.stdout.write(`${JSON.stringify({ bytes, rows, many })}\n\n${tableOf(rows)}\n\n${many.join('\n')}\n`)
  const rounds = Number(options.rounds)
  const head = `\`node dist/bench/shards.js --bytes ${options.bytes} --write\`, ${machineText()}. ${spreadLegend(rounds)} Ranges of 64 MiB; whole processes, start included; peak of the largest process.`
  if (options.write) writeSection('shards', `${head}\n\n${tableOf(rows)}\n\n${many.join('\n')}`, { rounds })
}

const nameOf = (count: number): string =>
  count === 0 ? 'one process, not shared' : `${count} task${count === 1 ? '' : 's'}`

async function measure(
  count: number,
  places: { readonly input: string; readonly output: string; readonly config: string },
): Promise<Sample> {
  const all =
    count === 0
      ? [await measureProcess('end-to-end-process.js', { ...places, workers: 1 })]
      : await Promise.all(
          Array.from({ length: count }, () =>
            measureProcess('shards-process.js', { mode: 'task', ...places }),
          ),
        )
  return {
    seconds: Math.max(...all.map(({ seconds }) => seconds)),
    processorSeconds: all.reduce((sum, one) => sum + one.processorSeconds, 0),
    peakMebibytes: Math.max(...all.map(({ peakMebibytes }) => peakMebibytes)),
  }
}

/** The plan and the end of runs with very many items. */
async function largeRuns({ items, outputs }: Options, folder: string): Promise<readonly string[]> {
  const of = async <T>(mode: string, count: number) =>
    measureProcess<ProcessCost & T>('shards-process.js', {
      mode,
      items: count,
      output: join(folder, `many-${count}`),
      config: configPath(),
    })
  const texts: string[] = []
  for (const count of [Number(items) / 10, Number(items)]) {
    const { planSeconds, peakMebibytes } = await of<{ planSeconds: number }>('plan', count)
    texts.push(
      `- The plan of ${count} items takes ${planSeconds.toFixed(1)} s and ${peakMebibytes} MiB at most.`,
    )
  }
  if (Number(outputs) > 0) {
    await of('results', Number(outputs))
    const { endSeconds, peakMebibytes } = await of<{ endSeconds: number }>('end', Number(outputs))
    texts.push(
      `- The end of a run with ${outputs} outputs takes ${endSeconds.toFixed(1)} s and ${peakMebibytes} MiB at most.`,
    )
  }
  return texts
}

const tableOf = (rows: readonly Row[]): string =>
  markdownTable(
    ['', 'processor s', '÷ not shared', 'wall s', 'peak MiB'],
    rows.map(({ name, processor, ratio, wall, peakMebibytes }) => [
      name,
      spreadText(processor),
      spreadText(ratio),
      spreadText(wall),
      String(peakMebibytes),
    ]),
  )

const options = benchOptions(HELP, DEFAULTS)
if (options !== undefined) await inScratchFolder((folder) => main(options, folder))
