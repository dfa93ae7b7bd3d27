import { RANK_COUNT, rankOfType } from './type-ranks.js'
import type { LoadUnit } from './unit.js'

/** `types`: what others refer to is loaded before them. */
export type LoadOrder = 'input' | 'types'

// What a server refuses because something that is referred to is missing.
const MAY_PASS_LATER: ReadonlySet<number> = new Set([400, 404, 409, 412, 422])

/** After all types, for what no round of its own rank could load: types refer to each other in circles. */
const LEFT_OVER = RANK_COUNT

/**
 * How often the items are read, and what of them is loaded each time. What must wait is not kept in memory: its items
 * are read again. A rank ends once a round of it loads nothing. What is left of it goes with what is left of all others,
 * and where no rank follows, a last round settles it.
 */
export class Passes {
  readonly #order: LoadOrder
  /** Ranks that are still to be loaded of each item, as bits; undefined in the first pass, which reads all items. */
  #waiting: Map<string, number> | undefined
  #next = new Map<string, number>()
  #rank = 0
  #isLast = false
  #holdsAny = false
  #loadedCount = 0

  constructor(order: LoadOrder) {
    this.#order = order
  }

  get isFirst(): boolean {
    return this.#waiting === undefined
  }

  /** Whether the current pass reads an item. */
  reads(name: string): boolean {
    return this.#waiting === undefined || ((this.#waiting.get(name) ?? 0) & (1 << this.#rank)) !== 0
  }

  /** Whether the current pass loads a unit; otherwise a later one does. */
  takes(name: string, unit: LoadUnit): boolean {
    const rank = this.#order === 'input' ? 0 : rankOf(unit)
    // A type whose rank is over has entries in an item that an earlier run read in part.
    if (rank <= this.#rank) return true
    this.#wait(name, rank)
    return false
  }

  /** Has a later round try an entry again. Returns false in the last one, which settles it. */
  holds(name: string): boolean {
    if (this.#isLast) return false
    this.#wait(name, this.#rank)
    this.#holdsAny = true
    return true
  }

  /** The same for an entry that the server refused, if that may pass. */
  holdsRefused(name: string, status: number): boolean {
    return this.#order === 'types' && MAY_PASS_LATER.has(status) && this.holds(name)
  }

  loaded(count: number): void {
    this.#loadedCount += count
  }

  /** Advances to the next pass. Returns false if there is none. */
  advance(): boolean {
    const waiting = this.#merged()
    const laterRanks = [...waiting.values()].reduce((ranks, each) => ranks | each, 0) >>> (this.#rank + 1)
    const isStuck = this.#holdsAny && this.#loadedCount === 0
    const isRepeated = this.#holdsAny && (!isStuck || laterRanks === 0)
    this.#isLast = isRepeated && isStuck
    if (!isRepeated) {
      if (laterRanks === 0) return false
      if (isStuck) this.#leaveOver(waiting)
      this.#rank += 1 + Math.log2(laterRanks & -laterRanks)
    }
    this.#waiting = waiting
    this.#next = new Map()
    this.#holdsAny = false
    this.#loadedCount = 0
    return true
  }

  /** What the current rank still holds may refer to what later ranks load. */
  #leaveOver(waiting: Map<string, number>): void {
    const current = 1 << this.#rank
    for (const [name, ranks] of waiting)
      if ((ranks & current) !== 0) waiting.set(name, (ranks & ~current) | (1 << LEFT_OVER))
  }

  /** What waited before and was not read in this pass waits on. */
  #merged(): Map<string, number> {
    const merged = new Map(this.#next)
    const later = ~0 << (this.#rank + 1)
    for (const [name, ranks] of this.#waiting ?? []) {
      const left = (merged.get(name) ?? 0) | (ranks & later)
      if (left !== 0) merged.set(name, left)
    }
    return merged
  }

  #wait(name: string, rank: number): void {
    this.#next.set(name, (this.#next.get(name) ?? 0) | (1 << rank))
  }
}

function rankOf(unit: LoadUnit): number {
  switch (unit.kind) {
    case 'rejected':
      return 0
    case 'entry':
      return rankOfType(unit.entry.type)
    case 'transaction':
      return unit.entries.reduce((highest, { type }) => Math.max(highest, rankOfType(type)), 0)
  }
}
