import type { HashText } from './methods/crypto-hash.js'

const KEY_BYTES = 60
const HEX_BYTES = 64
const RECORD_BYTES = 128
const HEAD_BYTES = 4

/**
 * Keyed hashes by the bytes of the hashed text, found without making a string: key and digits stand side by side, one
 * place for each hash value, the newest wins. 2^16 records are 8 MiB. Only ASCII texts of at most 60 bytes fit.
 */
export class HashCache {
  static readonly maxKeyBytes = KEY_BYTES
  private readonly records: Uint8Array
  private readonly mask: number

  constructor(
    private readonly hashText: HashText,
    bits = 16,
  ) {
    this.records = new Uint8Array(RECORD_BYTES << bits)
    this.mask = (1 << bits) - 1
  }

  /** Writes the 64 hex digits for the ASCII text `source[from, to)` at `target[at]`; `hash` is any hash of its bytes. */
  write(source: Buffer, from: number, to: number, hash: number, target: Uint8Array, at: number): void {
    const { records } = this
    const length = to - from
    const record = ((Math.imul(hash, 0x9e3779b1) >>> 12) & this.mask) * RECORD_BYTES
    const key = record + HEAD_BYTES
    let same = records[record] === length
    for (let k = 0; same && k < length; k++) same = records[key + k] === source[from + k]
    const digits = key + KEY_BYTES
    if (!same) {
      const hex = this.hashText(source.toString('latin1', from, to))
      records[record] = length
      for (let k = 0; k < length; k++) records[key + k] = source[from + k]
      for (let k = 0; k < HEX_BYTES; k++) records[digits + k] = hex.charCodeAt(k)
    }
    for (let k = 0; k < HEX_BYTES; k++) target[at + k] = records[digits + k]
  }
}
