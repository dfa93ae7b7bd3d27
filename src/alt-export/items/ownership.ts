import { randomBytes } from 'node:crypto'
import { inParallel } from '../../pipeline/parallel-work.js'
import type { State } from '../../storage/store.js'
import { forgetKeys, type KeptKeys, readKeys } from './key-record.js'
import { KeyTable } from './key-table.js'

const RECORDS_AT_ONCE = 16

/** What became of a reading of an item. One that is `open`, `read` or `kept` owns what it wrote. */
type ReadingState = 'open' | 'read' | 'kept' | 'failed'

/**
 * Decides which item writes a resource that several bring: the first to meet it. INVARIANT one-owner: where an item
 * leaves a resource to another one, a run is complete only if that one was read to its end. After a kill its owner is
 * read again; if that no longer brings the resource, the item that left it is read again, too.
 */
export class Ownership {
  readonly #owners = new KeyTable()
  /** States of readings by number, from 1. An item that is read again gets another number. */
  readonly #readings: ReadingState[] = ['failed']
  /** The last reading of each item. */
  readonly #readingOf = new Map<string, number>()
  readonly #versions = new Map<string, string>()
  readonly #unread = new Set<string>()
  readonly #state: State
  #hasLost = false

  private constructor(state: State) {
    this.#state = state
  }

  /** Takes up what earlier runs of this job read to the end. Other items get a new version, so that nothing half-written of theirs is resumed. */
  static async open(state: State, job: string, items: readonly string[]): Promise<Ownership> {
    const ownership = new Ownership(state)
    await inParallel(items, RECORDS_AT_ONCE, async (item) => {
      const keys = await readKeys(state, item)
      if (keys?.version.startsWith(`${job}-`) === true) ownership.#keep(item, keys)
      else {
        ownership.#versions.set(item, `${job}-${randomBytes(8).toString('hex')}`)
        ownership.#unread.add(item)
      }
    })
    return ownership
  }

  #keep(item: string, keys: KeptKeys): void {
    const reading = this.#newReading(item, 'kept')
    this.#versions.set(item, keys.version)
    this.#hasLost = true
    keys.each((key, isWritten) => {
      if (isWritten) this.#owners.set(key, reading)
    })
  }

  versionOf(item: string): string {
    return this.#versions.get(item) ?? ''
  }

  /** Begins to read an item and returns the number of the reading. */
  begin(item: string): number {
    const before = this.#readingOf.get(item)
    if (before !== undefined) this.lose(before)
    this.#unread.add(item)
    return this.#newReading(item, 'open')
  }

  /** Takes a resource for a reading, unless another one has it: `own` if that is this reading itself. */
  take(key: Buffer, reading: number): 'taken' | 'own' | 'left' {
    const owner = this.#owners.get(key)
    if (owner === reading) return 'own'
    if (this.#readings[owner] !== 'failed') return 'left'
    this.#owners.set(key, reading)
    return 'taken'
  }

  /** A reading failed: others may take what it had. */
  lose(reading: number): void {
    this.#readings[reading] = 'failed'
    this.#hasLost = true
  }

  /** Makes the item one that a later run reads again. */
  async revoke(item: string): Promise<void> {
    await forgetKeys(this.#state, item)
  }

  /**
   * An item was read to its end. After the last one, everything that was left to another item must have an owner. Returns
   * false if not; the items that left it are then read again by a later run.
   */
  async finish(item: string, reading: number): Promise<boolean> {
    this.#unread.delete(item)
    if (this.#unread.size === 0 && this.#hasLost) {
      const debtors = await this.#debtors(reading)
      for (const debtor of debtors) await this.revoke(debtor)
      if (debtors.length > 0) return false
    }
    this.#readings[reading] = 'read'
    return true
  }

  /** Items that left something to a reading that is lost, and that nobody else brought. */
  async #debtors(last: number): Promise<readonly string[]> {
    const debtors: string[] = []
    for (const [item, reading] of this.#readingOf) {
      if (reading === last || this.#readings[reading] === 'failed') continue
      let isDebtor = false
      const keys = await readKeys(this.#state, item)
      keys?.each((key, isWritten) => {
        if (!isWritten && this.#readings[this.#owners.get(key)] === 'failed') isDebtor = true
      })
      if (isDebtor) debtors.push(item)
    }
    return debtors
  }

  #newReading(item: string, state: ReadingState): number {
    const reading = this.#readings.push(state) - 1
    this.#readingOf.set(item, reading)
    return reading
  }
}
