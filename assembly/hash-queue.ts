/**
 * Writes keyed hashes into the output, many at a time: known ones are fetched from memory together, the others are
 * computed in lanes. A queued text must stay where it is until `settleHashes`; the place of its digits may be moved.
 *
 * INVARIANT queue-order: the places of the queued digits ascend.
 */
import { cacheServes, countFound, findDigest, hashOf, initDigestCache, keepDigest, touchBucket, touchRecord } from './digest-cache'
import { computeDigests, digestOf, putMessage, setHashKey, writeDigits } from './hmac'
import { LANES } from './sha256'

/** Longest text that is hashed: it fits one block of SHA-256. */
export const MAX_HASHED: usize = 55

/** Maximum number of queued hashes. */
const CAPACITY: usize = 32

/** A hash to compute. */
// @ts-ignore: decorator
@unmanaged
export class QueuedHash {
  /** Where the digits go. */
  at: usize
  text: usize
  length: usize
  /** Whether the cache shall know the digest once it is computed, under this hash value of the text. */
  isKept: bool
  hash: u64
}

/** Bytes of a QueuedHash. */
export const HASH_BYTES: usize = 24

const QUEUE = memory.data(32 * 24, 16)
let queued: usize = 0

/** The hashes being computed, by lane. */
const COMPUTING = memory.data(8 * 4, 16)
let computing: usize = 0
/** Counts how often lanes were computed. */
export let computations: usize = 0

// @ts-ignore: decorator
@inline
function queuedHash(number: usize): QueuedHash {
  return hashAt(QUEUE, number)
}

// @ts-ignore: decorator
@inline
export function hashAt(hashes: usize, number: usize): QueuedHash {
  return changetype<QueuedHash>(hashes + number * HASH_BYTES)
}

/** Empties the queue and sets key and cache: see `setHashKey` and `initDigestCache`. */
export function initHashes(keyBlock: usize, cache: usize): void {
  setHashKey(keyBlock)
  initDigestCache(cache)
  queued = 0
}

/** Queues the 64 digits for the text `[from, to)`, 1 to 55 bytes, to be written at `at`. Reads 64 bytes of text. */
// @ts-ignore: decorator
@inline
export function queueHash(from: usize, to: usize, at: usize): void {
  const hash = queuedHash(queued++)
  hash.at = at
  hash.text = from
  hash.length = to - from
  if (queued == CAPACITY) settleFullLanes()
}

/** Discards the queued hashes whose digits go to `from` or after it. */
export function discardHashes(from: usize): void {
  while (queued > 0 && queuedHash(queued - 1).at >= from) queued--
}

/** Moves the places of the queued digits at `from` or after it by `bytes`, as the bytes around them were moved. */
export function moveHashes(from: usize, bytes: usize): void {
  for (let k = queued; k > 0 && queuedHash(k - 1).at >= from; k--) queuedHash(k - 1).at += bytes
}

/** Discards the queue. */
export function clearHashes(): void {
  queued = 0
}

/** Returns the queued hash whose digits go to `at`; null if there is none. */
export function queuedAt(at: usize): QueuedHash | null {
  for (let k = queued; k > 0; k--) if (queuedHash(k - 1).at == at) return queuedHash(k - 1)
  return null
}

/** Takes a hash out of the queue and puts it at `to`. */
export function unqueueHash(hash: QueuedHash, to: usize): void {
  const at = changetype<usize>(hash)
  memory.copy(to, at, HASH_BYTES)
  queued--
  memory.copy(at, at + HASH_BYTES, changetype<usize>(queuedHash(queued)) - at)
}

/** Writes all queued digits. */
export function settleHashes(): void {
  const count = queued
  queued = 0
  settleAll(QUEUE, count)
}

/** Writes the digits of the `count` hashes at `hashes`. */
export function settleAll(hashes: usize, count: usize): void {
  settle(hashes, count)
  if (computing > 0) writeComputed()
}

/** Writes the queued digits but those that would not fill all lanes; they stay in the queue. */
function settleFullLanes(): void {
  settle(QUEUE, queued)
  for (let k: usize = 0; k < computing; k++)
    memory.copy(QUEUE + k * HASH_BYTES, load<usize>(COMPUTING + k * sizeof<usize>()), HASH_BYTES)
  queued = computing
  computing = 0
}

/** Writes the digits that are known or whose lanes are full. The others are in the lanes then. */
function settle(hashes: usize, count: usize): void {
  if (count == 0) return
  if (cacheServes(count)) settleFromCache(hashes, count)
  else for (let k: usize = 0; k < count; k++) compute(hashAt(hashes, k), false)
}

/** Writes the digits of the digests that are in the cache and computes the others. */
function settleFromCache(hashes: usize, count: usize): void {
  for (let k: usize = 0; k < count; k++) {
    const hash = hashAt(hashes, k)
    hash.hash = hashOf(hash.text, hash.length)
    touchBucket(hash.hash)
  }
  for (let k: usize = 0; k < count; k++) touchRecord(hashAt(hashes, k).hash)
  let found: usize = 0
  for (let k: usize = 0; k < count; k++) {
    const hash = hashAt(hashes, k)
    const digest = findDigest(hash.hash, hash.text, hash.length)
    if (digest != 0) {
      writeDigits(digest, hash.at)
      found++
    } else compute(hash, true)
  }
  countFound(found)
}

/** Puts a hash into the next lane, and computes when all lanes are full. */
function compute(hash: QueuedHash, isKept: bool): void {
  hash.isKept = isKept
  putMessage(computing, hash.text, hash.length)
  store<usize>(COMPUTING + computing * sizeof<usize>(), changetype<usize>(hash))
  if (++computing == LANES) writeComputed()
}

/** Computes the digests of the filled lanes, writes their digits and keeps them in the cache. */
function writeComputed(): void {
  computeDigests()
  computations++
  for (let lane: usize = 0; lane < computing; lane++) {
    const hash = changetype<QueuedHash>(load<usize>(COMPUTING + lane * sizeof<usize>()))
    const digest = digestOf(lane)
    writeDigits(digest, hash.at)
    // The same text may be in several lanes.
    if (hash.isKept && findDigest(hash.hash, hash.text, hash.length) == 0)
      keepDigest(hash.hash, hash.text, hash.length, digest)
  }
  computing = 0
}
