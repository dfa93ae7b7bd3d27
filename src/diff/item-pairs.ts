import { bareName } from '../compression/compression.js'
import { sluiceError } from '../errors.js'
import type { OutputReport } from '../pipeline/report/report.js'
import { REPORT_NAME } from '../published/names.js'
import { SIZE_UNKNOWN } from '../published/read.js'
import { isDocumentName } from '../storage/names.js'
import type { SourceItem } from '../storage/store.js'
import type { RunFacts } from './run-records.js'
import type { DiffStores } from './stores.js'

/** A raw item with the output it became. */
export interface ItemPair {
  readonly before: SourceItem
  /** The output's name in the run. */
  readonly output: string
  /** One, or the parts of a split output. */
  readonly after: readonly SourceItem[]
  /** Undefined without a report. */
  readonly report: OutputReport | undefined
}

export interface PairedItems {
  readonly pairs: readonly ItemPair[]
  /** Quarantined documents: they have no output. */
  readonly quarantinedDocuments: number
  /** Raw items that became nothing, by name. */
  readonly onlyBefore: readonly string[]
  /** Outputs whose raw item is not there, by name. */
  readonly onlyAfter: readonly string[]
}

/**
 * Pairs items as the run's report says, or by their names if there is no report. Throws SOURCE_NOT_FOUND where an output is not
 * there or nothing fits, PAIR_MISMATCH where an item is not as long as the run saw it.
 */
export async function pairItems(
  stores: DiffStores,
  run: RunFacts | undefined,
  only: { readonly item?: string | undefined },
): Promise<PairedItems> {
  const found = await listed(stores.before)
  const pairs: ItemPair[] = []
  const onlyAfter: string[] = []
  let quarantinedDocuments = 0
  const alike = new Map([...found.values()].map((item) => [bareName(item.name), item]))
  const done = new Set<string>()
  const outputs = run?.outputs ?? (await namedAlike(stores, found))
  for (const output of outputs) {
    const isNamed = output.source.bytes !== SIZE_UNKNOWN
    const before = isNamed ? found.get(output.source.name) : alike.get(bareName(output.name))
    if (before === undefined) {
      onlyAfter.push(output.name)
      continue
    }
    done.add(before.name)
    if (only.item !== undefined && only.item !== before.name) continue
    if (run !== undefined && isDocumentName(before.name) && output.lines.quarantined > 0) {
      quarantinedDocuments += 1
      continue
    }
    const after = await Promise.all((output.parts ?? [output]).map(({ name }) => headOf(stores, name)))
    const report = run === undefined ? undefined : output
    if (report !== undefined) checkLengths(before, after, report)
    pairs.push({ before, output: output.name, after, report })
  }
  if (only.item !== undefined && !done.has(only.item))
    throw notFound('there is no item of this name on both sides', only.item, 'check the name')
  if (done.size === 0)
    throw notFound(
      'none of its files became one of the outputs',
      stores.before.place,
      'give the input and the output of one run',
    )
  const onlyBefore = [...found.keys()].filter((name) => !done.has(name))
  return { pairs, quarantinedDocuments, onlyBefore, onlyAfter }
}

async function listed(source: DiffStores['before']): Promise<ReadonlyMap<string, SourceItem>> {
  const items = new Map<string, SourceItem>()
  for await (const item of source.list(() => {})) items.set(item.name, item)
  return items
}

/** As the pipeline names outputs: with or without `.gz` or `.zst`. */
async function namedAlike(
  { after }: DiffStores,
  before: ReadonlyMap<string, SourceItem>,
): Promise<readonly OutputReport[]> {
  const names = new Map([...before.keys()].map((name) => [bareName(name), name]))
  const lines = { read: 0, delivered: 0, quarantined: 0, blank: 0 }
  const outputs: OutputReport[] = []
  for (const { name, bytes } of (await listed(after)).values()) {
    const source = { name: names.get(bareName(name)) ?? bareName(name), bytes: 0, version: '' }
    outputs.push({ name, bytes, source, lines })
  }
  return outputs
}

async function headOf({ after }: DiffStores, name: string): Promise<SourceItem> {
  const item = await after.head(name)
  if (item === undefined) throw notFound(`is in ${REPORT_NAME}, but not there`, `${after.place}/${name}`)
  return item
}

function checkLengths(before: SourceItem, after: readonly SourceItem[], report: OutputReport): void {
  const afterBytes = after.reduce((sum, { bytes }) => sum + bytes, 0)
  const { bytes } = report.source
  if (bytes !== SIZE_UNKNOWN && before.bytes !== bytes)
    throw changed(before.name, before.bytes, report.source.bytes)
  if (afterBytes !== report.bytes) throw changed(report.name, afterBytes, report.bytes)
}

const changed = (at: string, bytes: number, inRun: number) =>
  sluiceError('PAIR_MISMATCH', {
    at,
    message: `has ${bytes} bytes, but ${inRun} in the run that made the output: it has changed since, or belongs to another run`,
  })

const notFound = (message: string, at: string, help?: string) =>
  sluiceError('SOURCE_NOT_FOUND', { at, message, help })
