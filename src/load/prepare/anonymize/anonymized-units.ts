import { present } from '../../../invariant.js'
import type { PreparedUnit } from '../../prepared.js'
import type { LoadEntry, LoadUnit, RejectedEntry } from '../../unit.js'
import { type Draft, type DraftOptions, preparedOf } from '../draft.js'
import { type Fault, fault, rejected } from '../faults.js'
import { singleDraft } from '../single-draft.js'
import {
  preparedTransaction,
  rejectedTransaction,
  type TransactionFault,
  transactionDrafts,
} from '../transaction.js'
import { anonymizationFault, anonymizedDraft, dependentDraft } from './anonymized-draft.js'
import type { LineOutcome } from './line-outcomes.js'
import type { ResourceLine } from './resource-anonymizer.js'

type Anonymize = (lines: readonly ResourceLine[]) => Promise<readonly LineOutcome[]>
type Result = PreparedUnit | RejectedEntry

/** A unit and the name of its item. */
export interface NamedUnit {
  readonly name: string
  readonly unit: LoadUnit
}

/** A unit with the drafts that are to be anonymized, or why there are none. */
type Anonymizable =
  | { readonly unit: RejectedEntry }
  | { readonly unit: LoadUnit & { kind: 'entry' }; readonly draft: Draft | Fault }
  | {
      readonly unit: LoadUnit & { kind: 'transaction' }
      readonly drafts: readonly Draft[] | TransactionFault
    }

/**
 * Anonymizes the resources of units, after references among the entries of a transaction are settled, and makes
 * requests of the results: a list for each unit. Nothing that is sent comes from elsewhere: a request that names
 * anything else is rejected.
 */
export async function anonymizedUnits(
  units: readonly NamedUnit[],
  options: DraftOptions,
  anonymize: Anonymize,
): Promise<readonly (readonly Result[])[]> {
  const anonymizable = units.map(({ unit }) => anonymizableOf(unit, options))
  const lines = units.flatMap(({ name }, at) =>
    draftsIn(present(anonymizable[at], 'a unit')).map((draft) => lineOf(draft, name)),
  )
  const outcomes = await anonymize(lines)
  let at = 0
  return anonymizable.map((each) => {
    const from = at
    at += draftsIn(each).length
    return resultOf(each, outcomes.slice(from, at), options)
  })
}

function anonymizableOf(unit: LoadUnit, options: DraftOptions): Anonymizable {
  switch (unit.kind) {
    case 'rejected':
      return { unit }
    case 'entry': {
      const draft = singleDraft(unit.entry, options)
      return { unit, draft: draft.kind === 'fault' ? draft : (anonymizationFault(draft) ?? draft) }
    }
    case 'transaction':
      return { unit, drafts: anonymizableDrafts(unit.entries, options) }
  }
}

function anonymizableDrafts(
  entries: readonly LoadEntry[],
  options: DraftOptions,
): readonly Draft[] | TransactionFault {
  const drafts = transactionDrafts(entries, options)
  if ('kind' in drafts) return drafts
  for (const [at, draft] of drafts.entries()) {
    const found = anonymizationFault(draft)
    if (found !== undefined) return { kind: 'transaction-fault', at, fault: found }
  }
  const at = dependentDraft(drafts)
  return at < 0 ? drafts : { kind: 'transaction-fault', at, fault: fault('REFERENCE_NOT_ANONYMIZABLE') }
}

function draftsIn(anonymizable: Anonymizable): readonly Draft[] {
  if ('draft' in anonymizable) return anonymizable.draft.kind === 'fault' ? [] : [anonymizable.draft]
  return 'drafts' in anonymizable && !('kind' in anonymizable.drafts) ? anonymizable.drafts : []
}

const lineOf = ({ entry, body }: Draft, item: string): ResourceLine => ({
  item,
  offset: entry.offset,
  resource: body,
})

function resultOf(
  anonymizable: Anonymizable,
  outcomes: readonly LineOutcome[],
  options: DraftOptions,
): readonly Result[] {
  if ('draft' in anonymizable) {
    const { unit, draft } = anonymizable
    return withOutcomes([draft], outcomes).map((result) =>
      result.kind === 'fault'
        ? rejected(unit.entry, result)
        : { kind: 'entry', prepared: preparedOf(result, options) },
    )
  }
  if (!('drafts' in anonymizable)) return [anonymizable.unit]
  const { unit, drafts } = anonymizable
  const prepared = 'kind' in drafts ? drafts : preparedAnonymized(withOutcomes(drafts, outcomes), options)
  return 'kind' in prepared
    ? rejectedTransaction(unit.entries, prepared)
    : [{ kind: 'transaction', prepared }]
}

/** Each draft with its outcome. A draft without one must never be sent as it is. */
const withOutcomes = (
  drafts: readonly (Draft | Fault)[],
  outcomes: readonly LineOutcome[],
): readonly (Draft | Fault)[] =>
  drafts.map((draft, at) => {
    if (draft.kind === 'fault') return draft
    const outcome = present(outcomes[at], 'the outcome of a resource')
    return outcome.kind === 'fault' ? outcome : anonymizedDraft(draft, outcome.resource)
  })

function preparedAnonymized(results: readonly (Draft | Fault)[], options: DraftOptions) {
  const drafts: Draft[] = []
  for (const [at, result] of results.entries()) {
    if (result.kind === 'fault') return { kind: 'transaction-fault', at, fault: result } as const
    drafts.push(result)
  }
  return preparedTransaction(drafts, options)
}
