import { createWriteStream, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream } from 'node:stream/web'
import { setV8Flags } from '../src/commands/v8-flags.js'
import { checkConfig } from '../src/config/anonymizer/configuration.js'
import { readConfigFile } from '../src/config/anonymizer/configuration-file.js'
import { planOf } from '../src/config/anonymizer/plan.js'
import { runExport } from '../src/export/run.js'
import { folderSink } from '../src/storage/folder/folder.js'
import { elementAt } from '../test/support/elements.js'
import { costOfThisProcess } from './process-cost.js'

/** What `export.ts` measures: one whole process. */
export interface ExportProcessOptions {
  /** `fetch`: the same files to disk, with nothing but `fetch`. */
  readonly mode: 'fetch' | 'export'
  readonly base: string
  readonly output: string
  readonly config: string
  readonly workers: number
  readonly downloads: number
}

const options = JSON.parse(elementAt(process.argv, 2)) as ExportProcessOptions
if (options.mode === 'fetch') await fetchAll()
else await exportAll()
process.stdout.write(`${JSON.stringify(costOfThisProcess())}\n`)

async function fetchAll(): Promise<void> {
  const { base, output, downloads } = options
  mkdirSync(output, { recursive: true })
  const manifest = (await (await fetch(`${base}/status`)).json()) as { output: { url: string }[] }
  const queue = manifest.output.entries()
  const lane = async (): Promise<void> => {
    for (const [number, { url }] of queue) {
      const { body } = await fetch(url)
      if (body === null) throw new Error(`${url} has no body`)
      await pipeline(
        Readable.fromWeb(body as ReadableStream),
        createWriteStream(join(output, `${number}.ndjson`)),
      )
    }
  }
  await Promise.all(Array.from({ length: downloads }, lane))
}

async function exportAll(): Promise<void> {
  setV8Flags(process.versions.v8)
  const { base, output, workers, downloads } = options
  const checked = checkConfig(await readConfigFile(options.config), {
    allowRandomKeys: true,
    allowWeakKeys: true,
  })
  const report = await runExport({
    base,
    sink: folderSink(output),
    request: { level: 'system', parameters: [] },
    plan: planOf(checked, '2026-11-21'),
    workers,
    downloads,
  })
  if (!report.isComplete) throw new Error(JSON.stringify(report.run.failed))
}
