#!/usr/bin/env node
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createRetry } from '../src/http/retry.js'
import { inParallel } from '../src/pipeline/parallel-work.js'
import type { StoreAccess } from '../src/storage/access.js'
import { openSink } from '../src/storage/open.js'
import { ACCOUNT, ACCOUNT_KEY, startAzurite } from '../test/support/azurite.js'
import type { AzureProcessOptions } from './azure-process.js'
import { configPath, generateInput } from './end-to-end-input.js'
import {
  benchOptions,
  type CostRatios,
  costRatios,
  costTable,
  inScratchFolder,
  interleaved,
  joined,
  lineRanges,
  measureProcess,
} from './harness.js'
import { machineText, spreadLegend, spreadText, writeSection } from './results.js'

const HELP = `What does a run from blob to blob cost, against a plain copy through the same requests and the engine alone?

  node dist/bench/azure.js                          1 GB in one blob, a table and JSON
  node dist/bench/azure.js --bytes 2GB   for the peak memory
  node dist/bench/azure.js --blobs 1000 --bytes 10MB

--bytes <size>    size of all blobs, default 1GB
--blobs <n>       in so many blobs, default 1
--rounds <n>      interleaved rounds, default 5
--workers <n>     default 2
--write           also into bench/README.md
`

const UPLOADS_AT_ONCE = 16
const DEFAULTS = { bytes: '1GB', blobs: '1', rounds: '5', workers: '2', write: false }
type Options = NonNullable<ReturnType<typeof benchOptions<typeof DEFAULTS>>>

async function main(options: Options, folder: string): Promise<void> {
  const teardowns: (() => unknown)[] = []
  try {
    const { url } = await startAzurite({ teardown: (fn) => teardowns.push(fn) })
    const emulator = { account: ACCOUNT, endpoint: `${url}/${ACCOUNT}`, key: ACCOUNT_KEY }
    generateInput(join(folder, 'in'), options.bytes)
    const file = joined(join(folder, 'in'), join(folder, 'all.ndjson'))
    await upload(file, Number(options.blobs), emulator)
    const shared = { file, config: configPath(), workers: Number(options.workers), emulator }
    const samples = await interleaved(['copy', 'engine', 'pipeline'], Number(options.rounds), (mode, round) =>
      measureProcess('azure-process.js', {
        mode,
        source: 'azurite://source',
        sink: `azurite://${mode}-${round}`,
        ...shared,
      }),
    )
    const gigabytes = statSync(file).size / 1e9
    const table = costTable(samples, gigabytes)
    const ratios = costRatios(samples)
    process.stdout.write(
      `${JSON.stringify({ gigabytes, ratios, samples: Object.fromEntries(samples) })}\n\n${table}\n`,
    )
    if (options.write)
      writeSection(`azure-${options.bytes}-${options.blobs}`, sectionOf(table, ratios, options), {
        rounds: ratios.wall.rounds,
      })
  } finally {
    for (const teardown of teardowns) await teardown()
  }
}

/** The file's lines as so many blobs of about one size. */
async function upload(file: string, count: number, emulator: AzureProcessOptions['emulator']): Promise<void> {
  const access: StoreAccess = { credentials: () => ({ accounts: [], emulator }), retry: createRetry() }
  const sink = await openSink('azurite://source', access, { isToBeCreated: true })
  const bytes = readFileSync(file)
  await inParallel(lineRanges(bytes, count).entries(), UPLOADS_AT_ONCE, async ([n, { start, end }]) => {
    const item = sink.item(`all-${String(n).padStart(6, '0')}.ndjson`, 'f0'.repeat(16))
    await item.resume(0)
    for (let at = start; at < end; at += 4 * 2 ** 20)
      await item.append([bytes.subarray(at, Math.min(end, at + 4 * 2 ** 20))])
    await item.complete()
    await item.commit({ sourceVersion: '', lines: 0, quarantined: 0 })
  })
}

const sectionOf = (table: string, { processor, wall }: CostRatios, { bytes, blobs }: Options) =>
  `## Blob to blob: ${bytes} in ${blobs} blob${blobs === '1' ? '' : 's'}, Azurite on the same machine

\`node dist/bench/azure.js --bytes ${bytes} --blobs ${blobs} --write\`, ${machineText()}. ${spreadLegend(wall.rounds)}; whole processes, start included; the emulator's time is not counted.

${table}

Processor time of the run ÷ (copy + engine): ${spreadText(processor)}. Wall time of the run ÷ copy: ${spreadText(wall)}.`

const options = benchOptions(HELP, DEFAULTS)
if (options !== undefined) await inScratchFolder((folder) => main(options, folder))
