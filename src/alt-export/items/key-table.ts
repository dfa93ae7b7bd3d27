/** A resource's key: 96 bits of a digest of its type and id. */
export const KEY_BYTES = 12

const KEY_WORDS = KEY_BYTES / 4
const SLOT_WORDS = KEY_WORDS + 1
const SHARDS = 64
const MIN_SLOTS = 16
// Growing in small steps keeps the table between 64 and 80 % full: 20 to 25 bytes a key.
const GROWTH = 1.25
const MAX_LOAD = 0.8

interface Shard {
  /** Three words of a key and one of its value in each slot; a value of 0 is a free slot. */
  words: Uint32Array
  count: number
}

/** A map from keys to small numbers from 1 on, in flat memory: 16 bytes a slot. Keys are never removed. */
export class KeyTable {
  readonly #shards: readonly Shard[] = Array.from({ length: SHARDS }, () => ({
    words: new Uint32Array(MIN_SLOTS * SLOT_WORDS),
    count: 0,
  }))

  get size(): number {
    return this.#shards.reduce((sum, { count }) => sum + count, 0)
  }

  get bytes(): number {
    return this.#shards.reduce((sum, { words }) => sum + words.byteLength, 0)
  }

  /** Returns 0 for a missing key. */
  get(key: Buffer): number {
    const { words } = this.#shardOf(key)
    return words[find(words, wordsOf(key)) + KEY_WORDS] ?? 0
  }

  set(key: Buffer, value: number): void {
    const shard = this.#shardOf(key)
    const entry = wordsOf(key)
    let at = find(shard.words, entry)
    if (shard.words[at + KEY_WORDS] === 0) {
      shard.count += 1
      if (shard.count * SLOT_WORDS > shard.words.length * MAX_LOAD) {
        shard.words = grown(shard.words)
        at = find(shard.words, entry)
      }
      shard.words.set(entry, at)
    }
    shard.words[at + KEY_WORDS] = value
  }

  #shardOf(key: Buffer): Shard {
    return this.#shards[(key[KEY_BYTES - 1] as number) % SHARDS] as Shard
  }
}

type KeyWords = readonly [number, number, number]

const wordsOf = (key: Buffer): KeyWords => [key.readUInt32LE(0), key.readUInt32LE(4), key.readUInt32LE(8)]

/** The slot of a key, or the free one where it belongs. */
function find(words: Uint32Array, [a, b, c]: KeyWords): number {
  const slots = words.length / SLOT_WORDS
  for (let slot = Math.floor((a / 2 ** 32) * slots); ; slot = slot + 1 === slots ? 0 : slot + 1) {
    const at = slot * SLOT_WORDS
    if (words[at + KEY_WORDS] === 0) return at
    if (words[at] === a && words[at + 1] === b && words[at + 2] === c) return at
  }
}

function grown(words: Uint32Array): Uint32Array {
  const slots = words.length / SLOT_WORDS
  const larger = new Uint32Array(Math.ceil(slots * GROWTH) * SLOT_WORDS)
  for (let at = 0; at < words.length; at += SLOT_WORDS)
    if (words[at + KEY_WORDS] !== 0) {
      const entry = words.subarray(at, at + SLOT_WORDS)
      larger.set(entry, find(larger, [entry[0] as number, entry[1] as number, entry[2] as number]))
    }
  return larger
}
