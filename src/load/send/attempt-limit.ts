import type { BundleEntry, EntryOutcome } from '../bundle.js'

/** Counts how often entries were sent, and ends those that never succeed. */
export interface AttemptLimit {
  /**
   * The outcome of an entry that would be sent again: the same, or a final one once it has had its attempts. Where the
   * whole request failed, that counts only if the server has loaded something else in the meantime.
   */
  spend(entry: BundleEntry, outcome: EntryOutcome, failed: 'entry' | 'request'): EntryOutcome
  /** The highest number of attempts that any of these entries has had. */
  most(entries: readonly BundleEntry[]): number
}

export interface AttemptLimits {
  readonly maxAttempts: number
  /** Entries that the server has loaded so far, in this bundle or another. */
  readonly loadedCount: () => number
}

// Where these come without any success elsewhere, it is the server that is busy, not the entry that is at fault.
const BUSY: readonly (number | undefined)[] = [429, 503]

export function createAttemptLimit({ maxAttempts, loadedCount }: AttemptLimits): AttemptLimit {
  const counts = new Map<BundleEntry, { count: number; readonly loadedBefore: number }>()
  return {
    spend(entry, outcome, failed) {
      if (outcome.kind !== 'retry') return outcome
      const spent = counts.get(entry) ?? { count: 0, loadedBefore: loadedCount() }
      spent.count += 1
      counts.set(entry, spent)
      const { status } = outcome
      const isBusy = (failed === 'request' || BUSY.includes(status)) && loadedCount() === spent.loadedBefore
      if (spent.count < maxAttempts || isBusy) return outcome
      return status === undefined
        ? { kind: 'ambiguous', status }
        : { kind: 'failed', status, text: `not done in ${spent.count} attempts` }
    },
    most: (entries) => Math.max(0, ...entries.map((entry) => counts.get(entry)?.count ?? 0)),
  }
}
