import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { createLineAnonymizer } from '../src/anonymizer/line-anonymizer.js'
import { Output } from '../src/anonymizer/output.js'
import { setV8Flags } from '../src/commands/v8-flags.js'
import { checkConfig } from '../src/config/anonymizer/configuration.js'
import { readConfigFile } from '../src/config/anonymizer/configuration-file.js'
import { planOf } from '../src/config/anonymizer/plan.js'
import { createRetry } from '../src/http/retry.js'
import { inParallel } from '../src/pipeline/parallel-work.js'
import { runPipeline } from '../src/pipeline/run.js'
import type { StoreAccess } from '../src/storage/access.js'
import { openSink, openSource } from '../src/storage/open.js'
import type { Sink, Source, SourceItem } from '../src/storage/store.js'
import { anonymizeLines } from '../src/workers/anonymize-lines.js'
import { elementAt } from '../test/support/elements.js'
import { linesTask } from './lines-task.js'
import { costOfThisProcess } from './process-cost.js'

/** What `azure.ts` measures: one whole process. */
export interface AzureProcessOptions {
  /** `copy`: through the same source and sink, nothing anonymized. `engine`: one core, from memory. */
  readonly mode: 'copy' | 'engine' | 'pipeline'
  readonly source: string
  readonly sink: string
  /** For `engine`: the same lines as a file. */
  readonly file: string
  readonly config: string
  readonly workers: number
  readonly emulator: { readonly account: string; readonly endpoint: string; readonly key: string }
}

const CHUNK_BYTES = 4 * 2 ** 20
// As a run has under way.
const ITEMS_AT_ONCE = 16
const FACTS = { sourceVersion: '', lines: 0, quarantined: 0 }

const options = JSON.parse(elementAt(process.argv, 2)) as AzureProcessOptions
const access: StoreAccess = {
  credentials: () => ({ accounts: [], emulator: options.emulator }),
  retry: createRetry(),
}

if (options.mode === 'engine') await engine()
else {
  const source = await openSource(options.source, access)
  const sink = await openSink(options.sink, access, { isToBeCreated: true })
  if (options.mode === 'copy') await copyAll(source, sink)
  else await pipeline(source, sink)
}
process.stdout.write(`${JSON.stringify(costOfThisProcess())}\n`)

async function pipeline(source: Source, sink: Sink): Promise<void> {
  setV8Flags(process.versions.v8)
  const checked = checkConfig(await readConfigFile(options.config), {
    allowRandomKeys: true,
    allowWeakKeys: true,
  })
  const plan = planOf(checked, '2026-11-21')
  const report = await runPipeline({ source, sink, plan, workers: options.workers })
  for (const { code, message } of report.failed) throw new Error(`${code}: ${message}`)
}

async function copyAll(source: Source, sink: Sink): Promise<void> {
  const release = await sink.state.lock()
  try {
    const items: SourceItem[] = []
    for await (const item of source.list(() => {})) items.push(item)
    await inParallel(items, ITEMS_AT_ONCE, (item) => copy(source, sink, item))
  } finally {
    await release()
  }
}

async function copy(source: Source, sink: Sink, item: SourceItem): Promise<void> {
  const reader = await source.open(item, 0)
  const output = sink.item(item.name, 'c0'.repeat(16))
  await output.resume(0)
  const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, item.bytes + 1))
  for (let bytes = await reader.read(chunk); bytes > 0; bytes = await reader.read(chunk))
    await output.append([chunk.subarray(0, bytes)])
  await reader.verify()
  await reader.close()
  await output.complete()
  await output.sealed()
  await output.commit(FACTS)
}

async function engine(): Promise<void> {
  const checked = checkConfig(await readConfigFile(options.config), {
    allowRandomKeys: true,
    allowWeakKeys: true,
  })
  const plan = planOf(checked, '2026-11-21')
  const anonymizer = await createLineAnonymizer(plan.settle(plan.newRunSecrets()))
  const out = new Output(2 ** 23)
  const slab = slabOf(options.file)
  const bytes = Buffer.from(slab)
  for (let start = 0; start < bytes.length; ) {
    const newline = bytes.indexOf(0x0a, Math.min(bytes.length, start + CHUNK_BYTES) - 1)
    const end = newline < 0 ? bytes.length : newline + 1
    out.length = 0
    anonymizeLines(anonymizer, linesTask(slab, start, end), out)
    start = end
  }
}

/** A file in shared memory, where workers have their chunks. */
function slabOf(path: string): SharedArrayBuffer {
  const file = openSync(path, 'r')
  const slab = new SharedArrayBuffer(fstatSync(file).size)
  const bytes = new Uint8Array(slab)
  for (let at = 0; at < bytes.length; )
    at += readSync(file, bytes, at, Math.min(bytes.length - at, 2 ** 26), null)
  closeSync(file)
  return slab
}
