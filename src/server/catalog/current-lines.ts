import { present } from '../../invariant.js'
import { byteAt } from '../../json/byte.js'
import { turns } from '../turns.js'
import { type ItemIndex, isDeletionName } from './item-index.js'
import { type VersionRecord, versionsOf } from './line-records.js'

/** The lines of a store that hold the newest version of their resource. */
export interface CurrentLines {
  isCurrent(index: ItemIndex, line: number): boolean
  /** Whether all lines of the item are current. */
  isAllCurrent(index: ItemIndex): boolean
  /** Keys of the resources whose newest version is a deletion. */
  readonly deleted: ReadonlySet<bigint>
}

/** Maximum number of resources compared in one pass. A larger store takes several passes, to bound memory. */
const PER_PASS = 2_000_000

/**
 * A store that grew run by run holds several versions of a resource. The newest is the one with the higher
 * `meta.versionId`, or the later `meta.lastUpdated`. If those do not decide, it is the one in the later file by name,
 * because runs lie in dated folders. Indistinguishable lines of one file are all current. A resource that was deleted
 * after its last version has no current line.
 */
export async function currentLines(
  folder: string,
  { items }: { readonly items: readonly ItemIndex[] },
  { signal, perPass = PER_PASS }: { readonly signal?: AbortSignal; readonly perPass?: number } = {},
): Promise<CurrentLines> {
  const inOrder = [...items].sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1))
  const count = items.reduce((sum, { types }) => sum + types.reduce((own, type) => own + type.count, 0), 0)
  const passes = Math.max(1, Math.ceil(count / perPass))
  const old = new Map<ItemIndex, Set<number> | Uint8Array>()
  const deleted = new Set<bigint>()
  const turn = turns(signal)
  for (let pass = 0; pass < passes; pass++) {
    const newest = new NewestVersions(Math.ceil(count / passes), (item, line) =>
      mark(old, present(inOrder[item], 'the item of a version'), line),
    )
    for (const [item, index] of inOrder.entries())
      for await (const _ of versionsOf(folder, index, (record) => {
        if (passes === 1 || (record.low >>> 1) % passes === pass) newest.add(item, record)
      }))
        await turn()
    newest.deletions((key) => deleted.add(key))
  }
  return {
    isCurrent: (index, line) => !isMarked(old, index, line),
    isAllCurrent: (index) => !old.has(index),
    deleted,
  }
}

/** Orders files from old to new. Deletions come after the other files of their run. */
function placeOf({ item: { name } }: ItemIndex): string {
  const at = isDeletionName(name) ? name.lastIndexOf('deleted/') : -1
  return at < 0 ? name : `${name.slice(0, at)}\u{10ffff}${name.slice(at)}`
}

type Marks = Map<ItemIndex, Set<number> | Uint8Array>

/** A set of line numbers: a few are kept in a list, many as bits. */
const MAX_SINGLE = 1000

function mark(marks: Marks, index: ItemIndex, line: number): void {
  const known = marks.get(index) ?? new Set<number>()
  if (known instanceof Uint8Array) {
    setBit(known, line)
    return
  }
  known.add(line)
  marks.set(index, known)
  if (known.size <= MAX_SINGLE) return
  const count = index.types.reduce((sum, type) => sum + type.count, 0)
  const bits = new Uint8Array((count >> 3) + 1)
  for (const each of known) setBit(bits, each)
  marks.set(index, bits)
}

function setBit(bits: Uint8Array, at: number): void {
  bits[at >> 3] = byteAt(bits, at >> 3) | (1 << (at & 7))
}

function isMarked(marks: Marks, index: ItemIndex, line: number): boolean {
  const known = marks.get(index)
  if (known === undefined) return false
  return known instanceof Uint8Array ? (byteAt(known, line >> 3) & (1 << (line & 7))) !== 0 : known.has(line)
}

const DELETION = 0xffffffff

/** The newest version of each resource, in typed arrays; objects would take five times the memory. */
class NewestVersions {
  #mask: number
  #size = 0
  readonly #ties = new Map<bigint, number[]>()
  #high: Uint32Array
  #low: Uint32Array
  #item: Uint32Array
  #line: Uint32Array
  #updated: Float64Array
  #version: Float64Array

  readonly #onOld: (item: number, line: number) => void

  constructor(expected: number, onOld: (item: number, line: number) => void) {
    this.#onOld = onOld
    const capacity = capacityFor(expected)
    this.#mask = capacity - 1
    this.#high = new Uint32Array(capacity)
    this.#low = new Uint32Array(capacity)
    this.#item = new Uint32Array(capacity)
    this.#line = new Uint32Array(capacity)
    this.#updated = new Float64Array(capacity)
    this.#version = new Float64Array(capacity)
  }

  /** Adds a version; versions must arrive in file order. */
  add(item: number, record: VersionRecord): void {
    if (this.#size * 2 > this.#mask) this.#grow()
    const at = this.#slot(record.high, record.low)
    if (this.#isFree(at)) this.#size += 1
    else {
      const order = this.#compare(record, at)
      const isSameItem = this.#item[at] === item && this.#line[at] !== DELETION && !record.isDeletion
      if (order === 0 && isSameItem) {
        this.#equals(at).push(record.line)
        return
      }
      if (order < 0) {
        if (!record.isDeletion) this.#onOld(item, record.line)
        return
      }
      this.#replace(at)
    }
    this.#high[at] = record.high
    this.#low[at] = record.low
    this.#item[at] = item
    this.#line[at] = record.isDeletion ? DELETION : record.line
    this.#updated[at] = record.lastUpdatedMs
    this.#version[at] = record.version
  }

  deletions(onDeletion: (key: bigint) => void): void {
    for (let at = 0; at <= this.#mask; at++)
      if (!this.#isFree(at) && this.#line[at] === DELETION) onDeletion(this.#keyAt(at))
  }

  /** Returns a value above 0 if the record is newer than the one in this slot, 0 if only their positions differ. */
  #compare({ version, lastUpdatedMs, isDeletion }: VersionRecord, at: number): number {
    // The version in a Bundle's meta is that of the Bundle.
    const isOfVersions = !isDeletion && this.#line[at] !== DELETION
    return (
      (isOfVersions && version - (this.#version[at] ?? 0)) || lastUpdatedMs - (this.#updated[at] ?? 0) || 0
    )
  }

  #replace(at: number): void {
    const { item, line } = this.#placeAt(at)
    if (line === DELETION) return
    this.#onOld(item, line)
    const key = this.#keyAt(at)
    for (const tie of this.#ties.get(key) ?? []) this.#onOld(item, tie)
    this.#ties.delete(key)
  }

  /** Further lines of the same item that are equally new; all of them are current. */
  #equals(at: number): number[] {
    const key = this.#keyAt(at)
    const known = this.#ties.get(key) ?? []
    this.#ties.set(key, known)
    return known
  }

  #keyAt(at: number): bigint {
    const { high, low } = this.#halvesAt(at)
    return (BigInt(high) << 32n) | BigInt(low)
  }

  #halvesAt(at: number): { readonly high: number; readonly low: number } {
    return { high: this.#high[at] ?? 0, low: this.#low[at] ?? 0 }
  }

  #placeAt(at: number): { readonly item: number; readonly line: number } {
    return { item: this.#item[at] ?? 0, line: this.#line[at] ?? 0 }
  }

  // Keys are never 0: their lowest bit is set.
  #isFree(at: number): boolean {
    return this.#low[at] === 0 && this.#high[at] === 0
  }

  #slot(high: number, low: number): number {
    let at = (high ^ (low >>> 1)) & this.#mask
    while (!this.#isFree(at) && (this.#low[at] !== low || this.#high[at] !== high)) at = (at + 1) & this.#mask
    return at
  }

  #grow(): void {
    const larger = new NewestVersions(this.#mask + 1, this.#onOld)
    for (let at = 0; at <= this.#mask; at++) {
      if (this.#isFree(at)) continue
      const { high, low } = this.#halvesAt(at)
      const { item, line } = this.#placeAt(at)
      const to = larger.#slot(high, low)
      larger.#high[to] = high
      larger.#low[to] = low
      larger.#item[to] = item
      larger.#line[to] = line
      larger.#updated[to] = this.#updated[at] ?? 0
      larger.#version[to] = this.#version[at] ?? 0
    }
    this.#mask = larger.#mask
    this.#high = larger.#high
    this.#low = larger.#low
    this.#item = larger.#item
    this.#line = larger.#line
    this.#updated = larger.#updated
    this.#version = larger.#version
  }
}

/** Table size that keeps it at most half full. */
const capacityFor = (expected: number): number => 2 ** Math.ceil(Math.log2(Math.max(16, expected * 2 + 2)))
