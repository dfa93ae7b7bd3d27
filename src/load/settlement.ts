import type { ErrorLine } from './audit/error-line.js'
import type { SettledEntry } from './audit/settled-entry.js'
import type { BundleEntry, EntryOutcome, Exchange, LoadBundle } from './bundle.js'
import type { Passes } from './passes.js'
import type { DeferredEntry } from './prepared.js'
import type { LoadItem, RejectedEntry } from './unit.js'

type ItemError = Omit<ErrorLine, 'at'>
type ItemVersion = Pick<LoadItem, 'name' | 'version'>

/** An entry with its fate, as the audit and the counts need it. */
export interface EndedEntry extends SettledEntry {
  readonly type: string | undefined
}

/** What an exchange says of its entries, and what a person needs to know of those that are not loaded. */
export function endedEntries(
  { bundle, outcomes, requestId }: Exchange,
  passes: Passes,
): { readonly entries: readonly EndedEntry[]; readonly errors: readonly ItemError[] } {
  const entries: EndedEntry[] = []
  const errors: ItemError[] = []
  for (const [at, { item, prepared }] of bundle.entries.entries()) {
    const outcome = outcomes[at]
    if (outcome === undefined) continue
    const { ordinal, offset, type } = prepared.entry
    const isHeld = outcome.kind === 'failed' && passes.holdsRefused(item.name, outcome.status)
    const fate = isHeld ? 'retry' : outcome.kind
    entries.push({ item, ordinal, offset, fate, status: statusOf(outcome), type })
    if (fate === 'failed' || fate === 'ambiguous')
      errors.push({ ...errorOf({ item, prepared }, outcome), fate, requestId })
  }
  return { entries, errors }
}

const statusOf = ({ status }: EntryOutcome): string => (status === undefined ? 'none' : String(status))

function errorOf({ item, prepared }: BundleEntry, outcome: EntryOutcome) {
  const { entry, method, url } = prepared
  return {
    item: item.name,
    version: item.version,
    ordinal: entry.ordinal,
    offset: entry.offset,
    type: entry.type,
    id: entry.id,
    request: `${method} ${url}`,
    status: outcome.status,
    ...(outcome.kind === 'failed' ? { serverText: outcome.text } : NO_ANSWER),
  }
}

const NO_ANSWER = {
  code: 'ANSWER_LOST',
  message: 'it was sent, but no answer came; the server may have stored it, so it is not sent again',
}

/**
 * Entries of a bundle that must not be sent twice, as the audit notes them before they are sent. A transaction with one
 * of them must not be sent twice as a whole.
 */
export function unrepeatable({ type, entries }: LoadBundle) {
  const isAsOne = type === 'transaction' && entries.some(isUnrepeatable)
  return entries
    .filter((entry) => isAsOne || isUnrepeatable(entry))
    .map(({ item, prepared: { entry } }) => ({ item, ordinal: entry.ordinal, offset: entry.offset }))
}

const isUnrepeatable = ({ prepared }: BundleEntry): boolean => !prepared.isRepeatable

const MAX_HELD = 500

/** Settles entries that are never sent, many at once. */
export class Rejections {
  #entries: EndedEntry[] = []
  #errors: ItemError[] = []
  readonly #settle: (entries: readonly EndedEntry[], errors: readonly ItemError[]) => Promise<void>

  constructor(settle: (entries: readonly EndedEntry[], errors: readonly ItemError[]) => Promise<void>) {
    this.#settle = settle
  }

  async add(
    item: ItemVersion,
    { ordinal, offset, code, message }: RejectedEntry | DeferredEntry,
  ): Promise<void> {
    const { name, version } = item
    this.#entries.push({ item, ordinal, offset, fate: 'rejected', status: code, type: undefined })
    this.#errors.push({ item: name, version, ordinal, offset, fate: 'rejected', code, message })
    if (this.#entries.length >= MAX_HELD) await this.flush()
  }

  async flush(): Promise<void> {
    const [entries, errors] = [this.#entries, this.#errors]
    this.#entries = []
    this.#errors = []
    if (entries.length > 0) await this.#settle(entries, errors)
  }
}
