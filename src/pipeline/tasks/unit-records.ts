import { parseJson } from '../../json/parse.js'
import { type Sink, type State, UNITS } from '../../storage/store.js'
import type { DoneRecord } from '../checkpoint/done-record.js'
import { openRecords, type Records } from '../checkpoint/records.js'
import type { ItemFailure } from '../report/report.js'

/** What came of a unit; kept in its state, and read by whoever ends the run. */
export interface UnitResult {
  /** Of items whose outputs have appeared or, with `isSealed`, only wait for that. */
  readonly records: readonly DoneRecord[]
  readonly failed: readonly ItemFailure[]
  /** Whether nothing may appear before the counts of all units are known. */
  readonly isSealed: boolean
}

const NAME = 'done.json'
const CLAIMED = 'claimed'

/** Reads the result; undefined while the unit is not done. */
export async function readUnitResult(state: State): Promise<UnitResult | undefined> {
  const result = parseJson((await state.read(NAME)) ?? '') as Partial<UnitResult> | null | undefined
  return Array.isArray(result?.records) && Array.isArray(result.failed) ? (result as UnitResult) : undefined
}

/** Needs the claim. */
export const writeUnitResult = (state: State, result: UnitResult): Promise<void> =>
  state.write(NAME, `${JSON.stringify(result)}\n`)

/** Notes that somebody works on the unit, whose records may prove what was made. Needs the claim. */
export const noteClaimed = ({ state, isRemote }: Sink): Promise<void> =>
  isRemote === true ? Promise.resolve() : state.write(CLAIMED, '')

/** Whether records may be left of work that did not end. */
export const wasClaimed = async ({ state, isRemote }: Sink): Promise<boolean> =>
  isRemote !== true && (await state.read(CLAIMED)) !== undefined

/**
 * Records of a unit's items. A remote sink keeps with each output what it was made from, and a unit is small: nothing
 * is written there but the result. Needs the claim.
 */
export async function openUnitRecords(sink: Sink): Promise<Records> {
  if (sink.isRemote !== true) return openRecords(sink)
  return {
    done: async () => undefined,
    sealed: () => [],
    write: async () => {},
    seal: async () => false,
    markDone: async () => {},
    remove: async () => {},
    release: () => {},
    close: async () => {},
  }
}

/** Needs the claim. */
export const removeUnitResult = (state: State): Promise<void> => state.remove(NAME)

/** Removes the states of all units, but for what a late task has just claimed: that one removes it itself. */
export const clearUnits = (state: State): Promise<void> => state.below(UNITS).clear()
