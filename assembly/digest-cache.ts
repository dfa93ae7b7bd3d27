/**
 * A cache of digests by the bytes of their texts. Records are written one after the other, so that texts which come
 * together lie together and share the pages and cache lines that a look-up waits for. A record holds the digest
 * (32 bytes), the text's length (1 byte) and the text, and begins at a multiple of 8.
 *
 * An index finds them: buckets of four slots of 32 bits, each 0 or the place of a record and, above it, a tag of the
 * text's hash value, so that other records need not be read. A full bucket gives up its slots in turn. When the room for
 * records is used up, the cache begins anew. If hardly any look-up succeeds, it rests for a while, because a miss costs
 * as much as half a digest.
 */

/** The index takes the first of the cache's 16 MiB. */
const BUCKET_BITS: usize = 16
const BUCKET_BYTES: usize = 16
const INDEX_BYTES: usize = BUCKET_BYTES << BUCKET_BITS
const CACHE_BYTES: usize = 16 << 20

/** A slot's lower bits: a record's distance from the cache's beginning, in steps of 8 bytes. The upper ones: its tag. */
const PLACE_BITS: i32 = 21
const PLACES: usize = (1 << PLACE_BITS) - 1
const TAG: usize = ~PLACES
const STEP: usize = 8

const LENGTH_AT: usize = 32
const TEXT_AT: usize = 33
/** What writing a record may touch: it copies 64 bytes of text. */
const RECORD_REACH: usize = TEXT_AT + 64

/** An odd number of 64 bits whose multiples are well mixed (MurmurHash3). */
const MULTIPLIER: u64 = 0xff51afd7ed558ccd

/** Number of look-ups after which the hit rate is checked, and for how many such windows a poor cache then rests. */
const WINDOW: usize = 1 << 12
const WINDOWS_OFF: usize = 15

let cache: usize = 0
/** Where the next record goes. */
let next: usize = 0
let turn: usize = 0
let lookups: usize = 0
let found: usize = 0
let resting: usize = 0
/** Result of the reads in `touchRecord`, kept so that they are not optimized away. */
let touched: usize = 0

/** Gives the cache its memory: 16 MiB at `address`, a multiple of 16, that hold zeros. */
export function initDigestCache(address: usize): void {
  cache = address
  next = address + INDEX_BYTES
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

/** Counts the texts that were found. */
export function countFound(count: usize): void {
  found += count
}

/** Returns the hash value of the text `[text, text + length)`. Reads whole words of 8 bytes. */
// @ts-ignore: decorator
@inline
export function hashOf(text: usize, length: usize): u64 {
  let hash = <u64>length
  for (; length > 8; length -= 8, text += 8) hash = mix(hash ^ load<u64>(text))
  return mix(hash ^ (load<u64>(text) & (<u64>-1 >> (64 - 8 * length)))) * MULTIPLIER
}

/** Multiplies, then folds: the product's upper half depends on all bits of the hash, its lower one on lower bits only. */
// @ts-ignore: decorator
@inline
function mix(hash: u64): u64 {
  hash *= MULTIPLIER
  return hash ^ (hash >> 32)
}

// @ts-ignore: decorator
@inline
function bucketOf(hash: u64): usize {
  return cache + (<usize>(hash >> (64 - BUCKET_BITS)) << 4)
}

/** Returns a tag in its bits of a slot. It is never 0, so that no text has the tag of an empty slot. */
// @ts-ignore: decorator
@inline
function tagOf(hash: u64): usize {
  return (<usize>(hash >> 16) & TAG) | (1 << PLACE_BITS)
}

/** Returns a bit for each slot of a bucket that has the hash value's tag. */
// @ts-ignore: decorator
@inline
function candidates(bucket: usize, hash: u64): i32 {
  const tags = v128.and(v128.load(bucket), i32x4.splat(<i32>TAG))
  return i32x4.bitmask(i32x4.eq(tags, i32x4.splat(<i32>tagOf(hash))))
}

/** Returns the record of a slot; the beginning of the cache, where there is none, for an empty one. */
// @ts-ignore: decorator
@inline
function recordOf(bucket: usize, slot: i32): usize {
  return cache + (load<usize>(bucket + (<usize>slot << 2)) & PLACES) * STEP
}

/** Reads the bucket of a hash value. Reads of many buckets wait for memory together. */
// @ts-ignore: decorator
@inline
export function touchBucket(hash: u64): void {
  touched += load<u8>(bucketOf(hash))
}

/** Reads both ends of the record that may be that of a text with this hash value. */
// @ts-ignore: decorator
@inline
export function touchRecord(hash: u64): void {
  const bucket = bucketOf(hash)
  const record = recordOf(bucket, ctz(candidates(bucket, hash) | 8))
  touched += <usize>load<u8>(record) + <usize>load<u8>(record, 64)
}

/** Returns the address of the digest of a text, or 0 if it is not known. */
export function findDigest(hash: u64, text: usize, length: usize): usize {
  const bucket = bucketOf(hash)
  for (let slots = candidates(bucket, hash); slots != 0; slots &= slots - 1) {
    const record = recordOf(bucket, ctz(slots))
    if (holds(record, text, length)) return record
  }
  return 0
}

/** Adds the record of a text that is not known. Reads 64 bytes of the text. */
export function keepDigest(hash: u64, text: usize, length: usize, digest: usize): void {
  if (next + RECORD_REACH > cache + CACHE_BYTES) {
    memory.fill(cache, 0, INDEX_BYTES)
    next = cache + INDEX_BYTES
  }
  const record = next
  v128.store(record, v128.load(digest))
  v128.store(record, v128.load(digest, 16), 16)
  store<u8>(record, <u8>length, LENGTH_AT)
  copy64(record + TEXT_AT, text)
  next = (record + TEXT_AT + length + STEP - 1) & ~(STEP - 1)
  const bucket = bucketOf(hash)
  const empty = i32x4.bitmask(i32x4.eq(v128.load(bucket), i32x4.splat(0)))
  const slot = empty != 0 ? <usize>ctz(empty) : turn++ & 3
  store<usize>(bucket + (slot << 2), tagOf(hash) | ((record - cache) / STEP))
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
  if (<usize>load<u8>(record, LENGTH_AT) != length) return false
  record += TEXT_AT
  for (; length > 16; length -= 16, text += 16, record += 16)
    if (i8x16.bitmask(i8x16.ne(v128.load(text), v128.load(record))) != 0) return false
  const different = i8x16.bitmask(i8x16.ne(v128.load(text), v128.load(record)))
  return (different & ((1 << <i32>length) - 1)) == 0
}
