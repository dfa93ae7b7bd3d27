import { setV8Flags } from '../src/commands/v8-flags.js'
import { checkConfig } from '../src/config/anonymizer/configuration.js'
import { readConfigFile } from '../src/config/anonymizer/configuration-file.js'
import { planOf } from '../src/config/anonymizer/plan.js'
import { finishPlan } from '../src/pipeline/tasks/finish.js'
import { joinRun, planRun } from '../src/pipeline/tasks/join.js'
import { unitBatches } from '../src/pipeline/tasks/old-plan.js'
import { readUnitResult, writeUnitResult } from '../src/pipeline/tasks/unit-records.js'
import { unitSink } from '../src/pipeline/tasks/unit-work.js'
import { folderSink, folderSource } from '../src/storage/folder/folder.js'
import type { Source } from '../src/storage/store.js'
import { elementAt } from '../test/support/elements.js'
import { costOfThisProcess } from './process-cost.js'

/**
 * What `shards.ts` measures: one task of a run, or the plan and the end of a run with very many items, whose units' results
 * are written in between.
 */
type ShardsOptions =
  | { readonly mode: 'task'; readonly input: string; readonly output: string; readonly config: string }
  | {
      readonly mode: 'plan' | 'results' | 'end'
      readonly output: string
      readonly config: string
      readonly items: number
    }

const COUNTS = {
  lines: 200,
  delivered: 200,
  quarantined: 0,
  blank: 0,
  interpretedLines: 0,
  resourcesByType: { Observation: 200 },
  elementsByRule: { 1: 200 },
  quarantinedByCode: {},
}

const LISTED_BYTES = 200_000

const options = JSON.parse(elementAt(process.argv, 2)) as ShardsOptions
setV8Flags(process.versions.v8)
const checked = checkConfig(await readConfigFile(options.config), {
  allowRandomKeys: true,
  allowWeakKeys: true,
})
const plan = planOf(checked, '2026-11-21')
const more = options.mode === 'task' ? await task(options) : await ofMany(options)
process.stdout.write(`${JSON.stringify({ ...costOfThisProcess(), ...more })}\n`)

async function task({ input, output }: ShardsOptions & { mode: 'task' }): Promise<object> {
  const joined = await joinRun({
    source: folderSource(input),
    sink: folderSink(output),
    plan,
    runId: 'bench',
    workers: 1,
    rangeBytes: 64 * 2 ** 20,
  })
  return { units: joined.work.units }
}

/** Items that are listed and never read. */
function listedOnly(count: number): Source {
  const unread = async (): Promise<never> => {
    throw new Error('nothing is read here')
  }
  return {
    place: '/export',
    folderName: 'export',
    localPaths: async () => [],
    async *list() {
      for (let at = 0; at < count; at += 1) {
        const name = `ward-${String(Math.floor(at / 1000)).padStart(4, '0')}/Observation-${String(at).padStart(7, '0')}.ndjson`
        yield { name, ...listedHead(name) }
      }
    },
    head: unread,
    open: unread,
  }
}

function listedHead(name: string) {
  return { bytes: LISTED_BYTES, version: `${LISTED_BYTES}-${Number(/(\d+)\.ndjson$/.exec(name)?.[1])}` }
}

async function ofMany({
  mode,
  output,
  items,
}: ShardsOptions & { mode: 'plan' | 'results' | 'end' }): Promise<object> {
  const folder = folderSink(output)
  // A million files would be written for nothing: the end only asks for their versions.
  const sink = mode === 'end' ? { ...folder, head: async (name: string) => listedHead(name) } : folder
  const options = { source: listedOnly(items), sink, plan, runId: 'bench', workers: 1 }
  const begun = performance.now()
  const made = await planRun(options)
  if (mode === 'plan')
    return { planSeconds: (performance.now() - begun) / 1000, units: made.plan.counts.units }
  if (mode === 'end') {
    await finishPlan(options, made.plan)
    return { endSeconds: (performance.now() - begun) / 1000 }
  }
  for await (const units of unitBatches(sink, made.plan))
    for (const unit of units) {
      const of = unitSink(sink, unit)
      if ((await readUnitResult(of.state)) !== undefined) continue
      const records = unit.work.map(({ item, output, fingerprint, place, run }) => ({
        done: 1 as const,
        output,
        fingerprint,
        head: { bytes: item.bytes, version: item.version, sha256: fingerprint },
        source: { name: item.name, bytes: item.bytes, version: item.version },
        place,
        run,
        totals: COUNTS,
      }))
      await writeUnitResult(of.state, { records, failed: [], isSealed: false })
    }
  return {}
}
