import type { DeferredEntry, PreparedUnit } from '../prepared.js'
import type { LoadEntry, LoadItem, LoadUnit, RejectedEntry } from '../unit.js'
import { anonymizedUnits } from './anonymize/anonymized-units.js'
import {
  BATCH_BYTES,
  createResourceAnonymizer,
  type ResourceAnonymizerOptions,
} from './anonymize/resource-anonymizer.js'
import { inBatches } from './batches.js'
import { conditionalReferences, resolveConditional } from './conditional-references.js'
import { type DraftOptions, draftOf, preparedOf } from './draft.js'
import { deferred, rejected } from './faults.js'
import { cachedSearch, type Search } from './search.js'
import { preparedTransaction, rejectedTransaction, transactionDrafts } from './transaction.js'

export interface PreparerOptions extends DraftOptions {
  /** Finds what conditional references stand for. Never called with `anonymizer`. */
  readonly search: Search
  /** Resources are anonymized on the way. */
  readonly anonymizer?: ResourceAnonymizerOptions | undefined
}

/** What becomes of a unit. A transaction that is rejected becomes a rejection for each of its entries. */
export type PreparerResult = PreparedUnit | RejectedEntry | DeferredEntry

export interface Preparer {
  /**
   * Makes requests of the units of an item. Yields in their order, with bounded memory. Several items may be under way.
   * Throws what the units throw, and AUTH_FAILED, SERVICE_UNAVAILABLE, WORKER_FAILED, INTERRUPTED.
   */
  prepare(item: Pick<LoadItem, 'name'>, units: AsyncIterable<LoadUnit>): AsyncIterable<PreparerResult>
  /** Forgets which searches found nothing. Call it before deferred entries are prepared again. */
  beginRound(): void
  close(): Promise<void>
}

/** Enough searches under way to hide their latency; `Search` itself keeps the server's pace. */
const SEARCHING = { batchBytes: 2 ** 18, batchCount: 64, batchesAtOnce: 4 }

export function createPreparer(options: PreparerOptions): Preparer {
  const cached = cachedSearch(options.search)
  const anonymizer =
    options.anonymizer === undefined ? undefined : createResourceAnonymizer(options.anonymizer)
  const work = async (item: string, units: readonly LoadUnit[]): Promise<readonly PreparerResult[]> =>
    anonymizer === undefined
      ? (await Promise.all(units.map((unit) => preparedUnit(unit, options, cached.search)))).flat()
      : anonymizedUnits(units, options, (lines) => anonymizer.anonymize(item, lines))
  const sizes =
    anonymizer === undefined
      ? SEARCHING
      : { batchBytes: BATCH_BYTES, batchCount: 10_000, batchesAtOnce: anonymizer.batchesAtOnce }
  return {
    prepare: ({ name }, units) => inBatches(units, (batch) => work(name, batch), { ...sizes, bytesOf }),
    beginRound: () => cached.forgetMisses(),
    close: async () => anonymizer?.close(),
  }
}

function bytesOf(unit: LoadUnit): number {
  if (unit.kind === 'rejected') return 0
  const entries = unit.kind === 'entry' ? [unit.entry] : unit.entries
  return entries.reduce((sum, { resource }) => sum + resource.length, 0)
}

type OneOrMore = PreparerResult | readonly PreparerResult[]

function preparedUnit(unit: LoadUnit, options: DraftOptions, search: Search): OneOrMore | Promise<OneOrMore> {
  switch (unit.kind) {
    case 'rejected':
      return unit
    case 'entry':
      return preparedEntry(unit.entry, options, search)
    case 'transaction': {
      const drafts = transactionDrafts(unit.entries, options)
      const prepared =
        'kind' in drafts ? drafts : preparedTransaction(drafts, { ...options, keepFullUrls: true })
      if ('kind' in prepared) return rejectedTransaction(unit.entries, prepared)
      return { kind: 'transaction', prepared }
    }
  }
}

function preparedEntry(
  entry: LoadEntry,
  options: DraftOptions,
  search: Search,
): PreparerResult | Promise<PreparerResult> {
  const draft = draftOf(entry, options)
  if (draft.kind === 'fault') return rejected(entry, draft)
  const texts = conditionalReferences(draft.body)
  if (texts.size === 0) return { kind: 'entry', prepared: preparedOf(draft, options) }
  return resolveConditional(draft.body, texts, search).then((resolution) => {
    if (resolution.kind === 'fault') return rejected(entry, resolution)
    if (resolution.kind === 'unmatched') return deferred(entry, resolution.fault)
    return { kind: 'entry', prepared: preparedOf({ ...draft, body: resolution.resource }, options) }
  })
}
