import type { Sink } from '../../storage/store.js'
import { type DoneRecord, quarantineName } from '../checkpoint/done-record.js'
import { renumbered } from '../report/quarantine.js'
import type { Unit } from './plan-file.js'
import { unitSink } from './unit-work.js'

/** A unit's record, whose rejected lines are in the unit's state. */
export interface QuarantineSource {
  readonly unit: Unit
  readonly record: DoneRecord
}

/**
 * Writes the rejected lines of an item to where a run on one machine writes them: those of all its parts, with numbers
 * that count from the item's first line.
 */
export async function moveQuarantine(
  sink: Sink,
  { output, totals }: DoneRecord,
  sources: readonly QuarantineSource[],
): Promise<void> {
  const { state } = sink
  const name = quarantineName(output)
  if (totals.quarantined === 0) {
    if ((await state.bytesOf(name)) !== undefined) await state.remove(name)
    return
  }
  const target = await state.appender(name, 0)
  try {
    let linesBefore = 0
    for (const { unit, record } of sources) {
      const pieces = unitSink(sink, unit).state.pieces(quarantineName(record.output))
      for await (const text of renumbered(pieces, linesBefore)) await target.append(text)
      linesBefore += record.totals.lines
    }
    await target.flush()
  } finally {
    await target.close()
  }
}
