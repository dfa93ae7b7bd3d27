import type { LatinBuffer } from '../fhir/json.js'
import { copyBytes } from './copy-bytes.js'
import type { Hmac } from './methods/hmac.js'
import { nextHash } from './walk-tables.js'

const KEY_BYTES = 60
const HEX_BYTES = 64
const RECORD_BYTES = 128
const HEAD_BYTES = 4
const DIGITS_AT = HEAD_BYTES + KEY_BYTES

/**
 * Keyed hashes by the bytes of the hashed text, found without making a string: key and digits stand side by side, one
 * place and its neighbour for each hash value, a new one takes either in turn. 2^17 records are 16 MiB. Only ASCII
 * texts of at most 60 bytes fit.
 */
export class HashCache {
  static readonly maxKeyBytes = KEY_BYTES
  private readonly records: LatinBuffer
  private readonly mask: number
  private turn = 0

  constructor(
    private readonly hmac: Hmac,
    bits = 17,
  ) {
    this.records = Buffer.alloc(RECORD_BYTES << bits) as LatinBuffer
    this.mask = (1 << bits) - 1
  }

  /** Writes the 64 hex digits for the ASCII text `source[from, to)` at `target[at]`; `hash` is `nextHash` over it. */
  write(source: LatinBuffer, from: number, to: number, hash: number, target: Uint8Array, at: number): void {
    const digits = this.find(source, from, to, hash)
    copyBytes(this.records, digits, digits + HEX_BYTES, target, at)
  }

  /** The digits as a string; undefined where the text does not fit. */
  text(source: LatinBuffer, from: number, to: number): string | undefined {
    if (to - from > KEY_BYTES || to === from) return undefined
    let hash = 0
    for (let p = from; p < to; p++) {
      const c = source[p]
      if (c < 0x21 || c > 0x7e || c === 0x5c) return undefined
      hash = nextHash(hash, c)
    }
    const digits = this.find(source, from, to, hash)
    return this.records.latin1Slice(digits, digits + HEX_BYTES)
  }

  /** Where the digits stand in `records`. */
  private find(source: LatinBuffer, from: number, to: number, hash: number): number {
    const { records } = this
    const length = to - from
    const home = (Math.imul(hash, 0x9e3779b1) >>> 12) & this.mask
    const record = home * RECORD_BYTES
    if (this.holds(record, source, from, length)) return record + DIGITS_AT
    const neighbour = (home ^ 1) * RECORD_BYTES
    if (this.holds(neighbour, source, from, length)) return neighbour + DIGITS_AT
    // Two places in turn, so that two texts of one hash do not chase each other out.
    this.turn ^= 1
    const taken = this.turn === 0 ? record : neighbour
    const digits = taken + DIGITS_AT
    const hex = this.hmac.hexOfBytes(source, from, to)
    records[taken] = length
    for (let k = 0; k < length; k++) records[taken + HEAD_BYTES + k] = source[from + k]
    for (let k = 0; k < HEX_BYTES; k++) records[digits + k] = hex.charCodeAt(k)
    return digits
  }

  private holds(record: number, source: Uint8Array, from: number, length: number): boolean {
    const { records } = this
    if (records[record] !== length) return false
    const key = record + HEAD_BYTES
    for (let k = 0; k < length; k++) if (records[key + k] !== source[from + k]) return false
    return true
  }
}
