/**
 * SHA-256's compression of one block (FIPS 180-4, 6.2.2) for four messages at once, one in each 32-bit lane of a
 * vector. Four together cost about as much as one.
 *
 * A word of all four lanes is a vector of 16 bytes, lane k in bytes 4k to 4k + 3, little-endian.
 */

/** Bytes of a word in all lanes. */
export const WORD_BYTES: usize = 16

/** The 64 words of the message schedule W. */
const SCHEDULE = memory.data(64 * 16, 16)

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
const INITIAL_STATE = memory.data<u32>([
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
])

/** Writes the initial hash value, 8 words in all lanes, at `state`. */
export function writeInitialState(state: usize): void {
  for (let k: usize = 0; k < 8; k++) v128.store(state + k * WORD_BYTES, v128.load32_splat(INITIAL_STATE + k * 4))
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

/** Returns T1, the first temporary word of round `first` + k. */
// @ts-ignore: decorator
@inline
function t1(first: usize, k: usize, e: v128, f: v128, g: v128, h: v128): v128 {
  const word = v128.load(SCHEDULE + (first + k) * WORD_BYTES)
  const constant = v128.load32_splat(ROUND_CONSTANTS + (first + k) * 4)
  const choice = v128.xor(v128.and(v128.xor(f, g), e), g)
  return i32x4.add(i32x4.add(i32x4.add(h, i32x4.add(word, constant)), choice), bigSigma1(e))
}

/** Returns T2, the second temporary word of a round. Its a ⊕ b is the next round's b ⊕ c and is computed once. */
// @ts-ignore: decorator
@inline
function t2(a: v128, b: v128, c: v128): v128 {
  const majority = v128.xor(v128.and(v128.xor(a, b), v128.xor(b, c)), b)
  return i32x4.add(bigSigma0(a), majority)
}

/** Computes word `number` (16 to 63) of the schedule from the 16 words before it. */
// @ts-ignore: decorator
@inline
function expand(number: usize): void {
  const at = SCHEDULE + (number - 16) * WORD_BYTES
  const older = i32x4.add(v128.load(at), smallSigma0(v128.load(at, 1 * 16)))
  const newer = i32x4.add(v128.load(at, 9 * 16), smallSigma1(v128.load(at, 14 * 16)))
  v128.store(at, i32x4.add(older, newer), 16 * 16)
}

/**
 * Compresses a block. The arguments are addresses: of the 8 words of the state, of the 16 words of the block, and of
 * where the 8 words of the new state go, which may be the first of them.
 */
export function compress(state: usize, block: usize, result: usize): void {
  memory.copy(SCHEDULE, block, 16 * WORD_BYTES)
  let a = v128.load(state, 0 * 16)
  let b = v128.load(state, 1 * 16)
  let c = v128.load(state, 2 * 16)
  let d = v128.load(state, 3 * 16)
  let e = v128.load(state, 4 * 16)
  let f = v128.load(state, 5 * 16)
  let g = v128.load(state, 6 * 16)
  let h = v128.load(state, 7 * 16)
  // Two rounds a turn, and their words just before them, so that the processor overlaps both. With more rounds written
  // out, V8 computes words and sums too early and spills them to the stack: eight are a tenth slower, all 64 a third.
  for (let round: usize = 0; round < 64; round += 2) {
    if (round >= 16) {
      expand(round)
      expand(round + 1)
    }
    h = t1(round, 0, e, f, g, h); d = i32x4.add(d, h); h = i32x4.add(h, t2(a, b, c))
    g = t1(round, 1, d, e, f, g); c = i32x4.add(c, g); g = i32x4.add(g, t2(h, a, b))
    const newA = g
    const newB = h
    h = f; g = e; f = d; e = c; d = b; c = a; b = newB; a = newA
  }
  v128.store(result, i32x4.add(a, v128.load(state, 0 * 16)), 0 * 16)
  v128.store(result, i32x4.add(b, v128.load(state, 1 * 16)), 1 * 16)
  v128.store(result, i32x4.add(c, v128.load(state, 2 * 16)), 2 * 16)
  v128.store(result, i32x4.add(d, v128.load(state, 3 * 16)), 3 * 16)
  v128.store(result, i32x4.add(e, v128.load(state, 4 * 16)), 4 * 16)
  v128.store(result, i32x4.add(f, v128.load(state, 5 * 16)), 5 * 16)
  v128.store(result, i32x4.add(g, v128.load(state, 6 * 16)), 6 * 16)
  v128.store(result, i32x4.add(h, v128.load(state, 7 * 16)), 7 * 16)
}
