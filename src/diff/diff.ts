import { checkOutput } from '../check/check.js'
import { sluiceError } from '../errors.js'
import { ItemLines } from '../pipeline/item-lines.js'
import type { StoreAccess } from '../storage/access.js'
import { openOutputFiles } from '../storage/open.js'
import { compareResources } from './compare.js'
import { ElementPaths } from './element-paths.js'
import { type ExampleOptions, Examples } from './examples.js'
import { type ItemPair, pairItems } from './item-pairs.js'
import { type LinePair, pairsByOrder, pairsByPlace, type UnpairedLines } from './line-pairs.js'
import { RejectedLines } from './rejected-lines.js'
import { type RunFacts, readRun } from './run-records.js'
import { type DiffPlaces, type DiffStores, openDiffStores } from './stores.js'
import type { DiffSummary, DiffWarning } from './summary.js'
import { concernsOf, elementsOf, sumOfChanges, TypeCounts } from './type-counts.js'

/** What is compared. Of several restrictions all hold. */
export interface DiffOptions extends DiffPlaces, ExampleOptions {
  readonly access: StoreAccess
  /** Only lines that are resources of this type. */
  readonly type?: string | undefined
  /** Only this raw item. */
  readonly item?: string | undefined
  /** Only this line of each item, from 1, blank lines counted. */
  readonly line?: number | undefined
  readonly signal?: AbortSignal
  /** Called now and then. */
  readonly onProgress?: ((progress: DiffProgress) => void) | undefined
}

export interface DiffProgress {
  /** Bytes of the raw items, as stored. */
  readonly bytesRead: number
  readonly bytesTotal: number
  readonly lines: number
  readonly quarantined: number
}

/**
 * Compares a raw export with the anonymized one, resource by resource, paired by the records of the run that made it,
 * never by ids. Holds counts and a bounded number of examples. Throws USAGE, SOURCE_*, INTERRUPTED.
 */
export async function compareExports(options: DiffOptions): Promise<DiffSummary> {
  const stores = await openDiffStores(options, options.access)
  const run = await readRun(stores)
  const { pairs, quarantinedDocuments, onlyBefore, onlyAfter } = await pairItems(stores, run, options)
  const comparison = new ExportComparison(stores, options, pairs)
  for (const pair of pairs) await comparison.item(pair)

  const warnings: DiffWarning[] = [...comparison.warnings()]
  if (run?.isComplete === true) warnings.push(...(await asWritten(options)))
  const warn = (code: DiffWarning['code'], message: string) => warnings.unshift({ code, message })
  if (onlyBefore.length > 0)
    warn('unpaired-items', `${onlyBefore.length} raw files have no output: they were not anonymized`)
  if (onlyAfter.length > 0)
    warn('unpaired-items', `${onlyAfter.length} outputs have no raw file here: they were not compared`)
  if (run?.isComplete === false) warn('incomplete-run', 'the run that made the output is not complete')
  if (run === undefined)
    warn('no-report', 'the output has no run.json: files were paired by their names, lines by their order')
  return {
    before: stores.before.place,
    after: stores.after.place,
    run: run === undefined ? undefined : withoutOutputs(run),
    items: { compared: pairs.length, onlyBefore: onlyBefore.length, onlyAfter: onlyAfter.length },
    ...comparison.result(quarantinedDocuments),
    warnings,
  }
}

function withoutOutputs(run: RunFacts): DiffSummary['run'] {
  const { version, fingerprint, asOf, startedAt, finishedAt, lines, quarantinedByCode, isComplete } = run
  return { version, fingerprint, asOf, startedAt, finishedAt, lines, quarantinedByCode, isComplete }
}

/** Tells of files that the run did not make, or that were changed since; reads their contents if all is compared. */
async function asWritten({ after, access, item, line, type, signal }: DiffOptions): Promise<DiffWarning[]> {
  const isSizesOnly = item !== undefined || line !== undefined || type !== undefined
  const { problems } = await checkOutput(await openOutputFiles(after, access), { isSizesOnly, signal })
  const names = new Map<string, string[]>()
  for (const { code, file } of problems)
    if (code !== 'no-digest') names.set(code, [...(names.get(code) ?? []), file])
  return [...names].map(([code, files]) => ({
    code: 'not-as-written',
    message: `not as the run wrote it: ${files.length} ${code} (${files.slice(0, 3).join(', ')}${
      files.length > 3 ? ', …' : ''
    }); sluice check shows all`,
  }))
}

const PROGRESS_EVERY_LINES = 500

class ExportComparison {
  readonly #paths = new ElementPaths()
  readonly #typeCounts = new TypeCounts()
  readonly #examples: Examples
  readonly #unpaired: UnpairedLines = { blank: 0, quarantined: 0, tooLong: 0, unreadable: 0 }
  readonly #bytes = { before: 0, after: 0 }
  readonly #bytesTotal: number
  #bytesDone = 0
  #compared = 0
  #unchanged = 0
  #orderedItems = 0

  readonly #stores: DiffStores
  readonly #options: DiffOptions

  constructor(stores: DiffStores, options: DiffOptions, pairs: readonly ItemPair[]) {
    this.#stores = stores
    this.#options = options
    this.#examples = new Examples(options)
    this.#bytesTotal = pairs.reduce((sum, { before }) => sum + before.bytes, 0)
  }

  async item(pair: ItemPair): Promise<void> {
    const stores = this.#stores
    const options = this.#options
    const opened: { close(): Promise<void> }[] = []
    const kept = <T extends { close(): Promise<void> } | undefined>(lines: T): T => {
      if (lines !== undefined) opened.push(lines)
      return lines
    }
    try {
      const before = kept(new ItemLines(stores.before, [pair.before]))
      const after = kept(new ItemLines(stores.after, pair.after))
      const hasNoRejected = pair.report?.lines.quarantined === 0
      const rejected = hasNoRejected ? undefined : kept(await RejectedLines.open(stores, pair.output))
      const item = { name: pair.before.name, before, after, unpaired: this.#unpaired }
      const isCertain = hasNoRejected || rejected !== undefined
      if (!isCertain) this.#orderedItems += 1
      for await (const lines of isCertain ? pairsByPlace(item, rejected) : pairsByOrder(item)) {
        this.#checkInterrupted()
        if (options.line === undefined || options.line === lines.line) this.#line(lines, item.name)
        if (options.line !== undefined && lines.line >= options.line) break
        if (lines.line % PROGRESS_EVERY_LINES === 0) this.#report(before.sourceBytes)
      }
    } finally {
      await Promise.all(opened.map((lines) => lines.close()))
    }
    this.#bytesDone += pair.before.bytes
    this.#report(0)
  }

  *warnings(): Iterable<DiffWarning> {
    if (this.#compared === 0)
      yield { code: 'nothing-compared', message: 'no line was compared: nothing fits what was asked for' }
    if (this.#orderedItems > 0)
      yield {
        code: 'no-quarantine',
        message: `${this.#orderedItems} files were paired by the order of their lines, as the state of the run is not there to tell which were quarantined (--state)`,
      }
    if (this.#unpaired.tooLong > 0)
      yield { code: 'too-long', message: `${this.#unpaired.tooLong} lines are too long to be compared` }
  }

  result(
    quarantinedDocuments: number,
  ): Pick<DiffSummary, 'lines' | 'bytes' | 'values' | 'types' | 'elements' | 'lookAt' | 'examples'> {
    const types = this.#typeCounts.types()
    const quarantined = this.#unpaired.quarantined + quarantinedDocuments
    return {
      lines: { compared: this.#compared, unchanged: this.#unchanged, ...this.#unpaired, quarantined },
      bytes: this.#bytes,
      values: sumOfChanges(types.map(({ values }) => values)),
      types,
      elements: elementsOf(this.#paths),
      lookAt: concernsOf(this.#paths),
      examples: this.#examples.chosen(),
    }
  }

  #line({ line, before, after, beforeBytes, afterBytes }: LinePair, item: string): void {
    const root = this.#paths.root(String(after.resourceType))
    const type = root.path
    if (this.#options.type !== undefined && this.#options.type !== type) return
    const onLeaf = this.#examples.wants(type) ? this.#examples.add({ item, line, type }) : undefined
    const differing = compareResources(before, after, {
      paths: this.#paths,
      onResource: (node, labels) => this.#typeCounts.resource(node, labels),
      onLeaf,
    })
    this.#typeCounts.line(root, { before: beforeBytes, after: afterBytes })
    this.#bytes.before += beforeBytes
    this.#bytes.after += afterBytes
    this.#compared += 1
    if (differing === 0) this.#unchanged += 1
  }

  #report(sourceBytes: number): void {
    this.#options.onProgress?.({
      bytesRead: this.#bytesDone + sourceBytes,
      bytesTotal: this.#bytesTotal,
      lines: this.#compared,
      quarantined: this.#unpaired.quarantined,
    })
  }

  #checkInterrupted(): void {
    if (this.#options.signal?.aborted !== true) return
    throw sluiceError('INTERRUPTED', { message: 'interrupted; nothing was written', help: 'run it again' })
  }
}
