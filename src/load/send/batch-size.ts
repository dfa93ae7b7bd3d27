import type { EntryOutcome, LoadBundle } from '../bundle.js'

/** How many entries a batch has now: fewer, where a server throttles in the middle of larger ones. */
export interface BatchSize {
  /** The part of a bundle that is sent first, and what follows it. A transaction is never cut. */
  cut(bundle: LoadBundle): readonly [first: LoadBundle, rest?: LoadBundle]
  /** A batch of `sentCount` entries was answered, and the server did the first `doneCount` of them. */
  answered(sentCount: number, doneCount: number): void
}

// So few entries that the requests themselves become the cost.
const MIN_ENTRIES = 10
const GROWTH = 0.03

export function createBatchSize(): BatchSize {
  let max = Number.POSITIVE_INFINITY
  return {
    cut(bundle) {
      const { type, entries } = bundle
      const count = Math.floor(max)
      if (type === 'transaction' || entries.length <= count) return [bundle]
      return [part(bundle, 0, count), part(bundle, count)]
    },
    answered(sentCount, doneCount) {
      if (doneCount < sentCount) max = Math.max(MIN_ENTRIES, doneCount)
      else if (sentCount >= Math.floor(max)) max *= 1 + GROWTH
    },
  }
}

function part(bundle: LoadBundle, from: number, to?: number): LoadBundle {
  const entries = bundle.entries.slice(from, to)
  return { ...bundle, entries, bytes: Math.ceil((bundle.bytes * entries.length) / bundle.entries.length) }
}

/** How many entries the server did not come to: those at the end, where it did some and then was too busy. */
export function throttledTail(outcomes: readonly EntryOutcome[]): number {
  const last = outcomes.findLastIndex(({ kind, status }) => kind !== 'retry' || !BUSY.includes(status))
  const tail = outcomes.slice(last + 1)
  const hasDone = outcomes.some(({ kind }) => kind !== 'retry')
  return hasDone && tail.some(({ status }) => status === 429) ? tail.length : 0
}

// Some servers leave out the entries that they did not come to.
const BUSY: readonly (number | undefined)[] = [429, undefined]
