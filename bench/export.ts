#!/usr/bin/env node
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { configPath, generateInput } from './end-to-end-input.js'
import {
  benchOptions,
  type CostSamples,
  costRatios,
  costTable,
  inScratchFolder,
  interleaved,
  joined,
  lineRanges,
  measureProcess,
  scriptPath,
} from './harness.js'
import { machineText, spreadLegend, spreadText, writeSection } from './results.js'

const HELP = `What does an export from a FHIR server into a folder cost, against plain downloads and the engine alone?

  node dist/bench/export.js                          1 GB in 16 files, a table and JSON

--bytes <size>    size of all files, default 1GB
--files <n>       in so many files, default 16
--rounds <n>      interleaved rounds, default 5
--workers <n>     default 2
--downloads <n>   at once, default 4
--untagged        the server gives no ETag: everything is hashed
--write           also into bench/README.md
`

const DEFAULTS = {
  bytes: '1GB',
  files: '16',
  rounds: '5',
  workers: '2',
  downloads: '4',
  untagged: false,
  write: false,
}
type Options = NonNullable<ReturnType<typeof benchOptions<typeof DEFAULTS>>>

async function main(options: Options, folder: string): Promise<void> {
  generateInput(join(folder, 'in'), options.bytes)
  const file = joined(join(folder, 'in'), join(folder, 'all.ndjson'))
  split(file, join(folder, 'files'), Number(options.files))
  const kind = options.untagged ? 'untagged' : 'tagged'
  const server = spawn(process.execPath, [scriptPath('export-server.js'), join(folder, 'files'), kind], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const base = String((await once(server.stdout, 'data'))[0]).trim()
    const samples = await interleaved(
      ['fetch', 'engine', 'export'],
      Number(options.rounds),
      async (mode, round) => {
        const output = join(folder, `out-${mode}-${round}`)
        const shared = { mode, output, config: configPath(), workers: Number(options.workers) }
        const sample = await (mode === 'engine'
          ? measureProcess('azure-process.js', { ...shared, file, source: '', sink: '', emulator: {} })
          : measureProcess('export-process.js', { ...shared, base, downloads: Number(options.downloads) }))
        for (const path of [output, `${output}.sluice`]) rmSync(path, { recursive: true, force: true })
        return sample
      },
    )
    report(samples, statSync(file).size / 1e9, options)
  } finally {
    server.kill()
  }
}

/** Whole lines in so many files of about one size. */
function split(file: string, to: string, count: number): void {
  mkdirSync(to)
  const bytes = readFileSync(file)
  for (const [n, { start, end }] of lineRanges(bytes, count).entries())
    writeFileSync(join(to, `${String(n).padStart(6, '0')}.ndjson`), bytes.subarray(start, end))
}

function report(samples: CostSamples, gigabytes: number, options: Options): void {
  const { bytes, files, untagged } = options
  const ratios = costRatios(samples)
  const table = costTable(samples, gigabytes)
  const ratioText = `Processor time of the export ÷ (fetch to disk + engine): ${spreadText(ratios.processor)}. Wall time of the export ÷ fetch: ${spreadText(ratios.wall)}.`
  process.stdout.write(
    `${JSON.stringify({ gigabytes, ratios, samples: Object.fromEntries(samples) })}\n\n${table}\n${ratioText}\n`,
  )
  if (!options.write) return
  const kind = untagged ? 'a server without ETags' : 'a server with ETags'
  const command = `node dist/bench/export.js --bytes ${bytes} --files ${files}${untagged ? ' --untagged' : ''} --write`
  writeSection(
    `export-${bytes}-${files}${untagged ? '-untagged' : ''}`,
    `## Export to folder: ${bytes} in ${files} files, from ${kind} on the same machine

\`${command}\`, ${machineText()}. ${spreadLegend(ratios.wall.rounds)}; whole processes, start included; the server's time is not counted.

${table}

${ratioText}`,
    { rounds: ratios.wall.rounds },
  )
}

const options = benchOptions(HELP, DEFAULTS)
if (options !== undefined) await inScratchFolder((folder) => main(options, folder))
