import { blockKey } from './hmac.js'
import { INITIAL_STATE, type Sha256Lanes, sha256Lanes, VECTOR_BYTES } from './sha256-module.js'

export const LANES = 4
const BLOCK_BYTES = 64
const BLOCK_WORDS = 16
const DIGEST_WORDS = 8

/** Addresses in the module's memory. */
const MESSAGES_AT = 0
const INNER_STATE_AT = 256
const OUTER_STATE_AT = 384
/** Address of the outer message: the inner digest and its constant padding. */
const OUTER_MESSAGES_AT = 512
const DIGESTS_AT = 768

/**
 * Computes HMAC-SHA256 (RFC 2104) of up to four short messages at once: `put` each into a lane, `run`, then
 * `writeHex`. A lane that was not filled again gives the digest of its previous message.
 *
 * INVARIANT loop-reads (`walk/scan.ts`): the loops of 64 bytes and 8 words stay within their tables.
 */
export class HmacLanes {
  /** Maximum bytes of a message: it must fit into one block with the padding's first byte and the length. */
  static readonly maxBytes = BLOCK_BYTES - 9
  readonly #sha256: Sha256Lanes
  readonly #bytes: Uint8Array
  readonly #words: Uint32Array
  readonly #lengths = new Int32Array(LANES)

  constructor(key: string) {
    this.#sha256 = sha256Lanes()
    this.#bytes = new Uint8Array(this.#sha256.memory)
    this.#words = new Uint32Array(this.#sha256.memory)
    const keyBytes = blockKey(key)
    this.#prepare(keyBytes, 0x36, INNER_STATE_AT)
    this.#prepare(keyBytes, 0x5c, OUTER_STATE_AT)
    this.#fill(MESSAGES_AT, new Array<number>(BLOCK_WORDS).fill(0))
    this.#fill(OUTER_MESSAGES_AT + DIGEST_WORDS * VECTOR_BYTES, OUTER_PADDING)
  }

  /** Puts `source[from, to)`, at most `maxBytes` bytes, into a lane. */
  put(lane: number, source: DataView, from: number, to: number): void {
    const bytes = this.#bytes
    const length = to - from
    const base = MESSAGES_AT + lane * 4
    for (let k = 0; k < length; k++) bytes[base + (PLACES[k] as number)] = source.getUint8(from + k)
    bytes[base + (PLACES[length] as number)] = 0x80
    const lastLength = this.#lengths[lane] as number
    for (let k = length + 1; k <= lastLength; k++) bytes[base + (PLACES[k] as number)] = 0
    this.#lengths[lane] = length
    this.#words[MESSAGES_AT / 4 + (BLOCK_WORDS - 1) * LANES + lane] = (BLOCK_BYTES + length) * 8
  }

  /** Computes the digests of all lanes. */
  run(): void {
    this.#sha256.compress(INNER_STATE_AT, MESSAGES_AT, OUTER_MESSAGES_AT)
    this.#sha256.compress(OUTER_STATE_AT, OUTER_MESSAGES_AT, DIGESTS_AT)
  }

  /** Writes a lane's digest as 64 lower-case hex digits. */
  writeHex(lane: number, target: Uint8Array, at: number): void {
    const words = this.#words
    for (let k = 0; k < DIGEST_WORDS; k++, at += 8) {
      const word = words[DIGESTS_AT / 4 + k * LANES + lane] as number
      target[at] = HEX[word >>> 28] as number
      target[at + 1] = HEX[(word >>> 24) & 15] as number
      target[at + 2] = HEX[(word >>> 20) & 15] as number
      target[at + 3] = HEX[(word >>> 16) & 15] as number
      target[at + 4] = HEX[(word >>> 12) & 15] as number
      target[at + 5] = HEX[(word >>> 8) & 15] as number
      target[at + 6] = HEX[(word >>> 4) & 15] as number
      target[at + 7] = HEX[word & 15] as number
    }
  }

  /** Computes the state after the padded key, in all lanes. Every message starts from it. */
  #prepare(keyBytes: Uint8Array, pad: number, stateAt: number): void {
    for (let lane = 0; lane < LANES; lane++)
      for (let k = 0; k < BLOCK_BYTES; k++)
        this.#bytes[MESSAGES_AT + lane * 4 + (PLACES[k] as number)] = (keyBytes[k] as number) ^ pad
    this.#fill(stateAt, INITIAL_STATE)
    this.#sha256.compress(stateAt, MESSAGES_AT, stateAt)
  }

  /** Writes words into all lanes. */
  #fill(at: number, words: readonly number[]): void {
    words.forEach((word, k) => {
      this.#words.fill(word, at / 4 + k * LANES, at / 4 + (k + 1) * LANES)
    })
  }
}

/** Offset of a lane's k-th message byte: words are big-endian in SHA-256 and little-endian in memory. */
const PLACES = Int32Array.from({ length: BLOCK_BYTES }, (_, k) => (k >> 2) * VECTOR_BYTES + 3 - (k & 3))

/** Padding after the inner digest: 0x80, zeros, and the length of key block and digest in bits. */
const OUTER_PADDING = [0x80000000, 0, 0, 0, 0, 0, 0, (BLOCK_BYTES + 32) * 8]

const HEX = Uint8Array.from(Buffer.from('0123456789abcdef'))
