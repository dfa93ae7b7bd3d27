import { createHash } from 'node:crypto'
import type { SinkHead, State } from '../storage/store.js'
import type { Totals } from './totals.js'

/** That an item is finished, kept in the state. */
export interface DoneRecord {
  readonly done: 1
  readonly output: string
  readonly fingerprint: string
  /** The committed output with its digests; null for a document that was quarantined and has none. */
  readonly head: SinkHead | null
  readonly source: { readonly name: string; readonly bytes: number; readonly version: string }
  readonly totals: Totals
}

/** Output names may be as long as the file system allows; state names are not made of them. */
const keyOf = (output: string): string => createHash('sha256').update(output).digest('hex').slice(0, 32)

/** Each epoch (see `Epoch`) has journals of its own. */
export const journalName = (output: string, epoch = ''): string =>
  `items/${keyOf(output)}${epoch === '' ? '' : `.${epoch}`}.journal`
export const doneName = (output: string): string => `items/${keyOf(output)}.done`
export const quarantineName = (output: string): string => `quarantine/${output}.ndjson`

/** Undefined where there is none or it is damaged: then the item is done again. */
export async function readDone(state: State, output: string): Promise<DoneRecord | undefined> {
  const text = await state.read(doneName(output))
  if (text === undefined) return undefined
  try {
    const { check, ...record } = JSON.parse(text) as DoneRecord & { readonly check: unknown }
    return record.done === 1 && record.output === output && check === checkOf(record) ? record : undefined
  } catch {
    return undefined
  }
}

export const writeDone = (state: State, record: DoneRecord): Promise<void> =>
  state.write(doneName(record.output), `${JSON.stringify({ ...record, check: checkOf(record) })}\n`)

const checkOf = (record: DoneRecord): string =>
  createHash('sha256').update(JSON.stringify(record)).digest('hex').slice(0, 16)
