import type { Prepared } from '../prepared.js'
import { withReferences } from '../references.js'
import type { LoadEntry, RejectedEntry } from '../unit.js'
import { type Draft, type DraftOptions, draftOf, preparedOf } from './draft.js'
import { type Fault, fault, rejected } from './faults.js'
import { addressText } from './request-address.js'

/** The reason for which one entry makes its transaction impossible. */
export interface TransactionFault {
  readonly kind: 'transaction-fault'
  /** The entry's place in the transaction. */
  readonly at: number
  readonly fault: Fault
}

/**
 * Drafts the entries of a transaction, with references among them: to what is PUT as `Type/id`, to what the server gives
 * an id as the `fullUrl` that stands in the transaction.
 */
export function transactionDrafts(
  entries: readonly LoadEntry[],
  options: DraftOptions,
): readonly Draft[] | TransactionFault {
  const drafts: Draft[] = []
  for (const [at, entry] of entries.entries()) {
    const draft = draftOf(entry, options)
    if (draft.kind === 'fault') return { kind: 'transaction-fault', at, fault: draft }
    drafts.push(draft)
  }
  const names = namesOf(drafts)
  if ('kind' in names) return names
  if (names.size === 0) return drafts
  const replace = (text: string): string | undefined => names.get(text)
  return drafts.map((draft) => ({
    ...draft,
    body: withReferences(draft.body, { which: 'addresses', replace }),
  }))
}

/** `Type/id` of each entry with a `fullUrl` that has an id already. */
function namesOf(drafts: readonly Draft[]): ReadonlyMap<string, string> | TransactionFault {
  const names = new Map<string, string>()
  const seen = new Set<string>()
  for (const [at, { entry, address }] of drafts.entries()) {
    const { fullUrl } = entry
    if (fullUrl === undefined) continue
    if (seen.has(fullUrl)) return { kind: 'transaction-fault', at, fault: fault('DUPLICATE_FULL_URL') }
    seen.add(fullUrl)
    if (address.kind === 'instance') names.set(fullUrl, addressText(address))
  }
  return names
}

/** The entries as they are sent. FHIR allows each resource once in a transaction. */
export function preparedTransaction(
  drafts: readonly Draft[],
  options: DraftOptions,
): readonly Prepared[] | TransactionFault {
  const seen = new Set<string>()
  for (const [at, { address }] of drafts.entries()) {
    if (address.kind !== 'instance') continue
    const name = addressText(address)
    if (seen.has(name)) return { kind: 'transaction-fault', at, fault: fault('DUPLICATE_ID') }
    seen.add(name)
  }
  return drafts.map((draft) => preparedOf(draft, options, draft.entry.fullUrl))
}

/** One rejection for each entry: none of them may be sent without the others. */
export const rejectedTransaction = (
  entries: readonly LoadEntry[],
  { at, fault: reason }: TransactionFault,
): readonly RejectedEntry[] =>
  entries.map((entry, place) => rejected(entry, place === at ? reason : fault('TRANSACTION_REJECTED')))
