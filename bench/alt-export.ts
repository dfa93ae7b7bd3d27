#!/usr/bin/env node
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Resource } from '../test/fhir-server/resource.js'
import { spawnFhirServer } from '../test/fhir-server/server-process.js'
import { cohortResources } from '../test/support/alt-export-run.js'
import { configPath } from './end-to-end-input.js'
import {
  benchOptions,
  type CostSamples,
  costTable,
  inScratchFolder,
  interleaved,
  measureProcess,
  scriptPath,
} from './harness.js'
import { spreadOf, spreadText } from './results.js'

const HELP = `What does an export by queries cost, against the same searches by plain fetch, and against $export of the same lines?

  node dist/bench/alt-export.js                      2,000 patients with 20 observations each, a table and JSON

--patients <n>        default 2000
--observations <n>    of each patient, default 20
--rounds <n>          interleaved rounds, default 3
--workers <n>         default 2
--connections <n>     default 8
`

const DEFAULTS = { patients: '2000', observations: '20', rounds: '3', workers: '2', connections: '8' }
type Options = NonNullable<ReturnType<typeof benchOptions<typeof DEFAULTS>>>

const INCLUDE = ['Patient?_id=$IDS&_count=1000', 'Observation?patient=$IDS&_count=1000']

async function main(options: Options, folder: string): Promise<void> {
  const resources = cohortResources(Number(options.patients), { observations: Number(options.observations) })
  const bytes = writeFiles(resources, join(folder, 'files'))
  const server = await spawnFhirServer({ logsEntries: false })
  const files = spawn(process.execPath, [scriptPath('export-server.js'), join(folder, 'files'), 'tagged'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    await server.seed(resources)
    const filesBase = String((await once(files.stdout, 'data'))[0]).trim()
    const [workers, connections] = [Number(options.workers), Number(options.connections)]
    const modes = ['fetch', 'raw', 'anonymized', 'export']
    const samples = await interleaved(modes, Number(options.rounds), async (mode, round) => {
      const output = join(folder, `out-${mode}-${round}`)
      const shared = { mode, output, config: configPath(), workers }
      const sample = await (mode === 'export'
        ? measureProcess('export-process.js', { ...shared, base: filesBase, downloads: 4 })
        : measureProcess('alt-export-process.js', {
            ...shared,
            base: server.base,
            connections,
            include: INCLUDE,
          }))
      for (const path of [output, `${output}.sluice`]) rmSync(path, { recursive: true, force: true })
      return sample
    })
    report(samples, { resourceCount: resources.length, gigabytes: bytes / 1e9 })
  } finally {
    files.kill()
    await server.close()
  }
}

/** A file for each type; returns their bytes. */
function writeFiles(resources: readonly Resource[], folder: string): number {
  mkdirSync(folder)
  let bytes = 0
  for (const type of ['Patient', 'Observation', 'Practitioner']) {
    const text = resources
      .filter(({ resourceType }) => resourceType === type)
      .map((resource) => `${JSON.stringify(resource)}\n`)
      .join('')
    writeFileSync(join(folder, `${type}.ndjson`), text)
    bytes += Buffer.byteLength(text)
  }
  return bytes
}

function report(
  samples: CostSamples,
  { resourceCount, gigabytes }: { readonly resourceCount: number; readonly gigabytes: number },
): void {
  const rates = [...samples].map(
    ([mode, own]) =>
      `${mode}: ${spreadText(spreadOf(own.map(({ seconds }) => resourceCount / seconds)))} resources/s`,
  )
  process.stdout.write(`${costTable(samples, gigabytes)}\n${rates.join('\n')}\n`)
}

const options = benchOptions(HELP, DEFAULTS)
if (options !== undefined) await inScratchFolder((folder) => main(options, folder))
