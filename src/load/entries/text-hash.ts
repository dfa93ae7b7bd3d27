import { randomBytes } from 'node:crypto'

const KEY = randomBytes(8)

/**
 * HalfSipHash-2-4 (Aumasson and Bernstein) of the UTF-16 units of texts, to 64 bits, with a key of this process: nobody
 * can choose texts that collide, and of two million texts two collide by chance once in ten million Bundles.
 */
export class TextHash {
  low = 0
  high = 0
  readonly #key0: number
  readonly #key1: number
  #v0 = 0
  #v1 = 0
  #v2 = 0
  #v3 = 0

  constructor(key = KEY) {
    this.#key0 = key.readInt32LE(0)
    this.#key1 = key.readInt32LE(4)
  }

  /** Sets `low` and `high`. */
  take(text: string): void {
    this.#v0 = this.#key0
    this.#v1 = this.#key1 ^ 0xee
    this.#v2 = 0x6c796765 ^ this.#key0
    this.#v3 = 0x74656462 ^ this.#key1
    const { length } = text
    let at = 0
    for (; at + 1 < length; at += 2) this.#add(text.charCodeAt(at) | (text.charCodeAt(at + 1) << 16))
    // The length tells texts apart whose last word is the same.
    this.#add((at < length ? text.charCodeAt(at) : 0) | (length << 16))
    this.#v2 ^= 0xee
    this.#rounds(4)
    this.low = (this.#v1 ^ this.#v3) >>> 0
    this.#v1 ^= 0xdd
    this.#rounds(4)
    this.high = (this.#v1 ^ this.#v3) >>> 0
  }

  #add(word: number): void {
    this.#v3 ^= word
    this.#rounds(2)
    this.#v0 ^= word
  }

  #rounds(count: number): void {
    let [v0, v1, v2, v3] = [this.#v0, this.#v1, this.#v2, this.#v3]
    for (let round = 0; round < count; round += 1) {
      v0 = (v0 + v1) | 0
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0
      v0 = (v0 << 16) | (v0 >>> 16)
      v2 = (v2 + v3) | 0
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2
      v0 = (v0 + v3) | 0
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0
      v2 = (v2 + v1) | 0
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2
      v2 = (v2 << 16) | (v2 >>> 16)
    }
    this.#v0 = v0
    this.#v1 = v1
    this.#v2 = v2
    this.#v3 = v3
  }
}
