import { LIST_NAME, REPORT_NAME } from '../../published/names.js'
import { PUBLISHED_FORMAT, type PublishedReport, type PublishedRun } from '../../published/report.js'
import type { Sink } from '../../storage/store.js'
import {
  addSums,
  type Delivered,
  publishedCounts,
  publishedOutput,
  type RunSum,
} from '../checkpoint/delivered-runs.js'
import { codesRemovedIn } from '../report/item-counts.js'
import type { RunReport } from '../report/report.js'
import { INLINE_OUTPUTS, ListWriter } from '../report/state-report.js'
import { readRunFacts } from './run-facts.js'

/** Writes `run.json` for recipients. Its presence means that all outputs are present. */
export async function publish(
  sink: Sink,
  report: RunReport,
  {
    delivered,
    earlier,
    inlineOutputs = INLINE_OUTPUTS,
  }: {
    readonly delivered: Delivered
    readonly earlier: Delivered
    readonly inlineOutputs?: number | undefined
  },
): Promise<void> {
  const sums = sumsOf(delivered, earlier)
  const keys = [...sums.keys()]
  const facts = await readRunFacts(sink.state)
  const all = [...report.outputs, ...report.earlier]
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((output) => publishedOutput(output, keys) ?? [])
  const runs = [...sums].map(
    ([key, sum]): PublishedRun => ({
      ...facts.get(key),
      ...publishedCounts(sum),
      elementsByRule: sum.totals.elementsByRule,
      ...codesRemovedIn(sum.totals.codesRemoved),
    }),
  )
  const files = sink.whole ?? sink
  const outputs = all.length > inlineOutputs ? await writeList(files, all) : all
  if (outputs === all) await removeList(sink)
  const { generator, version, finishedAt, leftOut } = report
  const published: PublishedReport = {
    generator,
    format: PUBLISHED_FORMAT,
    version,
    finishedAt,
    ...publishedCounts([...sums.values()].reduce(addSums)),
    leftOut: leftOut as Readonly<Record<string, number>>,
    runs,
    outputs,
  }
  await sink.put(REPORT_NAME, `${JSON.stringify(published, null, 2)}\n`)
}

/** Lists the runs, this one first; if none made anything, one empty entry. */
function sumsOf(delivered: Delivered, earlier: Delivered): ReadonlyMap<string, RunSum> {
  const sums = new Map(delivered.sums)
  for (const [key, sum] of earlier.sums) {
    const own = sums.get(key)
    sums.set(key, own === undefined ? sum : addSums(own, sum))
  }
  return sums.size === 0 ? new Map([['', delivered.sum]]) : sums
}

/** Writes the list as an output of its own: of any length, whole or not at all. */
async function writeList(files: Sink, outputs: readonly object[]) {
  const item = files.item(LIST_NAME, LIST_NAME)
  try {
    await item.resume(0)
    const writer = new ListWriter((piece) => item.append([Buffer.from(piece)]))
    for (const output of outputs) await writer.add(output)
    const list = await writer.end()
    await item.complete()
    await item.flush()
    await item.sealed()
    await item.commit({ sourceVersion: '', lines: list.count, quarantined: 0 })
    await item.settle()
    return list
  } finally {
    await item.close()
  }
}

/** Removes the list of an earlier, larger output, after the report that names it. */
async function removeList(sink: Sink): Promise<void> {
  const files = sink.whole ?? sink
  if ((await sink.state.bytesOf(LIST_NAME)) === undefined) return
  if ((await files.head(LIST_NAME)) !== undefined) {
    await files.remove(REPORT_NAME)
    await files.remove(LIST_NAME)
  }
  await sink.state.remove(LIST_NAME)
}
