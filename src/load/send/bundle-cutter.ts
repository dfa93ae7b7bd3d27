import type { BundleEntry, LoadBundle } from '../bundle.js'
import type { PreparedUnit } from '../prepared.js'
import { entryBytes } from './bundle-body.js'
import { type BundleTargets, createBundleTargets } from './bundle-targets.js'

export interface BundleLimits {
  /** Entries of a batch; default 500. */
  readonly maxEntries?: number | undefined
  /** Bytes of a batch as JSON; default 8 MiB. A single entry may be larger. */
  readonly maxBytes?: number | undefined
}

/** Puts what is prepared into bundles, whatever items it comes from. */
export interface BundleCutter {
  /** Returns the bundles that are complete now, in the order in which they must be delivered. */
  add(item: BundleEntry['item'], unit: PreparedUnit): readonly LoadBundle[]
  /** Returns what is left. */
  rest(): readonly LoadBundle[]
}

const DEFAULT_MAX_ENTRIES = 500
const DEFAULT_MAX_BYTES = 8 * 2 ** 20
const FRAME_BYTES = 64

/**
 * A batch has no two entries for the same resource: servers refuse it, or do them in an order of their own, or at once,
 * so that both create it. A transaction is a bundle of its own; it follows a batch that changes one of its resources.
 */
export function createBundleCutter(limits: BundleLimits = {}): BundleCutter {
  const { maxEntries = DEFAULT_MAX_ENTRIES, maxBytes = DEFAULT_MAX_BYTES } = limits
  let entries: BundleEntry[] = []
  let bytes = FRAME_BYTES
  const targets: BundleTargets = createBundleTargets()

  const cut = (): LoadBundle[] => {
    if (entries.length === 0) return []
    const batch: LoadBundle = { type: 'batch', entries, bytes, ...targets.take() }
    entries = []
    bytes = FRAME_BYTES
    return [batch]
  }
  const put = (entry: BundleEntry): LoadBundle[] => {
    const added = entryBytes(entry.prepared)
    const isFull = entries.length >= maxEntries || bytes + added > maxBytes
    const complete = isFull || targets.holds(entry.prepared) ? cut() : []
    entries.push(entry)
    bytes += added
    targets.add(entry.prepared)
    return complete
  }
  const putTransaction = (members: readonly BundleEntry[]): LoadBundle[] => {
    const isNeighbor = members.some(({ prepared }) => targets.holds(prepared))
    const before = isNeighbor ? cut() : []
    const sum = members.reduce((total, { prepared }) => total + entryBytes(prepared), FRAME_BYTES)
    const numbers = targets.ofTransaction(members.map(({ prepared }) => prepared))
    return [...before, { type: 'transaction', entries: members, bytes: sum, ...numbers }]
  }

  return {
    add: (item, unit) =>
      unit.kind === 'entry'
        ? put({ item, prepared: unit.prepared })
        : putTransaction(unit.prepared.map((prepared) => ({ item, prepared }))),
    rest() {
      const last = cut()
      targets.forget()
      return last
    },
  }
}
