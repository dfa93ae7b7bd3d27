import { copyBytes, hashBytes, sameBytes, viewOf } from '../copy-bytes.js'

const KEY_BYTES = 60
const HEX_BYTES = 64
const RECORD_BYTES = 128
const HEAD_BYTES = 4
const DIGITS_AT = HEAD_BYTES + KEY_BYTES

/** Look-ups between two looks at whether they pay, and how often it then goes without. */
const WINDOW = 1 << 12
const WINDOWS_OFF = 15

/**
 * Hex digests by the bytes they are of, found without making a string: key and digits stand side by side, one place
 * and its neighbour for each hash value, a new one takes either in turn. 2^17 records are 16 MiB. Where hardly any
 * look-up finds something, it rests for a while: a miss costs as much as half a digest.
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
  /** Keeps the reads of `fetch` from being left out. */
  protected fetched = 0

  constructor(bits = 17) {
    this.#records = Buffer.alloc(RECORD_BYTES << bits)
    this.#view = viewOf(this.#records)
    this.#mask = (1 << bits) - 1
  }

  /** Where the text `source[from, to)` may stand. */
  homeOf(source: DataView, from: number, to: number): number {
    return (hashBytes(source, from, to) & this.#mask) * RECORD_BYTES
  }

  /**
   * Reads a byte of each of the first `count` homes' key and digits: none of them waits for another, whereas `write`
   * takes a way that memory's answer decides.
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
   * Writes the digits for the text `source[from, to)` at `target[at]` and returns -1; or, where they are not known,
   * the place that `keep` may put them in, -2 for none. `record` is the text's home.
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
      // Two places in turn, so that two texts of one hash do not chase each other out.
      this.#turn ^= 1
      return this.#turn === 0 ? record : neighbour
    }
    this.#found++
    copyBytes(this.#view, holder + DIGITS_AT, holder + DIGITS_AT + HEX_BYTES, target, at)
    return -1
  }

  /** Remembers the digits at `digits[at]` for the text `source[from, to)`. */
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
