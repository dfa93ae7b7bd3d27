import type { RunReport } from '../pipeline/report/report.js'
import type { Sink, Source } from '../storage/store.js'

/** Version of each delivered item, by name. */
export type Versions = ReadonlyMap<string, string>

const NAME = 'versions.json'

/** Reads what this and earlier runs delivered; undefined if it is not known. */
export async function readVersions({ state }: Sink): Promise<Versions | undefined> {
  try {
    const entries: unknown = JSON.parse((await state.read(NAME)) ?? 'null')
    return Array.isArray(entries) ? new Map(entries as [string, string][]) : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

export async function keepVersions(
  { state }: Sink,
  before: Versions | undefined,
  { outputs }: RunReport,
): Promise<void> {
  const versions = new Map(before)
  for (const { source } of outputs) versions.set(source.name, source.version)
  await state.write(NAME, `${JSON.stringify([...versions])}\n`)
}

/** A source restricted to items whose current version was not delivered yet. */
export const newItemsOf = (source: Source, known: Versions): Source => ({
  ...source,
  isPartial: true,
  // `list` has already decided.
  get folderName() {
    return source.folderName
  },
  async *list(report) {
    for await (const item of source.list(report)) if (known.get(item.name) !== item.version) yield item
  },
})
