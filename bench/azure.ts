#!/usr/bin/env node
import { type ChildProcess, spawn } from 'node:child_process'
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { sideBySide } from '../src/pipeline/side-by-side.js'
import { createRetry } from '../src/retry.js'
import { openSink, type StoreAccess } from '../src/storage/open.js'
import { ACCOUNT, ACCOUNT_KEY, startAzurite } from '../test/support/azurite.js'
import type { AzureMeasured, AzureProcessOptions } from './azure-process.js'
import { configPath, generateInput } from './end-to-end-input.js'
import { machineText, markdownTable, type Spread, spreadOf, spreadText, writeSection } from './results.js'

const HELP = `What does a run from blob to blob cost, against a plain copy through the same requests and the engine alone?

  node dist/bench/azure.js                          1 GB in one blob, a table and JSON
  node dist/bench/azure.js --bytes 2GB --rounds 1   for the peak memory
  node dist/bench/azure.js --blobs 10000 --bytes 100MB --rounds 1

--bytes <size>    size of all blobs, default 1GB
--blobs <n>       in so many blobs, default 1
--rounds <n>      interleaved rounds, default 3
--workers <n>     default 2
--write           also into bench/README.md
`

const UPLOADS_AT_ONCE = 16
const MODES = ['copy', 'engine', 'pipeline'] as const
type Mode = (typeof MODES)[number]
type Sample = AzureMeasured & { readonly seconds: number }

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      bytes: { type: 'string', default: '1GB' },
      blobs: { type: 'string', default: '1' },
      rounds: { type: 'string', default: '3' },
      workers: { type: 'string', default: '2' },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(HELP)
    return
  }
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
  const teardowns: (() => unknown)[] = []
  try {
    const { url } = await startAzurite({ teardown: (fn) => teardowns.push(fn) })
    const emulator = { account: ACCOUNT, endpoint: `${url}/${ACCOUNT}`, key: ACCOUNT_KEY }
    generateInput(join(folder, 'in'), values.bytes)
    const file = joined(join(folder, 'in'), join(folder, 'all.ndjson'))
    await upload(file, Number(values.blobs), emulator)
    const samples = new Map(MODES.map((mode) => [mode, [] as Sample[]]))
    for (let round = 0; round < Number(values.rounds); round += 1)
      for (const mode of MODES) {
        const sink = `azurite://${mode}-${round}`
        const shared = { file, config: configPath(), workers: Number(values.workers), emulator }
        const sample = await measure({ mode, source: 'azurite://source', sink, ...shared })
        samples.get(mode)?.push(sample)
        process.stderr.write(`round ${round + 1}, ${mode}: ${sample.seconds.toFixed(2)} s\n`)
      }
    const gigabytes = statSync(file).size / 1e9
    const table = tableOf(samples, gigabytes)
    const ratios = ratiosOf(samples)
    process.stdout.write(
      `${JSON.stringify({ gigabytes, ratios, samples: Object.fromEntries(samples) })}\n\n${table}\n`,
    )
    const name = `azure-${values.bytes}-${values.blobs}`
    if (values.write) writeSection(name, sectionOf(table, ratios, values))
  } finally {
    for (const teardown of teardowns) await teardown()
    rmSync(folder, { recursive: true })
  }
}

/** All files of a folder as one. */
function joined(from: string, to: string): string {
  for (const name of readdirSync(from)) {
    appendFileSync(to, readFileSync(join(from, name)))
    rmSync(join(from, name))
  }
  return to
}

/** The file's lines as so many blobs of about one size. */
async function upload(file: string, count: number, emulator: AzureProcessOptions['emulator']): Promise<void> {
  const access: StoreAccess = { credentials: () => ({ accounts: [], emulator }), retry: createRetry() }
  const sink = await openSink('azurite://source', access, { isToBeCreated: true })
  const bytes = readFileSync(file)
  const ranges: { readonly start: number; readonly end: number }[] = []
  for (let n = 0, start = 0; n < count && start < bytes.length; n += 1) {
    const wanted = Math.ceil((bytes.length * (n + 1)) / count)
    const newline = bytes.indexOf(0x0a, Math.max(start, wanted - 1))
    const end = newline < 0 ? bytes.length : newline + 1
    ranges.push({ start, end })
    start = end
  }
  await sideBySide(ranges.entries(), UPLOADS_AT_ONCE, async ([n, { start, end }]) => {
    const item = sink.item(`all-${String(n).padStart(6, '0')}.ndjson`, 'f0'.repeat(16))
    await item.resume(0)
    for (let at = start; at < end; at += 4 * 2 ** 20)
      await item.append([bytes.subarray(at, Math.min(end, at + 4 * 2 ** 20))])
    await item.complete()
    await item.commit({ sourceVersion: '', lines: 0, quarantined: 0 })
  })
}

async function measure(options: AzureProcessOptions): Promise<Sample> {
  const script = fileURLToPath(new URL('./azure-process.js', import.meta.url))
  const begun = performance.now()
  const child = spawn(process.execPath, [script, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const text = await outputOf(child)
  return { seconds: (performance.now() - begun) / 1000, ...(JSON.parse(text) as AzureMeasured) }
}

function outputOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    child.stdout?.on('data', (data: Buffer) => {
      text += data
    })
    child.once('error', reject)
    child.once('close', (code) =>
      code === 0 ? resolve(text) : reject(new Error(`the process ended with ${code}`)),
    )
  })
}

interface Ratios {
  /** Of processor time: the run against copy and engine together. */
  readonly processor: Spread
  /** Of wall time: the run against the copy. */
  readonly wall: Spread
}

function ratiosOf(samples: ReadonlyMap<Mode, readonly Sample[]>): Ratios {
  const [copy, engine, pipeline] = MODES.map((mode) => samples.get(mode) ?? [])
  return {
    processor: spreadOf(
      pipeline.map(
        ({ processorSeconds }, at) =>
          processorSeconds / (copy[at].processorSeconds + engine[at].processorSeconds),
      ),
    ),
    wall: spreadOf(pipeline.map(({ seconds }, at) => seconds / copy[at].seconds)),
  }
}

const tableOf = (samples: ReadonlyMap<Mode, readonly Sample[]>, gigabytes: number): string =>
  markdownTable(
    ['', 'processor s/GB', 'wall s/GB', 'peak MiB'],
    [...samples].map(([mode, own]) => [
      mode,
      spreadText(spreadOf(own.map(({ processorSeconds }) => processorSeconds / gigabytes))),
      spreadText(spreadOf(own.map(({ seconds }) => seconds / gigabytes))),
      `${Math.max(...own.map(({ peakMebibytes }) => peakMebibytes))}`,
    ]),
  )

const sectionOf = (table: string, { processor, wall }: Ratios, values: { bytes: string; blobs: string }) =>
  `## Blob to blob: ${values.bytes} in ${values.blobs} blob${values.blobs === '1' ? '' : 's'}, Azurite on the same machine

\`node dist/bench/azure.js --bytes ${values.bytes} --blobs ${values.blobs} --write\`, ${machineText()}. Whole processes, start included; the emulator's time is not counted.

${table}

Processor time of the run ÷ (copy + engine): ${spreadText(processor)}. Wall time of the run ÷ copy: ${spreadText(wall)}.`

await main()
