import { byteAt, QUOTE } from './bytes'
import { copy64 } from './digest-cache'
import { computations, hashAt, MAX_HASHED, queuedAt, QueuedHash, settleAll, settleHashes, unqueueHash } from './hash-queue'
import { lineAfter, sourceEnd } from './line'
import { idBytesEnd } from './references'
import { LANES } from './sha256'

/**
 * Hashes of the ids of the next lines' roots. Where dates shift by the root's id, its digits are needed in each line at
 * once, when hardly a lane is filled. So the ids of the next lines are hashed with it, if they stand where they usually do,
 * and written when the walk comes to them.
 */

/** `{"resourceType":` */
const RESOURCE_TYPE: usize = memory.data<u8>([
  0x7b, 0x22, 0x72, 0x65, 0x73, 0x6f, 0x75, 0x72, 0x63, 0x65, 0x54, 0x79, 0x70, 0x65, 0x22, 0x3a,
])
/** `","id":"`, as a word. */
const ID: u64 = 0x223a226469222c22
const ID_LENGTH: usize = 8

/** The hashes; the first is that of the root that needed it. */
const HASHES = memory.data(8 * 24, 16)
/** Their digits, but for the first. */
const DIGITS = memory.data(8 * 64, 16)
let count: usize = 0
const NONE: usize = usize.MAX_VALUE
/** Number and text of the next hash to be written; NONE if there is none. */
let next: usize = 0
let nextText: usize = NONE
/** Lines before this one were searched for ids. */
let searchedTo: usize = 0

/** Whether digests had to be computed the last time. */
let isComputing: bool = false

/** Begins with other lines. */
export function clearRootIds(): void {
  nextText = NONE
  searchedTo = 0
}

/** Writes the digits of the text `[from, to)` at `at` if they were computed ahead. */
// @ts-ignore: decorator
@inline
export function writeRootDigits(from: usize, to: usize, at: usize): bool {
  return from >= nextText && writeNext(from, to, at)
}

function writeNext(from: usize, to: usize, at: usize): bool {
  while (hashAt(HASHES, next).text < from) {
    if (++next == count) {
      nextText = NONE
      return false
    }
  }
  const hash = hashAt(HASHES, next)
  nextText = hash.text
  if (hash.text != from || hash.length != to - from) return false
  copy64(at, hash.at)
  return true
}

/** Sees to it that the digits of the root's id are written, which go to `at`. */
export function settleRootDigits(at: usize): void {
  const queued = isComputing ? queuedAt(at) : null
  if (isComputing && queued === null) return
  const before = computations
  if (queued === null) settleHashes()
  else settleWithNext(queued)
  isComputing = computations != before
}

/** Writes the digits of a root's id, and has those of the next lines ready. */
function settleWithNext(queued: QueuedHash): void {
  count = 1
  // Each line is searched once.
  if (queued.text >= searchedTo) searchNextLines(queued.text)
  if (count == 1) return settleHashes()
  unqueueHash(queued, HASHES)
  settleAll(HASHES, count)
  next = 1
  nextText = hashAt(HASHES, 1).text
}

/** Puts the ids of lines after the one at `p` after the first hash. */
function searchNextLines(p: usize): void {
  p = lineAfter(p)
  for (; count < LANES && p < sourceEnd; p = lineAfter(p)) {
    const id = idOfRoot(p)
    if (id == 0) continue
    const hash = hashAt(HASHES, count)
    hash.text = id
    hash.length = idBytesEnd(id) - id
    hash.at = DIGITS + count * 64
    count++
  }
  searchedTo = p
}

/** Returns the id of the resource at `p` if it follows the type and is plain; otherwise 0. */
function idOfRoot(p: usize): usize {
  if (i8x16.bitmask(i8x16.eq(v128.load(p), v128.load(RESOURCE_TYPE))) != 0xffff || byteAt(p + 16) != QUOTE) return 0
  const nameEnd = idBytesEnd(p + 17)
  if (load<u64>(nameEnd) != ID) return 0
  const id = nameEnd + ID_LENGTH
  const end = idBytesEnd(id)
  return byteAt(end) == QUOTE && end > id && end - id <= MAX_HASHED ? id : 0
}
