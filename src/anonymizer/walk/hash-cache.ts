import { copyBytes, hashBytes, sameBytes, viewOf } from '../copy-bytes.js'

const KEY_BYTES = 60
const HEX_BYTES = 64
const RECORD_BYTES = 128
const HEAD_BYTES = 4
const DIGITS_AT = HEAD_BYTES + KEY_BYTES

/** Number of look-ups after which the hit rate is checked, and for how many such windows a poor cache then rests. */
const WINDOW = 1 << 12
const WINDOWS_OFF = 15

/**
 * A cache of hex digests by the bytes of their texts, which are found without making a string. A record holds key and
 * digits; each hash value has a slot and its neighbour, and new records use them in turn. 2^17 records are 16 MiB. If
 * hardly any look-up succeeds, the cache rests for a while, because a miss costs as much as half a digest.
 */
export class HashCache {
  static readonly maxKeyBytes = KEY_BYTES
  readonly #records: Buffer
  readonly #view: DataView
  readonly #mask: number
  #turn = 0
  #lookups = 0
  #found = 0
  #resting = 0
  /** Result of the reads in `fetch`, kept so that they are not optimized away. */
  protected fetched = 0

  constructor(bits = 17) {
    this.#records = Buffer.alloc(RECORD_BYTES << bits)
    this.#view = viewOf(this.#records)
    this.#mask = (1 << bits) - 1
  }

  /** Returns the slot in which the text `source[from, to)` may be. */
  homeOf(source: DataView, from: number, to: number): number {
    return (hashBytes(source, from, to) & this.#mask) * RECORD_BYTES
  }

  /**
   * Reads a byte of the key and of the digits in each of the first `count` homes. None of these reads waits for
   * another, whereas `write` branches on what memory returns.
   */
  fetch(homes: Int32Array, count: number): void {
    if (this.#resting > 0) return
    const records = this.#records
    let sum = 0
    for (let n = 0; n < count; n++) {
      // INVARIANT loop-reads (`scan.ts`).
      const home = homes[n] as number
      sum += (records[home] as number) + (records[home + DIGITS_AT] as number)
    }
    this.fetched = sum
  }

  /**
   * Writes the digits for the text `source[from, to)` at `target[at]` and returns -1. If they are not known, returns
   * the slot in which `keep` may store them, or -2 for none. `record` is the text's home.
   */
  write(source: DataView, from: number, to: number, record: number, target: DataView, at: number): number {
    if (this.#resting > 0) {
      this.#resting--
      return -2
    }
    if (++this.#lookups === WINDOW) this.#look()
    const length = to - from
    const neighbour = record ^ RECORD_BYTES
    const holder = this.#holds(record, source, from, length)
      ? record
      : this.#holds(neighbour, source, from, length)
        ? neighbour
        : -1
    if (holder < 0) {
      // Two slots alternate, so that two texts with the same hash do not evict each other.
      this.#turn ^= 1
      return this.#turn === 0 ? record : neighbour
    }
    this.#found++
    copyBytes(this.#view, holder + DIGITS_AT, holder + DIGITS_AT + HEX_BYTES, target, at)
    return -1
  }

  /** Stores the digits at `digits[at]` for the text `source[from, to)`. */
  keep(place: number, source: DataView, from: number, to: number, digits: DataView, at: number): void {
    const records = this.#records
    records[place] = to - from
    copyBytes(source, from, to, this.#view, place + HEAD_BYTES)
    copyBytes(digits, at, at + HEX_BYTES, this.#view, place + DIGITS_AT)
  }

  #look(): void {
    if (this.#found < WINDOW / 8) this.#resting = WINDOW * WINDOWS_OFF
    this.#lookups = 0
    this.#found = 0
  }

  #holds(record: number, source: DataView, from: number, length: number): boolean {
    const records = this.#records
    if (records[record] !== length) return false
    return sameBytes(source, from, from + length, this.#view, record + HEAD_BYTES)
  }
}
