#!/usr/bin/env node
import { spawn, spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { get } from 'node:http'
import { join } from 'node:path'
import { elementAt, firstOf } from '../test/support/elements.js'
import { benchOptions, inScratchFolder, scriptPath } from './harness.js'
import {
  machineText,
  markdownTable,
  type Spread,
  spreadLegend,
  spreadOf,
  spreadText,
  writeSection,
} from './results.js'

const HELP = `How fast is a file download from sluice serve, against a static file server on Node, and does memory stay flat?

  node dist/bench/serve.js                       512 MB, a table and JSON
  node dist/bench/serve.js --bytes 1GB --write   also into bench/README.md

--bytes <size>    size of the file, default 512MB
--rounds <n>      interleaved rounds, default 9
--jobs <n>        exports queued and polled by as many clients, default 200
`

interface Started {
  readonly url: string
  readonly pid: number
  end(): void
}

/** A server as a process of its own; `read` finds its address in what it prints. */
function start(words: readonly string[], read: RegExp): Promise<Started> {
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'ignore'] })
  return new Promise((resolve, reject) => {
    let text = ''
    child.stdout.on('data', (data: Buffer) => {
      text += data
      const url = read.exec(text)?.[1]
      if (url !== undefined) resolve({ url, pid: child.pid ?? 0, end: () => void child.kill('SIGKILL') })
    })
    child.once('exit', () => reject(new Error('the server ended')))
  })
}

/** Downloads without keeping anything. Returns bytes per second. */
function download(url: string): Promise<number> {
  const begun = performance.now()
  return new Promise((resolve, reject) => {
    get(url, { headers: { 'accept-encoding': 'identity' } }, (response) => {
      let bytes = 0
      response.on('data', (data: Buffer) => {
        bytes += data.length
      })
      response.on('end', () =>
        response.statusCode === 200
          ? resolve(bytes / ((performance.now() - begun) / 1000))
          : reject(new Error(`status ${response.statusCode}`)),
      )
      response.on('error', reject)
    }).on('error', reject)
  })
}

/** One export by the protocol; returns the URL of its first file. */
async function exported(base: string): Promise<string> {
  const started = await fetch(`${base}/$export`, { headers: { prefer: 'respond-async' } })
  if (started.status !== 202) throw new Error(`kick-off: ${started.status}`)
  await started.text()
  const url = started.headers.get('content-location') ?? ''
  for (;;) {
    const status = await fetch(url)
    if (status.status === 200)
      return firstOf(((await status.json()) as { output: { url: string }[] }).output).url
    if (status.status !== 202) throw new Error(`status: ${status.status}`)
    await status.text()
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
}

const residentMebibytes = (pid: number): number =>
  Number(spawnSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' }).stdout) / 1024

interface Results {
  readonly megabytes: number
  readonly staticMegabytesPerSecond: Spread
  readonly serveMegabytesPerSecond: Spread
  readonly ratio: Spread
  readonly jobs: number
  readonly jobsSeconds: number
  readonly memoryMebibytes: {
    readonly beforeDownloads: number
    readonly afterDownloads: number
    readonly afterJobs: number
  }
}

async function measure(data: string, rounds: number, jobs: number): Promise<Results> {
  const cli = scriptPath('../src/cli.js')
  const words = [cli, 'serve', '--data', data, '--port', '0', '--json', '--max-per-client', '10000']
  const plain = await start([scriptPath('serve-static.js'), data], /(http:\S+)/)
  const sluice = await start([...words, '--polls-per-minute', '60000'], /"baseUrl":"([^"]+)"/)
  try {
    const file = await exported(sluice.url)
    await download(file)
    const beforeDownloads = residentMebibytes(sluice.pid)
    const ofStatic: number[] = []
    const ofSluice: number[] = []
    for (let round = 0; round < rounds; round++) {
      ofStatic.push((await download(`${plain.url}/all.ndjson`)) / 1e6)
      ofSluice.push((await download(file)) / 1e6)
    }
    const afterDownloads = residentMebibytes(sluice.pid)
    const begun = performance.now()
    await Promise.all(Array.from({ length: jobs }, () => exported(sluice.url)))
    return {
      megabytes: statSync(join(data, 'all.ndjson')).size / 1e6,
      staticMegabytesPerSecond: spreadOf(ofStatic),
      serveMegabytesPerSecond: spreadOf(ofSluice),
      ratio: spreadOf(ofSluice.map((speed, at) => speed / elementAt(ofStatic, at))),
      jobs,
      jobsSeconds: (performance.now() - begun) / 1000,
      memoryMebibytes: { beforeDownloads, afterDownloads, afterJobs: residentMebibytes(sluice.pid) },
    }
  } finally {
    plain.end()
    sluice.end()
  }
}

const tableOf = (results: Results): string =>
  [
    markdownTable(
      ['', 'MB/s'],
      [
        ['static file server on Node', spreadText(results.staticMegabytesPerSecond, 0)],
        ['sluice serve', spreadText(results.serveMegabytesPerSecond, 0)],
        ['ratio, pair by pair', spreadText(results.ratio)],
      ],
    ),
    '',
    `${results.jobs} exports queued and polled by as many clients: ${results.jobsSeconds.toFixed(1)} s, no error. Resident memory of the server: ` +
      `${results.memoryMebibytes.beforeDownloads.toFixed(0)} MiB before the downloads, ${results.memoryMebibytes.afterDownloads.toFixed(0)} MiB after them, ` +
      `${results.memoryMebibytes.afterJobs.toFixed(0)} MiB after the exports.`,
  ].join('\n')

const DEFAULTS = { bytes: '512MB', rounds: '9', jobs: '200', write: false }
type Options = NonNullable<ReturnType<typeof benchOptions<typeof DEFAULTS>>>

async function main(options: Options, folder: string): Promise<void> {
  const data = join(folder, 'data')
  const generate = [
    '--out',
    data,
    '--bytes',
    options.bytes,
    '--one-file',
    'all.ndjson',
    '--types',
    'Observation=1',
  ]
  spawnSync(process.execPath, [scriptPath('generate.js'), ...generate], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const results = await measure(data, Number(options.rounds), Number(options.jobs))
  const table = tableOf(results)
  process.stdout.write(`${JSON.stringify({ node: process.versions.node, ...results })}\n\n${table}\n`)
  if (options.write)
    writeSection(
      'serve',
      `## Serving: a file of ${options.bytes}\n\n\`node dist/bench/serve.js --bytes ${options.bytes} --write\`, ${machineText()}. ${spreadLegend(results.ratio.rounds)} of downloads on loopback, identity encoding, servers in processes of their own.\n\n${table}`,
      { rounds: results.ratio.rounds },
    )
}

const options = benchOptions(HELP, DEFAULTS)
if (options !== undefined) await inScratchFolder((folder) => main(options, folder))
