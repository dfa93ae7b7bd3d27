/**
 * A cache of hex digests by the bytes of their texts. A record of 128 bytes holds the text's length (1 byte), the text
 * (from byte 4) and the 64 digits (from byte 64); a record of zeros is empty. Each hash value has a record and its
 * neighbour. A new text takes an empty one; if both are full, they are taken in turn, so that two texts with the same
 * hash value do not evict each other. If hardly any look-up succeeds, the cache rests for a while, because a miss costs
 * as much as half a digest.
 */

const RECORD_BYTES: usize = 128
/** There are 2^17 records, which are 16 MiB. */
const RECORD_BITS: usize = 17
const TEXT_AT: usize = 4
const DIGITS_AT: usize = 64

/** An odd number of 64 bits whose multiples are well mixed (MurmurHash3). */
const MULTIPLIER: u64 = 0xff51afd7ed558ccd

/** Number of look-ups after which the hit rate is checked, and for how many such windows a poor cache then rests. */
const WINDOW: usize = 1 << 12
const WINDOWS_OFF: usize = 15

let cache: usize = 0
let turn: usize = 0
let lookups: usize = 0
let found: usize = 0
let resting: usize = 0
/** Result of the reads in `touchRecord`, kept so that they are not optimized away. */
let touched: usize = 0

/**
 * Gives the cache its memory: 16 MiB at `address`, a multiple of 256, that hold zeros or the records of the same
 * key.
 */
export function initDigestCache(address: usize): void {
  cache = address
  turn = lookups = found = resting = 0
}

/** Whether the cache is to be used for the next `count` texts. */
export function cacheServes(count: usize): bool {
  if (resting > 0) {
    resting = count < resting ? resting - count : 0
    return false
  }
  if (lookups >= WINDOW) {
    if (found < lookups / 8) resting = WINDOW * WINDOWS_OFF
    lookups = found = 0
  }
  lookups += count
  return true
}

/** Returns the address of the record in which the text `[text, text + length)` may be. Reads whole words of 8 bytes. */
export function homeOf(text: usize, length: usize): usize {
  let hash = <u64>length
  for (; length > 8; length -= 8, text += 8) hash = mix(hash ^ load<u64>(text))
  hash = mix(hash ^ (load<u64>(text) & (<u64>-1 >> (64 - 8 * length))))
  return cache + <usize>((hash * MULTIPLIER) >> (64 - RECORD_BITS)) * RECORD_BYTES
}

/** Multiplies, then folds: the product's upper half depends on all bits of the hash, its lower one on lower bits only. */
// @ts-ignore: decorator
@inline
function mix(hash: u64): u64 {
  hash *= MULTIPLIER
  return hash ^ (hash >> 32)
}

/**
 * Reads a byte of the text and of the digits of a record. Such reads of many records wait for memory together, whereas
 * `findDigits` branches on what memory returns.
 */
// @ts-ignore: decorator
@inline
export function touchRecord(record: usize): void {
  touched += <usize>load<u8>(record) + <usize>load<u8>(record, DIGITS_AT)
}

/** Returns the address of the digits of a text whose home is `record`, or 0 if they are not known. */
export function findDigits(record: usize, text: usize, length: usize): usize {
  if (!holds(record, text, length)) {
    record ^= RECORD_BYTES
    if (!holds(record, text, length)) return 0
  }
  found++
  return record + DIGITS_AT
}

/** Returns the record to use for a new text whose home is `record`. */
export function takeRecord(record: usize): usize {
  if (load<u8>(record) == 0) return record
  if (load<u8>(record ^ RECORD_BYTES) == 0) return record ^ RECORD_BYTES
  turn ^= RECORD_BYTES
  return record ^ turn
}

/** Writes the text `[text, text + length)` and its digits, which are at `digits`, into a record. Reads 64 bytes. */
export function keepDigits(record: usize, text: usize, length: usize, digits: usize): void {
  store<u8>(record, <u8>length)
  // The last bytes of this copy are overwritten by the digits.
  copy64(record + TEXT_AT, text)
  copy64(record + DIGITS_AT, digits)
}

/** Copies 64 bytes. */
// @ts-ignore: decorator
@inline
export function copy64(to: usize, from: usize): void {
  v128.store(to, v128.load(from))
  v128.store(to, v128.load(from, 16), 16)
  v128.store(to, v128.load(from, 32), 32)
  v128.store(to, v128.load(from, 48), 48)
}

/** Whether a record holds the text `[text, text + length)`. */
// @ts-ignore: decorator
@inline
function holds(record: usize, text: usize, length: usize): bool {
  if (<usize>load<u8>(record) != length) return false
  record += TEXT_AT
  for (; length > 16; length -= 16, text += 16, record += 16)
    if (i8x16.bitmask(i8x16.ne(v128.load(text), v128.load(record))) != 0) return false
  const different = i8x16.bitmask(i8x16.ne(v128.load(text), v128.load(record)))
  return (different & ((1 << <i32>length) - 1)) == 0
}
