import type { Sink, SinkHead } from '../../storage/store.js'
import { type DoneRecord, doneName, readDone, writeDone } from './done-record.js'
import { RecordLog } from './record-log.js'

/** What the state knows of items that are finished, or were about to be. Everything is durable once it returns. */
export interface Records {
  /** Undefined where there is none or it is damaged: then the item is done again. */
  done(output: string): Promise<DoneRecord | undefined>
  /** What was about to appear under this name when a run ended. */
  sealed(output: string): readonly DoneRecord[]
  write(record: DoneRecord): Promise<void>
  /**
   * To be called before the output appears. False: nothing is kept, as the sink keeps with each output what it was made
   * from, or the item has a journal of its own.
   */
  seal(record: DoneRecord): Promise<boolean>
  /** What was sealed last under this name has appeared. */
  markDone(output: string): Promise<void>
  remove(output: string): Promise<void>
  /** `done` is not asked for this output again. */
  release(output: string): void
  close(): Promise<void>
}

/** To be called under the lock. */
export async function openRecords({ state, isRemote }: Sink): Promise<Records> {
  const log = isRemote === true ? undefined : await RecordLog.open(state)
  return {
    // A file for each item: of remote sinks, and of earlier versions.
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

/** The heads that outputs were about to have. */
export const sealedHeads = (records: Records, output: string): readonly SinkHead[] =>
  records.sealed(output).flatMap(({ head }) => head ?? [])
