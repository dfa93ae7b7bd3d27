import type { Sink, SinkHead } from '../../storage/store.js'
import { type DoneRecord, doneName, readDone, writeDone } from './done-record.js'
import { RecordLog } from './record-log.js'

/** Records of items that are finished or were about to be. Everything is durable once a method returns. */
export interface Records {
  /** Reads the record; undefined if it is missing or damaged, so that the item is redone. */
  done(output: string): Promise<DoneRecord | undefined>
  /** Returns the output that was about to appear under this name when a run ended. */
  sealed(output: string): readonly DoneRecord[]
  write(record: DoneRecord): Promise<void>
  /**
   * Call before the output appears. Returns false if nothing is recorded, because the sink keeps with each output what it
   * was made from, or because the item has a journal of its own.
   */
  seal(record: DoneRecord): Promise<boolean>
  /** Records that the output last sealed under this name has appeared. */
  markDone(output: string): Promise<void>
  remove(output: string): Promise<void>
  /** Declares that `done` will not be called for this output again. */
  release(output: string): void
  close(): Promise<void>
}

/** Call under the lock. */
export async function openRecords({ state, isRemote }: Sink): Promise<Records> {
  const log = isRemote === true ? undefined : await RecordLog.open(state)
  return {
    // Remote sinks and earlier versions keep a file for each item.
    done: async (output) => log?.logged(output)?.record ?? (await readDone(state, output)),
    sealed: (output) => log?.logged(output)?.sealed ?? [],
    write: (record) => log?.append({ record }) ?? writeDone(state, record),
    async seal(record) {
      await log?.append({ sealed: record })
      return log !== undefined
    },
    async markDone(output) {
      await log?.append({ done: output })
    },
    async remove(output) {
      await state.remove(doneName(output))
      await log?.append({ gone: output })
    },
    release: (output) => log?.release(output),
    async close() {
      await log?.close()
    },
  }
}

/** Heads that outputs were about to get. */
export const sealedHeads = (records: Records, output: string): readonly SinkHead[] =>
  records.sealed(output).flatMap(({ head }) => head ?? [])
