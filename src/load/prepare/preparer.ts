import type { DeferredEntry, PreparedUnit } from '../prepared.js'
import type { LoadEntry, LoadItem, LoadUnit, RejectedEntry } from '../unit.js'
import { anonymizedUnits, type NamedUnit } from './anonymize/anonymized-units.js'
import {
  BATCH_BYTES,
  createResourceAnonymizer,
  type ResourceAnonymizerOptions,
} from './anonymize/resource-anonymizer.js'
import { inBatches } from './batches.js'
import { conditionalReferences, resolveConditional } from './conditional-references.js'
import { type DraftOptions, preparedOf } from './draft.js'
import { deferred, rejected } from './faults.js'
import { cachedSearch, type Search } from './search.js'
import { singleDraft } from './single-draft.js'
import { preparedTransaction, rejectedTransaction, transactionDrafts } from './transaction.js'

export interface PreparerOptions extends DraftOptions {
  /** Finds what conditional references stand for. Never called with `anonymizer`. */
  readonly search: Search
  /** Resources are anonymized on the way. */
  readonly anonymizer?: ResourceAnonymizerOptions | undefined
}

/** What becomes of a unit. A transaction that is rejected becomes a rejection for each of its entries. */
export type PreparerResult = PreparedUnit | RejectedEntry | DeferredEntry

/** A unit, and the item that it comes from. */
export interface ItemUnit<T> {
  readonly item: T
  readonly unit: LoadUnit
}

export interface ItemResult<T> {
  readonly item: T
  readonly unit: PreparerResult
}

export interface Preparer {
  /**
   * Makes requests of units of any items. Yields in their order, with bounded memory. Throws what the units throw, and
   * AUTH_FAILED, SERVICE_UNAVAILABLE, WORKER_FAILED, INTERRUPTED.
   */
  prepare<T extends Pick<LoadItem, 'name'>>(units: AsyncIterable<ItemUnit<T>>): AsyncIterable<ItemResult<T>>
  /** Forgets which searches found nothing. Call it before deferred entries are prepared again. */
  newRound(): void
  close(): Promise<void>
}

/** Enough searches under way to hide their latency; `Search` itself keeps the server's pace. */
const SEARCHING = { batchBytes: 2 ** 18, batchCount: 64, batchesAtOnce: 4 }

export function createPreparer(options: PreparerOptions): Preparer {
  const cached = cachedSearch(options.search)
  const anonymizer =
    options.anonymizer === undefined ? undefined : createResourceAnonymizer(options.anonymizer)
  const work = async (units: readonly ItemUnit<Pick<LoadItem, 'name'>>[]) =>
    anonymizer === undefined
      ? Promise.all(units.map(({ unit }) => preparedUnit(unit, options, cached.search)))
      : anonymizedUnits(units.map(named), options, anonymizer.anonymize)
  const sizes =
    anonymizer === undefined
      ? SEARCHING
      : { batchBytes: BATCH_BYTES, batchCount: 10_000, batchesAtOnce: anonymizer.batchesAtOnce }
  return {
    prepare<T extends Pick<LoadItem, 'name'>>(units: AsyncIterable<ItemUnit<T>>) {
      const tagged = async (batch: readonly ItemUnit<T>[]): Promise<readonly ItemResult<T>[]> => {
        const results = await work(batch)
        return batch.flatMap(({ item }, at) => (results[at] ?? []).map((unit) => ({ item, unit })))
      }
      return inBatches(units, tagged, { ...sizes, bytesOf: ({ unit }) => bytesOf(unit) })
    },
    newRound: () => cached.forgetMisses(),
    close: async () => anonymizer?.close(),
  }
}

const named = ({ item, unit }: ItemUnit<Pick<LoadItem, 'name'>>): NamedUnit => ({ name: item.name, unit })

function bytesOf(unit: LoadUnit): number {
  if (unit.kind === 'rejected') return 0
  const entries = unit.kind === 'entry' ? [unit.entry] : unit.entries
  return entries.reduce((sum, { resource }) => sum + resource.length, 0)
}

type Results = readonly PreparerResult[]

function preparedUnit(unit: LoadUnit, options: DraftOptions, search: Search): Results | Promise<Results> {
  switch (unit.kind) {
    case 'rejected':
      return [unit]
    case 'entry':
      return preparedEntry(unit.entry, options, search)
    case 'transaction': {
      const drafts = transactionDrafts(unit.entries, options)
      const prepared = 'kind' in drafts ? drafts : preparedTransaction(drafts, options)
      if ('kind' in prepared) return rejectedTransaction(unit.entries, prepared)
      return [{ kind: 'transaction', prepared }]
    }
  }
}

function preparedEntry(entry: LoadEntry, options: DraftOptions, search: Search): Results | Promise<Results> {
  const draft = singleDraft(entry, options)
  if (draft.kind === 'fault') return [rejected(entry, draft)]
  const texts = conditionalReferences(draft.body)
  if (texts.size === 0) return [{ kind: 'entry', prepared: preparedOf(draft, options) }]
  return resolveConditional(draft.body, texts, search).then((resolution) => {
    if (resolution.kind === 'fault') return [rejected(entry, resolution)]
    if (resolution.kind === 'unmatched') return [deferred(entry, resolution.fault)]
    return [{ kind: 'entry', prepared: preparedOf({ ...draft, body: resolution.resource }, options) }]
  })
}
