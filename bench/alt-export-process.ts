import { createWriteStream, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { runAltExport } from '../src/alt-export/run.js'
import { setV8Flags } from '../src/commands/v8-flags.js'
import { checkConfig } from '../src/config/anonymizer/configuration.js'
import { readConfigFile } from '../src/config/anonymizer/configuration-file.js'
import { planOf } from '../src/config/anonymizer/plan.js'
import { folderSink } from '../src/storage/folder/folder.js'
import { elementAt } from '../test/support/elements.js'
import { costOfThisProcess } from './process-cost.js'

/** What `alt-export.ts` measures: one whole process. */
export interface AltExportProcessOptions {
  /** `fetch`: the same searches to disk, with nothing but `fetch` and `JSON.parse`, which finds the next page. */
  readonly mode: 'fetch' | 'raw' | 'anonymized'
  readonly base: string
  readonly output: string
  readonly config: string
  readonly workers: number
  readonly connections: number
  readonly include: readonly string[]
}

interface Page {
  readonly entry?: readonly { readonly resource: { readonly id: string } }[]
  readonly link: readonly { readonly relation: string; readonly url: string }[]
}

const IDS_PER_REQUEST = 50
const QUERY = 'Patient?_count=1000'

const options = JSON.parse(elementAt(process.argv, 2)) as AltExportProcessOptions
if (options.mode === 'fetch') await fetchAll()
else await exportAll()
process.stdout.write(`${JSON.stringify(costOfThisProcess())}\n`)

async function fetchAll(): Promise<void> {
  const { base, output, connections, include } = options
  mkdirSync(output, { recursive: true })
  const ids: string[] = []
  for await (const { entry = [] } of pages(`${base}/${QUERY}`))
    ids.push(...entry.map(({ resource }) => resource.id))
  const searches = include.flatMap((search) =>
    Array.from({ length: Math.ceil(ids.length / IDS_PER_REQUEST) }, (_, at) =>
      search.replace('$IDS', ids.slice(at * IDS_PER_REQUEST, (at + 1) * IDS_PER_REQUEST).join(',')),
    ),
  )
  const queue = searches.entries()
  const lane = async (): Promise<void> => {
    for (const [number, search] of queue) {
      const file = createWriteStream(join(output, `${number}.ndjson`))
      for await (const { entry = [] } of pages(`${base}/${search}`))
        file.write(entry.map(({ resource }) => `${JSON.stringify(resource)}\n`).join(''))
      await new Promise((resolve) => file.end(resolve))
    }
  }
  await Promise.all(Array.from({ length: connections }, lane))
}

async function* pages(first: string): AsyncGenerator<Page> {
  for (let url: string | undefined = first; url !== undefined; ) {
    const page = (await (await fetch(url)).json()) as Page
    yield page
    url = page.link.find(({ relation }) => relation === 'next')?.url
  }
}

async function exportAll(): Promise<void> {
  setV8Flags(process.versions.v8)
  const { base, output, workers, connections, mode, include } = options
  const checked = checkConfig(await readConfigFile(options.config), {
    allowRandomKeys: true,
    allowWeakKeys: true,
  })
  const report = await runAltExport({
    base,
    sink: folderSink(output),
    definition: { kind: 'cohort', query: QUERY, patientReferenceField: 'id', include },
    plan: mode === 'raw' ? undefined : planOf(checked, '2026-11-21'),
    workers,
    connections,
  })
  if (!report.isComplete) throw new Error(JSON.stringify(report.run.failed))
}
