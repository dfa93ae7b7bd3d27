#!/usr/bin/env node
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { spawnFhirServer } from '../test/fhir-server/server-process.js'
import { elementAt } from '../test/support/elements.js'
import { generateInput } from './end-to-end-input.js'
import {
  benchOptions,
  type CostSample,
  inScratchFolder,
  interleaved,
  joined,
  measureProcess,
} from './harness.js'
import type { LoadProcessOptions, LoadProcessResult } from './load-process.js'
import { machineText, markdownTable, spreadLegend, spreadOf, spreadText, writeSection } from './results.js'

const HELP = `How fast does a load send bundles, against plain undici, and how close does it come to a server's fixed rate?

  node dist/bench/load.js                            100 MB ten times, a table and JSON

--bytes <size>        size of the resources, default 100MB
--times <n>           how often they are sent, default 10
--entries <n>         of a bundle, default 500
--connections <n>     default 8
--rounds <n>          interleaved rounds, default 5
--rate <n>            bundles a second of the server with a fixed rate, default 40
--seconds <n>         how long it is loaded, default 40
--write               also into bench/README.md
`

const DEFAULTS = {
  bytes: '100MB',
  times: '10',
  entries: '500',
  connections: '8',
  rounds: '5',
  rate: '40',
  seconds: '40',
  write: false,
}
type Options = NonNullable<ReturnType<typeof benchOptions<typeof DEFAULTS>>>
type Sample = CostSample & LoadProcessResult

const FIRST_SECONDS = 5
const MODES = ['undici', 'sender'] as const

async function main(options: Options, folder: string): Promise<void> {
  generateInput(join(folder, 'in'), options.bytes)
  const file = joined(join(folder, 'in'), join(folder, 'all.ndjson'))
  const unbounded = await measureUnbounded(file, options)
  const throttled = await measureThrottled(file, options)
  report({ gigabytes: (statSync(file).size * Number(options.times)) / 1e9, unbounded, throttled }, options)
}

/** A server that counts and answers at once. */
async function measureUnbounded(file: string, options: Options): Promise<readonly (readonly Sample[])[]> {
  const server = await spawnFhirServer({ keeps: 'count', logsEntries: false, maxEntries: 10_000 })
  try {
    const samples = await interleaved(MODES, Number(options.rounds), (name) => {
      const mode = name === 'undici' ? name : 'sender'
      return measureProcess<Sample>(
        'load-process.js',
        processOptions(mode, { file, base: server.base, options }),
      )
    })
    return MODES.map((mode) => (samples.get(mode) ?? []) as readonly Sample[])
  } finally {
    await server.close()
  }
}

interface Throttled {
  /** Of the rate, after the first seconds. */
  readonly share: number
  /** Of the requests, after the first seconds. */
  readonly refused: number
  readonly waits: string
}

/** Servers that take so many bundles a second: one says when to come back, the other one does not. */
async function measureThrottled(file: string, options: Options): Promise<readonly Throttled[]> {
  const found: Throttled[] = []
  for (const retryAfterMs of [undefined, 1000]) {
    const perSecond = Number(options.rate)
    const rate = { perSecond, burst: perSecond, ...(retryAfterMs !== undefined && { retryAfterMs }) }
    const server = await spawnFhirServer({ keeps: 'count', logsEntries: false, maxEntries: 10_000, rate })
    try {
      const seconds = Number(options.seconds)
      const times = 1000
      const asked = { ...processOptions('sender', { file, base: server.base, options }), seconds, times }
      await measureProcess('load-process.js', asked)
      const requests = await server.requests()
      const fromMs = elementAt(requests, 0).atMs + FIRST_SECONDS * 1000
      const counted = requests.filter(
        ({ atMs }) => atMs >= fromMs && atMs < fromMs - FIRST_SECONDS * 1000 + seconds * 1000,
      )
      const taken = counted.filter(({ status }) => status === 200).length
      found.push({
        share: taken / (perSecond * (seconds - FIRST_SECONDS)),
        refused: counted.filter(({ status }) => status === 429).length / counted.length,
        waits: retryAfterMs === undefined ? 'no Retry-After' : `Retry-After of ${retryAfterMs / 1000} s`,
      })
    } finally {
      await server.close()
    }
  }
  return found
}

const processOptions = (
  mode: (typeof MODES)[number],
  { file, base, options }: { readonly file: string; readonly base: string; readonly options: Options },
): LoadProcessOptions => ({
  mode,
  base,
  file,
  entries: Number(options.entries),
  times: Number(options.times),
  connections: Number(options.connections),
  seconds: 3600,
})

interface Measured {
  readonly gigabytes: number
  readonly unbounded: readonly (readonly Sample[])[]
  readonly throttled: readonly Throttled[]
}

function report({ gigabytes, unbounded, throttled }: Measured, options: Options): void {
  const [undici = [], sender = []] = unbounded
  const ratio = spreadOf(sender.map(({ sendSeconds }, at) => elementAt(undici, at).sendSeconds / sendSeconds))
  const table = markdownTable(
    ['', 'MB/s', 'processor s/GB', 'peak MiB'],
    MODES.map((mode, at) => {
      const own = elementAt(unbounded, at)
      return [
        mode,
        spreadText(spreadOf(own.map(({ sendSeconds, sentBytes }) => sentBytes / 1e6 / sendSeconds)), 0),
        spreadText(spreadOf(own.map(({ processorSeconds }) => processorSeconds / gigabytes))),
        `${Math.max(...own.map(({ peakMebibytes }) => peakMebibytes))}`,
      ]
    }),
  )
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
  const throttledText = throttled
    .map(
      ({ share, refused, waits }) =>
        `With ${waits}: ${percent(share)} of its rate, ${percent(refused)} of the requests refused.`,
    )
    .join('\n')
  const text = `Rate of the load ÷ rate of undici: ${spreadText(ratio)}.

A server that takes ${options.rate} bundles a second, after the first ${FIRST_SECONDS} s of ${options.seconds}:
${throttledText}`
  process.stdout.write(
    `${JSON.stringify({ gigabytes, ratio, throttled, unbounded })}\n\n${table}\n\n${text}\n`,
  )
  if (!options.write) return
  writeSection(
    'load',
    `## Load: bundles of ${options.entries} entries to a server that counts and answers at once

\`node dist/bench/load.js --bytes ${options.bytes} --times ${options.times} --write\`, ${machineText()}. ${spreadLegend(ratio.rounds)}. The bundles of undici are JSON before the clock
starts; the load makes them, reads each answer and judges each entry. ${options.connections} connections at most. Processor time and memory are those
of the whole process, which holds all resources.

${table}

${text}`,
    { rounds: ratio.rounds },
  )
}

const options = benchOptions(HELP, DEFAULTS)
if (options !== undefined) await inScratchFolder((folder) => main(options, folder))
