/**
 * SHA-256's compression of one block (FIPS 180-4, 6.2.2) for eight messages at once, one in each 32-bit lane of two
 * vectors. A round waits for the one before it; two vectors that do not wait for each other keep the processor busy.
 *
 * A word of all lanes is 32 bytes, lane k in bytes 4k to 4k + 3, little-endian.
 */

/** Number of messages that are compressed at once. */
export const LANES: usize = 8
/** Bytes of a word in all lanes. */
export const WORD_BYTES: usize = 32
/** Bytes of a vector, which holds a word in half of the lanes. */
const HALF_BYTES: usize = 16

/** The 64 words of the message schedule W. The first 16 are the block. */
const SCHEDULE = memory.data(64 * 32, 16)

/** The state before the first round and after each, 64 bytes each: the words a and e. The others are older a and e. */
const STATES = memory.data(68 * 64, 16)
const STATE_BYTES: usize = 64
const E_AT: usize = 32

/** The constants K of the 64 rounds (FIPS 180-4, 4.2.2). */
const ROUND_CONSTANTS = memory.data<u32>([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
])

/** The words of the initial hash value (FIPS 180-4, 5.3.3). */
export const INITIAL_STATE = memory.data<u32>([
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
])

/** Returns the address of a word of the block to compress, which stays as it is until it is written again. */
// @ts-ignore: decorator
@inline
export function blockWord(number: usize): usize {
  return SCHEDULE + number * WORD_BYTES
}

// @ts-ignore: decorator
@inline
function rotateRight(x: v128, bits: i32): v128 {
  return v128.or(i32x4.shr_u(x, bits), i32x4.shl(x, 32 - bits))
}

// @ts-ignore: decorator
@inline
function xor3(x: v128, y: v128, z: v128): v128 {
  return v128.xor(v128.xor(x, y), z)
}

/** The functions σ0, σ1, Σ0 and Σ1 of FIPS 180-4, 4.1.2. */
// @ts-ignore: decorator
@inline
function smallSigma0(x: v128): v128 {
  return xor3(rotateRight(x, 7), rotateRight(x, 18), i32x4.shr_u(x, 3))
}

// @ts-ignore: decorator
@inline
function smallSigma1(x: v128): v128 {
  return xor3(rotateRight(x, 17), rotateRight(x, 19), i32x4.shr_u(x, 10))
}

// @ts-ignore: decorator
@inline
function bigSigma0(x: v128): v128 {
  return xor3(rotateRight(x, 2), rotateRight(x, 13), rotateRight(x, 22))
}

// @ts-ignore: decorator
@inline
function bigSigma1(x: v128): v128 {
  return xor3(rotateRight(x, 6), rotateRight(x, 11), rotateRight(x, 25))
}

/**
 * Computes the state after a round, in half of the lanes. `states` is the address of the state four rounds before: its
 * words a and e are d and h now, those of the next one c and g, and so on. All goes through memory, because V8 would
 * spill most of it anyway.
 */
// @ts-ignore: decorator
@inline
function computeRound(states: usize, word: usize, constant: usize): void {
  const e = v128.load(states, 3 * STATE_BYTES + E_AT)
  const g = v128.load(states, STATE_BYTES + E_AT)
  const choice = v128.xor(v128.and(v128.xor(v128.load(states, 2 * STATE_BYTES + E_AT), g), e), g)
  const sum = i32x4.add(v128.load(states, E_AT), i32x4.add(v128.load(word), v128.load32_splat(constant)))
  const t1 = i32x4.add(i32x4.add(sum, choice), bigSigma1(e))
  v128.store(states, i32x4.add(v128.load(states), t1), 4 * STATE_BYTES + E_AT)
  const a = v128.load(states, 3 * STATE_BYTES)
  const b = v128.load(states, 2 * STATE_BYTES)
  const majority = v128.xor(v128.and(v128.xor(a, b), v128.xor(b, v128.load(states, STATE_BYTES))), b)
  v128.store(states, i32x4.add(t1, i32x4.add(bigSigma0(a), majority)), 4 * STATE_BYTES)
}

/** Computes the word of the schedule that follows the 16 words at `at`, in half of the lanes. */
// @ts-ignore: decorator
@inline
function expand(at: usize): void {
  const older = i32x4.add(v128.load(at), smallSigma0(v128.load(at, 1 * WORD_BYTES)))
  const newer = i32x4.add(v128.load(at, 9 * WORD_BYTES), smallSigma1(v128.load(at, 14 * WORD_BYTES)))
  v128.store(at, i32x4.add(older, newer), 16 * WORD_BYTES)
}

/**
 * Compresses the block at `blockWord`. `state` is the address of the 8 words of the state, which is the same in all
 * lanes; the 8 words of all lanes of the new one go to `result`, which may be a part of the block.
 */
export function compress(state: usize, result: usize): void {
  for (let k: usize = 0; k < 4; k++) {
    const older = STATES + (3 - k) * STATE_BYTES
    writeWord(older, v128.load32_splat(state + k * 4))
    writeWord(older + E_AT, v128.load32_splat(state + k * 4, 16))
  }
  let constant = ROUND_CONSTANTS
  let states = STATES
  let word = SCHEDULE
  // Words are computed 16 rounds ahead, while the rounds wait.
  for (; word < SCHEDULE + 48 * WORD_BYTES; word += WORD_BYTES) {
    computeRound(states, word, constant)
    expand(word)
    computeRound(states + HALF_BYTES, word + HALF_BYTES, constant)
    expand(word + HALF_BYTES)
    states += STATE_BYTES
    constant += 4
  }
  for (; word < SCHEDULE + 64 * WORD_BYTES; word += WORD_BYTES) {
    computeRound(states, word, constant)
    computeRound(states + HALF_BYTES, word + HALF_BYTES, constant)
    states += STATE_BYTES
    constant += 4
  }
  for (let k: usize = 0; k < 4; k++) {
    const last = STATES + (67 - k) * STATE_BYTES
    addWord(last, v128.load32_splat(state + k * 4), result + k * WORD_BYTES)
    addWord(last + E_AT, v128.load32_splat(state + k * 4, 16), result + (k + 4) * WORD_BYTES)
  }
}

/** Writes a word that is the same in all lanes. */
// @ts-ignore: decorator
@inline
export function writeWord(at: usize, word: v128): void {
  v128.store(at, word)
  v128.store(at, word, HALF_BYTES)
}

/** Adds the same word in all lanes to the word at `at`, and writes the sum at `to`. */
// @ts-ignore: decorator
@inline
function addWord(at: usize, word: v128, to: usize): void {
  v128.store(to, i32x4.add(v128.load(at), word))
  v128.store(to, i32x4.add(v128.load(at, HALF_BYTES), word), HALF_BYTES)
}
