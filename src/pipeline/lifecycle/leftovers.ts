import { REPORT_NAME } from '../../published/names.js'
import type { DoneRecord } from '../checkpoint/done-record.js'
import type { RunOptions } from '../options.js'
import { filesAsLeft, removeNamed } from '../output-files.js'
import type { RunState } from './run-state.js'

/** What earlier runs left in the output beside what this one makes. */
export interface Leftovers {
  /** Of other sources: they stay, and are reported with those of this run. */
  readonly earlier: readonly DoneRecord[]
  /** Of this source, whose items are gone; nothing says that they are out of date, so they are not removed unasked. */
  readonly orphaned: readonly string[]
  readonly removed: readonly string[]
}

/**
 * Settles every output that the ledger names and this run does not make. What was made of an item that is now under
 * another name is removed, as a reader would count it twice; what is not as it was left is not touched. May be repeated
 * after a crash at any point of it. Throws SINK_UNWRITABLE.
 */
export async function settleLeftovers(options: RunOptions, runState: RunState): Promise<Leftovers> {
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
