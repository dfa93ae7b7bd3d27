import type { LoadEntry, LoadUnit } from '../unit.js'
import { BundleCursor, type BundlePart } from './bundle-cursor.js'
import type { BundleEntry } from './bundle-entry.js'
import type { BundleFacts } from './bundle-facts.js'
import { withoutBundle } from './bundle-references.js'
import type { EntryNames } from './entry-names.js'
import { type Fault, TRANSACTION_BROKEN, TRANSACTION_TOO_LARGE } from './faults.js'
import type { UnitRun } from './unit-run.js'
import type { Window } from './window.js'

/** Reads the Bundle at the window's place once more, whose facts are known, and hands out its entries. */
export async function* bundleUnits(
  window: Window,
  facts: BundleFacts,
  run: UnitRun,
): AsyncGenerator<LoadUnit, void> {
  const cursor = new BundleCursor(window, run.limits.maxEntryBytes)
  const refusal = facts.type === 'transaction' ? refusalOf(facts, run) : undefined
  const together: LoadEntry[] | undefined =
    facts.type === 'transaction' && refusal === undefined && isSmall(facts, run) && !isBegun(facts, run)
      ? []
      : undefined
  const first = run.next
  for (;;) {
    const part = cursor.next()
    if (part.kind === 'end') break
    if (part.kind === 'more') {
      run.check()
      await cursor.more()
      continue
    }
    if (together === undefined) {
      const unit = unitOf(window, part, run, { refusal, names: facts.names })
      if (unit !== undefined) yield unit
    } else if (part.kind === 'entry' && !part.entry.isOutcome) {
      together.push(loadEntry(window, part.entry, run.next))
      run.next += 1
    }
  }
  if (together === undefined || together.length === 0) return
  const isSettled = together.every((_, index) => run.skip(first + index))
  if (!isSettled) yield { kind: 'transaction', entries: together }
}

/** Why no entry of a transaction may be sent; undefined if they may, together or, if it was asked for, one by one. */
function refusalOf(facts: BundleFacts, run: UnitRun): Fault | undefined {
  if (run.limits.splitTransactions) return undefined
  if (!facts.isSound) return TRANSACTION_BROKEN
  return isSmall(facts, run) ? undefined : TRANSACTION_TOO_LARGE
}

const isSmall = (facts: BundleFacts, { limits }: UnitRun): boolean =>
  facts.isSound &&
  facts.entryCount <= limits.maxTransactionEntries &&
  facts.endOffset - facts.startOffset <= limits.maxTransactionBytes

/** Whether a run that split the transaction has settled a part of it, which must not be sent again with the rest. */
function isBegun({ entryCount }: BundleFacts, { next, skip }: UnitRun): boolean {
  const isSettled = Array.from({ length: entryCount }, (_, index) => skip(next + index))
  return isSettled.includes(true) && isSettled.includes(false)
}

function unitOf(
  window: Window,
  part: Extract<BundlePart, { kind: 'entry' | 'broken' }>,
  run: UnitRun,
  { refusal, names }: { readonly refusal: Fault | undefined; readonly names: EntryNames },
): LoadUnit | undefined {
  if (part.kind === 'broken') return run.rejected(part.fault, part.offset, part.lengthBytes)
  const { entry } = part
  if (entry.isOutcome) return undefined
  const fault = entry.fault ?? refusal
  if (fault !== undefined) return run.rejected(fault, window.offset + entry.start, entry.end - entry.start)
  const ordinal = run.next
  run.next += 1
  if (run.skip(ordinal)) return undefined
  return { kind: 'entry', entry: loadEntry(window, entry, ordinal, names) }
}

/** A copy of an entry; with references that are valid outside of its Bundle, if names are given. */
function loadEntry(window: Window, entry: BundleEntry, ordinal: number, names?: EntryNames): LoadEntry {
  const { start, head, resourceStart, fullUrl, request } = entry
  const { type, id } = head ?? targetOf(request?.url ?? '')
  const resource = head === undefined ? NOTHING : window.bytes.subarray(resourceStart, head.end)
  const rewritten = names === undefined ? resource : withoutBundle(resource, names)
  return {
    ordinal,
    offset: window.offset + start,
    resource: rewritten === resource ? Buffer.from(resource) : rewritten,
    type,
    id,
    fullUrl,
    request,
  }
}

const NOTHING = Buffer.alloc(0)
const TARGET = /^([A-Z][A-Za-z]{0,63})(?:\/([A-Za-z0-9.-]{1,64}))?(?=[/?]|$)/

/** What a request without a resource is about. */
function targetOf(url: string): { readonly type: string; readonly id: string | undefined } {
  const [, type = '', id] = TARGET.exec(url) ?? []
  return { type, id }
}
