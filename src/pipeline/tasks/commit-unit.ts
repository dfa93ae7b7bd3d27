import { sluiceError } from '../../errors.js'
import { present } from '../../invariant.js'
import type { DoneRecord } from '../checkpoint/done-record.js'
import { commit } from '../commit.js'
import type { Unit } from './plan-file.js'
import type { JoinOptions } from './task.js'
import { openUnitRecords, removeUnitResult, type UnitResult, writeUnitResult } from './unit-records.js'
import { unitSink } from './unit-work.js'

/** Makes the sealed outputs of a unit appear. Can be repeated. Throws UNITS_MISSING if they are gone. */
export async function commitUnit(
  { sink, signal, onEvent = () => {}, faultPoint = () => {} }: JoinOptions,
  unit: Unit,
  result: UnitResult,
): Promise<UnitResult> {
  if (!result.isSealed) return result
  const of = unitSink(sink, unit)
  const release = await of.state.lock({ signal })
  try {
    const own = await openUnitRecords(of)
    try {
      const records: DoneRecord[] = []
      for (const { output, head, totals } of result.records) {
        const work = present(
          unit.work.find((each) => each.output === output),
          'the work of a record',
        )
        const sinkItem = of.item(output, work.fingerprint)
        try {
          if (head !== null && (await sinkItem.find(head)) === 'lost') {
            await removeUnitResult(of.state)
            throw lost(output)
          }
          const run = { sink: of, records: own, onEvent, faultPoint }
          records.push(await commit(run, { work, head, totals, sinkItem }))
        } finally {
          await sinkItem.close()
        }
      }
      const committed: UnitResult = { ...result, records, isSealed: false }
      await writeUnitResult(of.state, committed)
      return committed
    } finally {
      await own.close()
    }
  } finally {
    await release()
  }
}

const lost = (at: string) =>
  sluiceError('UNITS_MISSING', {
    at,
    message: 'the output that waited to appear is gone; it must be made again',
  })
