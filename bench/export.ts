#!/usr/bin/env node
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { configPath, generateInput } from './end-to-end-input.js'
import { machineText, markdownTable, type Spread, spreadOf, spreadText, writeSection } from './results.js'

const HELP = `What does an export from a FHIR server into a folder cost, against plain downloads and the engine alone?

  node dist/bench/export.js                          1 GB in 16 files, a table and JSON

--bytes <size>    size of all files, default 1GB
--files <n>       in so many files, default 16
--rounds <n>      interleaved rounds, default 3
--workers <n>     default 2
--downloads <n>   at once, default 4
--untagged        the server gives no ETag: everything is hashed
--write           also into bench/README.md
`

const MODES = ['fetch', 'engine', 'export'] as const
type Mode = (typeof MODES)[number]

interface Sample {
  readonly seconds: number
  readonly peakMebibytes: number
  readonly processorSeconds: number
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      bytes: { type: 'string', default: '1GB' },
      files: { type: 'string', default: '16' },
      rounds: { type: 'string', default: '3' },
      workers: { type: 'string', default: '2' },
      downloads: { type: 'string', default: '4' },
      untagged: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(HELP)
    return
  }
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
  const file = join(folder, 'all.ndjson')
  generateInput(join(folder, 'in'), values.bytes)
  for (const name of readdirSync(join(folder, 'in')))
    appendFileSync(file, readFileSync(join(folder, 'in', name)))
  rmSync(join(folder, 'in'), { recursive: true })
  split(file, join(folder, 'files'), Number(values.files))
  const server = start('export-server.js', [join(folder, 'files'), values.untagged ? 'untagged' : 'tagged'])
  try {
    const base = String((await once(server.stdout as NodeJS.ReadableStream, 'data'))[0]).trim()
    const samples = new Map(MODES.map((mode) => [mode, [] as Sample[]]))
    for (let round = 0; round < Number(values.rounds); round += 1)
      for (const mode of MODES) {
        const output = join(folder, `out-${mode}-${round}`)
        const shared = { output, config: configPath(), workers: Number(values.workers) }
        const sample =
          mode === 'engine'
            ? await measure('azure-process.js', { mode, file, ...shared, source: '', sink: '', emulator: {} })
            : await measure('export-process.js', {
                mode,
                base,
                ...shared,
                downloads: Number(values.downloads),
              })
        samples.get(mode)?.push(sample)
        process.stderr.write(`round ${round + 1}, ${mode}: ${sample.seconds.toFixed(2)} s\n`)
        for (const path of [output, `${output}.sluice`]) rmSync(path, { recursive: true, force: true })
      }
    report(samples, statSync(file).size / 1e9, values)
  } finally {
    server.kill()
    rmSync(folder, { recursive: true })
  }
}

/** Whole lines in so many files of about one size. */
function split(file: string, to: string, count: number): void {
  mkdirSync(to)
  const bytes = readFileSync(file)
  for (let n = 0, from = 0; n < count && from < bytes.length; n += 1) {
    const newline = bytes.indexOf(0x0a, Math.max(from, Math.ceil((bytes.length * (n + 1)) / count) - 1))
    const end = newline < 0 ? bytes.length : newline + 1
    writeFileSync(join(to, `${String(n).padStart(6, '0')}.ndjson`), bytes.subarray(from, end))
    from = end
  }
}

const start = (script: string, words: readonly string[]): ChildProcess =>
  spawn(process.execPath, [fileURLToPath(new URL(`./${script}`, import.meta.url)), ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })

async function measure(script: string, options: object): Promise<Sample> {
  const begun = performance.now()
  const child = start(script, [JSON.stringify(options)])
  let text = ''
  child.stdout?.on('data', (data: Buffer) => {
    text += data
  })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`${script} ended with ${code}`)
  return { seconds: (performance.now() - begun) / 1000, ...(JSON.parse(text) as Omit<Sample, 'seconds'>) }
}

type Samples = ReadonlyMap<Mode, readonly Sample[]>

function report(samples: Samples, gigabytes: number, values: Readonly<Record<string, unknown>>): void {
  const [fetched, engine, exported] = MODES.map((mode) => samples.get(mode) ?? [])
  const ratios = {
    processor: spreadOf(
      exported.map(
        ({ processorSeconds }, at) =>
          processorSeconds / (fetched[at].processorSeconds + engine[at].processorSeconds),
      ),
    ),
    wall: spreadOf(exported.map(({ seconds }, at) => seconds / fetched[at].seconds)),
  }
  const table = tableOf(samples, gigabytes)
  process.stdout.write(
    `${JSON.stringify({ gigabytes, ratios, samples: Object.fromEntries(samples) })}\n\n${table}\n${ratioText(ratios)}\n`,
  )
  const { bytes, files, untagged, write } = values
  if (write !== true) return
  const name = `export-${bytes}-${files}${untagged === true ? '-untagged' : ''}`
  const kind = untagged === true ? 'a server without ETags' : 'a server with ETags'
  const command = `node dist/bench/export.js --bytes ${bytes} --files ${files}${untagged === true ? ' --untagged' : ''} --write`
  writeSection(
    name,
    `## Export to folder: ${bytes} in ${files} files, from ${kind} on the same machine

\`${command}\`, ${machineText()}. Whole processes, start included; the server's time is not counted.

${table}

${ratioText(ratios)}`,
  )
}

const ratioText = ({ processor, wall }: { readonly processor: Spread; readonly wall: Spread }): string =>
  `Processor time of the export ÷ (fetch to disk + engine): ${spreadText(processor)}. Wall time of the export ÷ fetch: ${spreadText(wall)}.`

const tableOf = (samples: Samples, gigabytes: number): string =>
  markdownTable(
    ['', 'processor s/GB', 'wall s/GB', 'peak MiB'],
    [...samples].map(([mode, own]) => [
      mode,
      spreadText(spreadOf(own.map(({ processorSeconds }) => processorSeconds / gigabytes))),
      spreadText(spreadOf(own.map(({ seconds }) => seconds / gigabytes))),
      `${Math.max(...own.map(({ peakMebibytes }) => peakMebibytes))}`,
    ]),
  )

await main()
