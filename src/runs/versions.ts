import { parseJson } from '../json/parse.js'
import type { RunReport } from '../pipeline/report/report.js'
import type { Sink, Source } from '../storage/store.js'

/** Version of each delivered item, by name. */
export type Versions = ReadonlyMap<string, string>

const NAME = 'versions.json'

/** Reads what this and earlier runs delivered; undefined if it is not known. */
export async function readVersions({ state }: Sink): Promise<Versions | undefined> {
  const entries = parseJson((await state.read(NAME)) ?? '')
  return Array.isArray(entries) ? new Map(entries as [string, string][]) : undefined
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
  async *list(report, listing) {
    for await (const item of source.list(report, listing))
      if (!isSameVersion(known.get(item.name), item.version)) yield item
  },
  ...(source.acrossHosts === undefined
    ? {}
    : { acrossHosts: async () => newItemsOf((await source.acrossHosts?.()) ?? source, known) }),
})

/** A version for tasks on several hosts is the beginning of the one for a single process. */
const isSameVersion = (known: string | undefined, version: string): boolean =>
  known !== undefined &&
  (known === version || known.startsWith(`${version}-`) || version.startsWith(`${known}-`))
