import { createHash } from 'node:crypto'
import { filesOf } from '../../storage/split.js'
import type { Sink, SinkHead, SinkPart, State } from '../../storage/store.js'
import type { ItemCounts } from '../report/item-counts.js'

/** Record in the state that an item is finished. */
export interface DoneRecord {
  readonly done: 1
  readonly output: string
  readonly fingerprint: string
  /** The committed output with its digests; null for a quarantined document. */
  readonly head: SinkHead | null
  readonly source: { readonly name: string; readonly bytes: number; readonly version: string }
  /** Location of the source item; unknown in records of earlier versions. */
  readonly place?: string
  /** Key of the run that made it (`run-facts.ts`). */
  readonly run?: string
  readonly totals: ItemCounts
}

/** Name of the record. It is a hash, because output names may be as long as the file system allows. */
const keyOf = (output: string): string => createHash('sha256').update(output).digest('hex').slice(0, 32)

/** Each epoch (see `Epoch`) has journals of its own. */
export const journalName = (output: string, epoch = ''): string =>
  `items/${keyOf(output)}${epoch === '' ? '' : `.${epoch}`}.journal`
export const doneName = (output: string): string => `items/${keyOf(output)}.done`
export const quarantineName = (output: string): string => `quarantine/${output}.ndjson`

/** Reads the record; undefined if it is missing or damaged, so that the item is redone. */
export async function readDone(state: State, output: string): Promise<DoneRecord | undefined> {
  const text = await state.read(doneName(output))
  if (text === undefined) return undefined
  try {
    const { check, ...record } = JSON.parse(text) as DoneRecord & { readonly check: unknown }
    // Version 0.1.0 wrote neither a checksum nor a place; its outputs are ours nevertheless.
    const isWhole = check === checkOf(record) || (check === undefined && record.place === undefined)
    return record.done === 1 && record.output === output && isWhole ? record : undefined
  } catch {
    return undefined
  }
}

export const writeDone = (state: State, record: DoneRecord): Promise<void> =>
  state.write(doneName(record.output), `${JSON.stringify({ ...record, check: checkOf(record) })}\n`)

const checkOf = (record: DoneRecord): string =>
  createHash('sha256').update(JSON.stringify(record)).digest('hex').slice(0, 16)

/** Reads back what a resumed run could not compute while writing; returns the same head if it is complete. */
export async function withDigests(sink: Sink, output: string, head: SinkHead): Promise<SinkHead> {
  if (head.parts === undefined)
    return head.sha256 === undefined ? { ...head, sha256: await sink.digest(output) } : head
  if (head.parts.every(({ sha256 }) => sha256 !== undefined)) return head
  const parts: SinkPart[] = []
  for (const { name, bytes, sha256 = await sink.digest(name) } of filesOf(output, head))
    parts.push({ name, bytes, ...(sha256 === undefined ? {} : { sha256 }) })
  return { ...head, parts }
}
