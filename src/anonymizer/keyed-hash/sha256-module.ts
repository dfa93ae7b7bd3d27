import { present } from '../../invariant.js'
/**
 * A WebAssembly module that compresses one SHA-256 block (FIPS 180-4, 6.2.2) for four messages at once, one in each
 * 32-bit lane. Four together cost about as much as one; `bench/engine.ts` shows it with ids that are all different.
 *
 * In its memory each word is a vector of 16 bytes, lane k in bytes 4k to 4k + 3, little-endian.
 */
export interface Sha256Lanes {
  readonly memory: ArrayBuffer
  /**
   * Compresses a block. The arguments are addresses: of 8 state words, of 16 message words, and of the 8 words of the
   * new state.
   */
  compress(stateAt: number, wordsAt: number, resultAt: number): void
}

export const VECTOR_BYTES = 16

const V128 = 0x7b
const I32 = 0x7f
const LOCAL_GET = 0x20
const LOCAL_SET = 0x21
const LOCAL_TEE = 0x22
const I32_CONST = 0x41

/** Opcodes of vector instructions, encoded as the prefix 0xfd and the number in LEB128 (WebAssembly SIMD). */
const SIMD = {
  load: [0xfd, 0x00],
  store: [0xfd, 0x0b],
  constant: [0xfd, 0x0c],
  and: [0xfd, 0x4e],
  or: [0xfd, 0x50],
  xor: [0xfd, 0x51],
  shl: [0xfd, 0xab, 0x01],
  shr: [0xfd, 0xad, 0x01],
  add: [0xfd, 0xae, 0x01],
} as const

/** Indices of locals: the three addresses, 8 working variables, 16 message words, a temporary. */
const STATE = 3
const WORDS = STATE + 8
const TEMPORARY = WORDS + 16
const LOCALS = 8 + 16 + 1

const get = (local: number): number[] => [LOCAL_GET, local]
const set = (local: number): number[] => [LOCAL_SET, local]
const memory = (offset: number): number[] => [4, ...leb(offset)]

function leb(value: number): number[] {
  const bytes: number[] = []
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return [...bytes, rest]
    bytes.push((rest & 0x7f) | 0x80)
  }
}

const shifted = (local: number, by: number, operation: readonly number[]): number[] => [
  ...get(local),
  I32_CONST,
  by,
  ...operation,
]
const rotated = (local: number, by: number): number[] => [
  ...shifted(local, by, SIMD.shr),
  ...shifted(local, 32 - by, SIMD.shl),
  ...SIMD.or,
]
const xor3 = (a: number[], b: number[], c: number[]): number[] => [...a, ...b, ...SIMD.xor, ...c, ...SIMD.xor]

/** The upper and lower case sigmas of FIPS 180-4, 4.1.2. */
const bigSigma = (x: number, r: readonly [number, number, number]): number[] =>
  xor3(rotated(x, r[0]), rotated(x, r[1]), rotated(x, r[2]))
const smallSigma = (x: number, r: readonly [number, number, number]): number[] =>
  xor3(rotated(x, r[0]), rotated(x, r[1]), shifted(x, r[2], SIMD.shr))

function compressBody(): number[] {
  const code: number[] = []
  for (let k = 0; k < 16; k++)
    code.push(...get(1), ...SIMD.load, ...memory(k * VECTOR_BYTES), ...set(WORDS + k))
  for (let k = 0; k < 8; k++)
    code.push(...get(0), ...SIMD.load, ...memory(k * VECTOR_BYTES), ...set(STATE + k))
  for (let round = 0; round < 64; round++) code.push(...roundCode(round))
  for (let k = 0; k < 8; k++) {
    code.push(...get(2), ...get(0), ...SIMD.load, ...memory(k * VECTOR_BYTES), ...get(STATE + k), ...SIMD.add)
    code.push(...SIMD.store, ...memory(k * VECTOR_BYTES))
  }
  return code
}

function roundCode(round: number): number[] {
  // The variables a to h rotate by one local each round instead of being moved.
  const variable = (name: number): number => STATE + ((name - round) & 7)
  const [a, b, c, d] = [variable(0), variable(1), variable(2), variable(3)]
  const [e, f, g, h] = [variable(4), variable(5), variable(6), variable(7)]
  const word = WORDS + (round & 15)
  const code: number[] = []
  if (round >= 16) {
    const at = (back: number): number => WORDS + ((round - back) & 15)
    code.push(...get(word), ...smallSigma(at(15), [7, 18, 3]), ...SIMD.add, ...get(at(7)), ...SIMD.add)
    code.push(...smallSigma(at(2), [17, 19, 10]), ...SIMD.add, ...set(word))
  }
  const choice = [...get(f), ...get(g), ...SIMD.xor, ...get(e), ...SIMD.and, ...get(g), ...SIMD.xor]
  const majority = [
    ...get(a),
    ...get(b),
    ...SIMD.and,
    ...get(a),
    ...get(b),
    ...SIMD.xor,
    ...get(c),
    ...SIMD.and,
    ...SIMD.xor,
  ]
  code.push(
    ...get(h),
    ...bigSigma(e, [6, 11, 25]),
    ...SIMD.add,
    ...choice,
    ...SIMD.add,
    ...get(word),
    ...SIMD.add,
  )
  code.push(
    ...SIMD.constant,
    ...broadcast(present(ROUND_CONSTANTS[round], 'the constant of a round')),
    ...SIMD.add,
    LOCAL_TEE,
    TEMPORARY,
  )
  code.push(...get(d), ...SIMD.add, ...set(d))
  code.push(...get(TEMPORARY), ...bigSigma(a, [2, 13, 22]), ...SIMD.add, ...majority, ...SIMD.add, ...set(h))
  return code
}

const broadcast = (word: number): number[] =>
  Array.from({ length: VECTOR_BYTES }, (_, byte) => (word >>> ((byte & 3) * 8)) & 0xff)

/**
 * Returns the first 32 bits after the binary point of the square or cube roots of the first primes (FIPS 180-4, 4.2.2
 * and 5.3.3).
 */
function rootBits(count: number, root: 2 | 3): number[] {
  const bits: number[] = []
  for (let candidate = 2; bits.length < count; candidate++) {
    if (Array.from({ length: candidate - 2 }, (_, k) => k + 2).some((divisor) => candidate % divisor === 0))
      continue
    // The low word of the integer root of candidate · 2^(32·root) is the 32 bits after the point of the candidate's
    // root.
    const scaled = BigInt(candidate) << BigInt(32 * root)
    let low = 0n
    let high = 1n << 40n
    while (high - low > 1n) {
      const middle = (low + high) / 2n
      if (middle ** BigInt(root) <= scaled) low = middle
      else high = middle
    }
    bits.push(Number(low & 0xffffffffn))
  }
  return bits
}

const ROUND_CONSTANTS = rootBits(64, 3)

/** The 8 words of SHA-256's initial hash value. */
export const INITIAL_STATE: readonly number[] = rootBits(8, 2)

const section = (id: number, content: number[]): number[] => [id, ...leb(content.length), ...content]
const name = (text: string): number[] => [text.length, ...Buffer.from(text)]

/** The part of the WebAssembly interface that TypeScript's libraries for Node lack. */
interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: Record<string, unknown> }
}

let compiled: object | undefined

/** Makes a memory of one page with the function. The module is compiled once per thread. */
export function sha256Lanes(): Sha256Lanes {
  const { Module, Instance } = (globalThis as unknown as { WebAssembly: WebAssemblyApi }).WebAssembly
  compiled ??= new Module(moduleBytes())
  const { memory, compress } = new Instance(compiled).exports as {
    readonly memory: { readonly buffer: ArrayBuffer }
    readonly compress: Sha256Lanes['compress']
  }
  return { memory: memory.buffer, compress }
}

function moduleBytes(): Uint8Array {
  const body = [1, LOCALS, V128, ...compressBody(), 0x0b]
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 3, I32, I32, I32, 0]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0, 1]),
    ...section(7, [2, ...name('memory'), 2, 0, ...name('compress'), 0, 0]),
    ...section(10, [1, ...leb(body.length), ...body]),
  ])
}
