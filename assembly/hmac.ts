/**
 * HMAC-SHA256 (RFC 2104) of up to eight short messages at once: `putMessage` each into a lane, `computeDigests`, then
 * `writeDigits` of `digestOf` each. A lane that was not filled again gives the digest of its previous message.
 */
import { blockWord, compress, INITIAL_STATE, LANES, WORD_BYTES, writeWord } from './sha256'

const BLOCK_BYTES: usize = 64
const DIGEST_BYTES: usize = 32

/** The padded messages, a block for each lane. */
const MESSAGES = memory.data(8 * 64, 16)
/** The digests, one for each lane. */
const DIGESTS = memory.data(8 * 32, 16)
/** The same in words of all lanes. */
const DIGEST_WORDS = memory.data(8 * 32, 16)
/** The states after the padded key, from which every message starts. */
const INNER_STATE = memory.data(8 * 4, 16)
const OUTER_STATE = memory.data(8 * 4, 16)

/** Sets the key. `keyBlock` is the address of its block of 64 bytes; a longer key was hashed into it (RFC 2104). */
export function setHashKey(keyBlock: usize): void {
  startFrom(keyBlock, 0x36, INNER_STATE)
  startFrom(keyBlock, 0x5c, OUTER_STATE)
}

/** Computes the state after the key block, each byte of which is combined with `pad`. */
function startFrom(keyBlock: usize, pad: i8, state: usize): void {
  for (let lane: usize = 0; lane < LANES; lane++)
    for (let k: usize = 0; k < BLOCK_BYTES; k += 16)
      v128.store(MESSAGES + lane * BLOCK_BYTES + k, v128.xor(v128.load(keyBlock + k), i8x16.splat(pad)))
  writeMessageWords()
  compress(INITIAL_STATE, DIGEST_WORDS)
  for (let k: usize = 0; k < 8; k++) store<u32>(state + k * 4, load<u32>(DIGEST_WORDS + k * WORD_BYTES))
}

/** Puts the message `[text, text + length)`, at most 55 bytes, into a lane. Reads 64 bytes. */
export function putMessage(lane: usize, text: usize, length: usize): void {
  const message = MESSAGES + lane * BLOCK_BYTES
  const end = i8x16.splat(<i8>length)
  let places = i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
  for (let k: usize = 0; k < BLOCK_BYTES; k += 16) {
    const bytes = v128.and(v128.load(text + k), i8x16.lt_u(places, end))
    const terminator = v128.and(i8x16.eq(places, end), i8x16.splat(<i8>0x80))
    v128.store(message + k, v128.or(bytes, terminator))
    places = i8x16.add(places, i8x16.splat(16))
  }
  store<u32>(message, bswap(<u32>(BLOCK_BYTES + length) * 8), BLOCK_BYTES - 4)
}

/** Computes the digests of all lanes. */
export function computeDigests(): void {
  writeMessageWords()
  compress(INNER_STATE, blockWord(0))
  // After the inner digest: 0x80, zeros, and the length of key block and digest in bits.
  writeWord(blockWord(8), i32x4.splat(0x80000000))
  for (let k: usize = 9; k < 15; k++) writeWord(blockWord(k), i32x4.splat(0))
  writeWord(blockWord(15), i32x4.splat(<i32>(BLOCK_BYTES + DIGEST_BYTES) * 8))
  compress(OUTER_STATE, DIGEST_WORDS)
  for (let lane: usize = 0; lane < LANES; lane += 4) {
    const words = DIGEST_WORDS + lane * 4
    transpose(words, WORD_BYTES, digestOf(lane), DIGEST_BYTES)
    transpose(words + 4 * WORD_BYTES, WORD_BYTES, digestOf(lane) + 16, DIGEST_BYTES)
  }
}

/** Returns the address of a lane's digest. */
// @ts-ignore: decorator
@inline
export function digestOf(lane: usize): usize {
  return DIGESTS + lane * DIGEST_BYTES
}

/** Writes a digest as 64 lower-case hex digits at `at`. */
// @ts-ignore: decorator
@inline
export function writeDigits(digest: usize, at: usize): void {
  writeHex(v128.load(digest), at)
  writeHex(v128.load(digest, 16), at + 32)
}

/** Writes 16 bytes as 32 hex digits. */
// @ts-ignore: decorator
@inline
function writeHex(bytes: v128, at: usize): void {
  const digits = i8x16(48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 97, 98, 99, 100, 101, 102)
  const high = i8x16.shr_u(bytes, 4)
  const low = v128.and(bytes, i8x16.splat(15))
  const first = i8x16.shuffle(high, low, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
  const second = i8x16.shuffle(high, low, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
  v128.store(at, i8x16.swizzle(digits, first))
  v128.store(at, i8x16.swizzle(digits, second), 16)
}

/** Writes the messages as the words of the block to compress. */
function writeMessageWords(): void {
  for (let lane: usize = 0; lane < LANES; lane += 4)
    for (let k: usize = 0; k < 16; k += 4)
      transpose(MESSAGES + lane * BLOCK_BYTES + k * 4, BLOCK_BYTES, blockWord(k) + lane * 4, WORD_BYTES)
}

/**
 * Transposes a square of 4 × 4 words and reverses the bytes of each, because SHA-256's words are big-endian. Its rows
 * are `fromStride` bytes apart at `from`, its columns are written `toStride` bytes apart at `to`.
 */
function transpose(from: usize, fromStride: usize, to: usize, toStride: usize): void {
  const row0 = v128.load(from)
  const row1 = v128.load(from + fromStride)
  const row2 = v128.load(from + 2 * fromStride)
  const row3 = v128.load(from + 3 * fromStride)
  const low01 = i32x4.shuffle(row0, row1, 0, 4, 1, 5)
  const high01 = i32x4.shuffle(row0, row1, 2, 6, 3, 7)
  const low23 = i32x4.shuffle(row2, row3, 0, 4, 1, 5)
  const high23 = i32x4.shuffle(row2, row3, 2, 6, 3, 7)
  v128.store(to, reverseBytes(i64x2.shuffle(low01, low23, 0, 2)))
  v128.store(to + toStride, reverseBytes(i64x2.shuffle(low01, low23, 1, 3)))
  v128.store(to + 2 * toStride, reverseBytes(i64x2.shuffle(high01, high23, 0, 2)))
  v128.store(to + 3 * toStride, reverseBytes(i64x2.shuffle(high01, high23, 1, 3)))
}

/** Reverses the bytes of each word. */
// @ts-ignore: decorator
@inline
function reverseBytes(words: v128): v128 {
  return i8x16.shuffle(words, words, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12)
}
