import { REPORT_NAME } from '../../published/names.js'
import type { DoneRecord } from '../checkpoint/done-record.js'
import type { RunOptions } from '../options.js'
import { filesAsLeft, removeNamed } from '../output-files.js'
import type { RunEnd } from './run-state.js'

/** Outputs of earlier runs besides those of this run. */
export interface Leftovers {
  /** Outputs of other sources; they stay and are reported with those of this run. */
  readonly earlier: readonly DoneRecord[]
  /**
   * Outputs of this source whose items are gone. They are not known to be out of date, so they are removed only on
   * request.
   */
  readonly orphaned: readonly string[]
  readonly removed: readonly string[]
}

/**
 * Settles every output that the ledger names but this run does not make. The output of an item that now has another name
 * is removed, because a reader would count it twice; an output that was changed is not touched. Can be repeated after a
 * crash at any point. Throws SINK_UNWRITABLE.
 */
export async function settleLeftovers(options: RunOptions, runState: RunEnd): Promise<Leftovers> {
  const { sink, source, prune = false, onEvent = () => {} } = options
  const earlier: DoneRecord[] = []
  const orphaned: string[] = []
  const removed: string[] = []
  const failed = new Set(runState.failed.map(({ item }) => item))
  for (const name of runState.ledger) {
    if (runState.outputs.has(name)) continue
    const record = await runState.records.done(name)
    if (record?.head == null) continue
    const files = await filesAsLeft(sink, record.output, record.head)
    if (files === undefined) continue
    const item = record.source.name
    const isOfOther = record.place !== undefined && record.place !== runState.place
    const now = runState.outputOf(item)
    if (isOfOther || (now === undefined && source.isPartial === true)) earlier.push(record)
    else if (now !== undefined && failed.has(item)) continue
    else if (now !== undefined || prune) {
      if (removed.length === 0) await sink.remove(REPORT_NAME)
      await removeNamed(sink, files)
      await runState.records.remove(name)
      removed.push(name)
      onEvent({ event: 'output.removed', level: 'info', item: name, ...(now === undefined ? {} : { now }) })
    } else {
      orphaned.push(name)
      onEvent({ event: 'output.orphaned', level: 'warn', item: name, reason: 'its source item is gone' })
    }
  }
  return { earlier, orphaned, removed }
}
