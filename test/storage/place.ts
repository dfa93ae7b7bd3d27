import type { Test } from 'tap'
import type { Sink, SinkItem, Source, SourceItem } from '../../src/storage/store.js'

/** An empty place of its own. */
export interface Place {
  readonly source: Source
  /** As each process would open it for itself. */
  sink(): Sink
  /** As another program would, whole. */
  write(name: string, content: string | Uint8Array): Promise<void>
  delete(name: string): Promise<void>
}

/** In what a store may differ, each with its reason in the table of stores. */
export type Difference =
  /** Sorted within each folder, not by whole names. */
  | 'order within folders'
  /** A name cannot be that of an output and the folder of another. */
  | 'no output above another'
  /** A segment of a name is at most 255 bytes long. */
  | 'short segments'
  /** What was appended to an aborted output is not seen, but still there for one of the same fingerprint. */
  | 'aborted bytes stay'
  /** A commit does not see what another program put there meanwhile. */
  | 'replaces whatever is there'

export interface StoreUnderTest {
  readonly name: string
  make(t: Test): Promise<Place>
  readonly differences: Readonly<Partial<Record<Difference, string>>>
}

/** Fails where a store does not keep to it. */
export type Check = (t: Test, place: Place, store: StoreUnderTest) => Promise<void>

export async function listed({ source }: Place): Promise<SourceItem[]> {
  const items: SourceItem[] = []
  for await (const item of source.list(() => {})) items.push(item)
  return items
}

export const namesOf = async (place: Place): Promise<string[]> =>
  (await listed(place)).map(({ name }) => name)

export async function itemOf({ source }: Place, name: string): Promise<SourceItem> {
  const item = await source.head(name)
  if (item === undefined) throw new Error(`${name} is not there`)
  return item
}

export async function bytesOf(place: Place, name: string): Promise<Buffer> {
  const item = await itemOf(place, name)
  const target = Buffer.alloc(item.bytes)
  const reader = await place.source.open(item, 0)
  const filled = await reader.read(target)
  await reader.verify()
  await reader.close()
  return target.subarray(0, filled)
}

export const contentOf = async (place: Place, name: string): Promise<string> =>
  (await bytesOf(place, name)).toString()

export const FINGERPRINT = 'a1b2c3d4e5f60718293a4b5c6d7e8f90'
export const FACTS = { sourceVersion: 'v', lines: 1, quarantined: 0 }

export const outputOf = (place: Place, name = 'x.ndjson'): SinkItem => place.sink().item(name, FINGERPRINT)

/** As a run does it. */
export async function finish(item: SinkItem): Promise<void> {
  await item.complete()
  const sealed = await item.sealed()
  await item.flush()
  if ((await item.find(sealed)) === 'ready') await item.commit(FACTS)
  await item.settle()
}

export const patterned = (length: number): Buffer => {
  const bytes = Buffer.alloc(length)
  for (let at = 0; at < length; at += 1) bytes[at] = (at * 31 + (at >>> 8) * 7) & 255
  return bytes
}
