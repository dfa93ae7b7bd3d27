import { BackgroundWork } from './background-work.js'
import type { DoneRecord } from './checkpoint/done-record.js'
import { commit, type SealedItem } from './commit.js'
import type { RunContext } from './context.js'
import { anonymizeItem, concernsItemOnly, type WrittenItem } from './item.js'
import type { ItemWork } from './item-list.js'
import { failureOf } from './lifecycle/run-end.js'
import { inParallel } from './parallel-work.js'
import type { ItemFailure } from './report/report.js'
import type { RunCounts } from './run-counts.js'

// Flushes that wait together cost little more than one, but each holds an open file.
const SMALL_COMMITS_AT_ONCE = 32

/** Where the results of items go. */
export interface ItemResults {
  readonly counts: RunCounts
  readonly delivered: { add(record: DoneRecord): void }
  readonly failed: ItemFailure[]
  /** Called with the first reason for which no more items are started. */
  readonly stop: (reason: unknown) => void
}

/**
 * Anonymizes small items side by side and a large one on all workers. Commits each once it is complete and reconciled;
 * where that has to wait for the end, returns them sealed. An item that cannot be read is listed in `failed`.
 */
export async function anonymizeItems(
  run: RunContext,
  work: readonly ItemWork[],
  { counts, delivered, failed, stop }: ItemResults,
): Promise<readonly SealedItem[]> {
  const waiting: SealedItem[] = []
  const background = new BackgroundWork(SMALL_COMMITS_AT_ONCE, stop)

  const orFail = async (work: ItemWork, act: () => Promise<void>): Promise<void> => {
    try {
      await act()
    } catch (error) {
      if (!concernsItemOnly(error)) throw error
      const failure = failureOf(work.item.name, error)
      failed.push(failure)
      run.onEvent({ event: 'item.failed', level: 'warn', ...failure })
    }
  }

  const complete = async (work: ItemWork, written: WrittenItem): Promise<void> => {
    const sealed = await written.seal()
    counts.addItem(work, sealed)
    if (!run.commitsAtEnd) delivered.add(await commit(run, sealed))
    else waiting.push(sealed)
  }

  const anonymize = (work: ItemWork): Promise<void> =>
    orFail(work, async () => {
      const written = await anonymizeItem(run, work)
      if (!written.isSmall) return complete(work, written)
      await background.start(
        () => orFail(work, () => complete(work, written)),
        () => written.close(),
      )
    })

  try {
    await inParallel(work, run.limits.itemsAtOnce, anonymize, stop)
    await background.end()
    return waiting
  } finally {
    await background.settle()
  }
}
