import type { SinkHead, SinkItem } from '../storage/store.js'
import { type DoneRecord, journalName, withDigests } from './checkpoint/done-record.js'
import { readJournal } from './checkpoint/journal.js'
import type { RunContext } from './context.js'
import type { ItemWork } from './item-list.js'
import { removeOtherForm } from './output-files.js'
import type { ItemCounts } from './report/item-counts.js'

/** An item whose output only has to be made visible. */
export interface SealedItem {
  readonly work: ItemWork
  /** Null for an item without an output: a quarantined document, or an empty item that is omitted. */
  readonly head: SinkHead | null
  readonly totals: ItemCounts
  readonly sinkItem: SinkItem
  /** Where a later run finds the seal; undefined if the sink itself can tell. */
  readonly sealedIn?: 'records' | 'journal' | undefined
}

/** Record that the item is finished or about to be. */
export const recordOf = (
  { output, fingerprint, item, place, run }: ItemWork,
  head: SinkHead | null,
  totals: ItemCounts,
): DoneRecord => ({
  done: 1,
  output,
  fingerprint,
  head,
  source: { name: item.name, bytes: item.bytes, version: item.version },
  place,
  run,
  totals,
})

/** Finds an output that an earlier run sealed but did not finish, if its bytes still exist. */
export async function findSealed(
  run: RunContext,
  work: ItemWork,
  hasJournal: boolean,
): Promise<SealedItem | undefined> {
  const { state } = run.sink
  const logged = run.records.sealed(work.output).findLast((each) => each.fingerprint === work.fingerprint)
  if (logged?.head != null) {
    const { head, totals } = logged
    const sinkItem = run.sink.item(work.output, work.fingerprint)
    if ((await sinkItem.find(head)) !== 'lost') return { work, head, totals, sinkItem }
  }
  if (!hasJournal) return undefined
  const read = await readJournal(state, journalName(work.output, state.epoch().id))
  const head = read?.checkpoint.sealed
  if (read?.fingerprint !== work.fingerprint || head === undefined) return undefined
  const sinkItem = run.sink.item(work.output, work.fingerprint)
  const found = await sinkItem.find(head)
  if (found === 'lost') return undefined
  return { work, head, totals: read.checkpoint.totals, sinkItem, sealedIn: 'journal' }
}

/** Makes the output visible, then records that it is done. Can be repeated after a crash at any point. */
export async function commit(
  run: Pick<RunContext, 'sink' | 'records' | 'faultPoint' | 'onEvent'>,
  { work, head, totals, sinkItem, sealedIn }: SealedItem,
): Promise<DoneRecord> {
  const { sink, records, faultPoint } = run
  faultPoint('before-rename')
  if (head === null) await sink.remove(work.output)
  else if ((await sinkItem.find(head)) === 'ready')
    await sinkItem.commit({
      sourceVersion: work.item.version,
      lines: totals.lines,
      quarantined: totals.quarantined,
      mark: work.mark,
    })
  faultPoint('after-rename')
  await sinkItem.settle()
  faultPoint('before-done')
  const { output } = work
  const finalHead = head && (await withDigests(sink, output, head))
  const record = recordOf(work, finalHead, totals)
  await removeOtherForm(sink, output, { before: work.before, now: head })
  if (sealedIn === 'records' && finalHead === head) await records.markDone(output)
  else await records.write(record)
  faultPoint('after-done')
  const { id, earlier } = sink.state.epoch()
  if (sealedIn === 'journal')
    for (const epoch of [...earlier, id]) await sink.state.remove(journalName(output, epoch))
  run.onEvent({ event: 'item.committed', level: 'info', item: work.item.name, lines: totals.lines })
  return record
}
