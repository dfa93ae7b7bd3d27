import type { ItemUnit, Preparer, PreparerResult } from '../../../src/load/prepare/preparer.js'
import type { Prepared } from '../../../src/load/prepared.js'
import type { LoadEntry, LoadUnit } from '../../../src/load/unit.js'

type Json = Readonly<Record<string, unknown>>

/** What a test says of an entry: the rest follows from its resource. */
export interface EntryFacts extends Partial<Omit<LoadEntry, 'resource'>> {
  readonly resource?: Json | undefined
}

/** An entry as it comes out of the input. */
export function entryOf({ resource, ...facts }: EntryFacts, ordinal = 0): LoadEntry {
  const { resourceType = '', id } = resource ?? {}
  return {
    ordinal,
    offset: ordinal * 1000,
    type: String(resourceType),
    id: typeof id === 'string' ? id : undefined,
    fullUrl: undefined,
    request: undefined,
    ...facts,
    resource: Buffer.from(resource === undefined ? '' : JSON.stringify(resource)),
  }
}

/** The entries of a Bundle with this JSON, numbered. */
export const entriesOf = (
  entries: readonly { fullUrl?: string; resource?: Json; request?: LoadEntry['request'] }[],
): readonly LoadEntry[] => entries.map((entry, ordinal) => entryOf(entry, ordinal))

export const singles = (entries: readonly LoadEntry[]): readonly LoadUnit[] =>
  entries.map((entry) => ({ kind: 'entry', entry }))

async function* unitsOf(
  name: string,
  units: readonly LoadUnit[],
): AsyncGenerator<ItemUnit<{ name: string }>> {
  for (const unit of units) yield { item: { name }, unit }
}

/** Prepares the units of one item. */
export async function resultsOf(
  preparer: Preparer,
  units: readonly LoadUnit[],
  name = 'a/b.ndjson',
): Promise<readonly PreparerResult[]> {
  const results: PreparerResult[] = []
  for await (const { unit } of preparer.prepare(unitsOf(name, units))) results.push(unit)
  return results
}

/** What is sent, in order; what is not is left out. */
export const preparedIn = (results: readonly PreparerResult[]): readonly Prepared[] =>
  results.flatMap((result) =>
    result.kind === 'entry' || result.kind === 'transaction' ? result.prepared : [],
  )

/** Each result in a word: its request line, or its code. */
export const linesOf = (results: readonly PreparerResult[]): readonly string[] =>
  results.flatMap((result) => {
    if (result.kind === 'rejected' || result.kind === 'deferred') return `${result.kind} ${result.code}`
    const prepared = result.kind === 'entry' ? [result.prepared] : result.prepared
    return prepared.map(
      ({ method, url, ifNoneExist }) =>
        `${method} ${url}${ifNoneExist === undefined ? '' : ` if ${ifNoneExist}`}`,
    )
  })

export const bodyOf = ({ body }: Prepared): Json => JSON.parse(body.toString()) as Json
