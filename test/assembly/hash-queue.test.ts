// Holds assembly/hash-queue.ts, assembly/digest-cache.ts, assembly/hmac.ts, assembly/sha256.ts.
import { createHmac } from 'node:crypto'
import t from 'tap'
import { blockKey } from '../../src/anonymizer/keyed-hash/hmac.js'
import { assemblyModule } from '../support/assembly-module.js'
import { elementAt } from '../support/elements.js'
import { type Random, seededRandom } from '../support/random.js'

const ENTRY = `
export { hashOf } from './assembly/digest-cache'
export {
  clearHashes, discardHashes, initHashes, moveHashes, queueHash, settleHashes
} from './assembly/hash-queue'
`

interface HashQueue {
  initHashes(keyBlock: number, cache: number): void
  queueHash(from: number, to: number, at: number): void
  settleHashes(): void
  clearHashes(): void
  discardHashes(from: number): void
  moveHashes(from: number, bytes: number): void
  hashOf(text: number, length: number): bigint
}

const MAX_BYTES = 55
const CAPACITY = 32
const DIGITS = 64
/** What a read of a text may take in. */
const READ = 64

// The memory, after the module's own data in the first page.
const PAGE = 1 << 16
const KEY_AT = PAGE
const SOURCE_AT = 2 * PAGE
const OUTPUT_AT = 3 * PAGE
const CACHE_AT = 4 * PAGE
const CACHE_BYTES = 2 ** 24
/** The cache begins with its index: buckets, each of so many slots. The records follow. */
const BUCKETS = 1 << 16
const SLOTS = 4
const RECORDS_AT = BUCKETS * SLOTS * 4
/** Where a record has the text's length and the text, after the digest. */
const LENGTH = 32
const TEXT = 33

const { exports: queue, memory } = await assemblyModule<HashQueue>(ENTRY, 4 + CACHE_BYTES / PAGE)
const source = memory.subarray(SOURCE_AT, SOURCE_AT + PAGE)
const output = memory.subarray(OUTPUT_AT, OUTPUT_AT + PAGE)
const cache = memory.subarray(CACHE_AT, CACHE_AT + CACHE_BYTES)

const KEY = 'hash: walnut, tundra, 9 lamps'
const hmac = (text: string, key = KEY): string => createHmac('sha256', key).update(text).digest('hex')

/** Begins with an empty cache. */
function begin(key = KEY): void {
  blockKey(key).copy(memory, KEY_AT)
  cache.fill(0)
  queue.initHashes(KEY_AT, CACHE_AT)
}

/** Queues a text that lies at `from` of the source. */
function queueText(text: string, from: number, at: number): void {
  source.write(text, from, 'latin1')
  queue.queueHash(SOURCE_AT + from, SOURCE_AT + from + text.length, OUTPUT_AT + at)
}

/** What the queue writes for texts, `batch` of which wait at once. */
function hashed(texts: readonly string[], batch = CAPACITY - 1): string[] {
  const digits: string[] = []
  for (let first = 0; first < texts.length; first += batch) {
    const queued = texts.slice(first, first + batch)
    queued.forEach((text, k) => {
      queueText(text, k * READ, k * DIGITS)
    })
    queue.settleHashes()
    digits.push(...queued.map((_, k) => output.toString('latin1', k * DIGITS, (k + 1) * DIGITS)))
  }
  return digits
}

const hashOf = (text: string): bigint => {
  source.write(text, 0, 'latin1')
  return BigInt.asUintN(64, queue.hashOf(SOURCE_AT, text.length))
}

/** Number of the bucket for a text. */
const bucketOf = (text: string): number => Number(hashOf(text) >> 48n)

const plainText = (random: Random, length: number): string =>
  Array.from({ length }, () => String.fromCharCode(random.between(0x20, 0x7e))).join('')

t.test('digits are those of node:crypto, for every length and for keys of all lengths', async (t) => {
  const random = seededRandom('hash lengths')
  const keys = ['k', 'ключ', ...[32, 63, 64, 65, 200].map((length) => plainText(random, length))]
  for (const key of keys) {
    begin(key)
    const texts = Array.from({ length: MAX_BYTES }, (_, k) => plainText(random, k + 1))
    const expected = texts.map((text) => hmac(text, key))
    const message = `a key of ${key.length} characters; SLUICE_SEED=${random.seed} repeats it`
    for (const batch of [1, 7, 8, 9, CAPACITY - 1]) t.strictSame(hashed(texts, batch), expected, message)
    t.strictSame(hashed(random.shuffled(texts)).sort(), expected.sort(), message)
  }
})

t.test('a text may end where memory ends but for the 64 bytes that a read takes in', async (t) => {
  begin()
  const from = memory.length - READ
  for (const length of [1, MAX_BYTES]) {
    const text = 'z'.repeat(length)
    // Twice: computed, then known.
    for (let turn = 0; turn < 2; turn++) {
      memory.write(text, from, 'latin1')
      queue.queueHash(from, from + length, OUTPUT_AT)
      queue.settleHashes()
      t.equal(output.toString('latin1', 0, DIGITS), hmac(text))
    }
  }
})

/** Texts of which many are equal, some share a bucket, and some share a beginning. */
function textPool(random: Random): string[] {
  const byBucket = new Map<number, string[]>()
  for (let k = 0; k < 40_000; k++) {
    const text = `id-${k}`
    const bucket = bucketOf(text)
    byBucket.set(bucket, [...(byBucket.get(bucket) ?? []), text])
  }
  const colliding = [...byBucket.values()].filter((texts) => texts.length > SLOTS).slice(0, 20)
  const similar = Array.from({ length: MAX_BYTES }, (_, k) => 'x'.repeat(k + 1))
  const different = Array.from({ length: 300 }, () => plainText(random, random.between(1, MAX_BYTES)))
  return [...colliding.flat(), ...similar, ...different]
}

interface Queued {
  readonly text: string
  readonly at: number
}

/** What has to become of the output: queued digits appear when they are settled, all other bytes stay. */
class Model {
  readonly bytes = Buffer.alloc(PAGE)
  /** Their digits must not be there yet. */
  queued: readonly Queued[] = []
  /** Their digits may be there: the queue was full, and kept those that did not fill all lanes. */
  #early: readonly Queued[] = []
  /** How many of these the queue kept. */
  #kept = 0

  settle(): void {
    for (const { text, at } of [...this.#early, ...this.queued]) this.bytes.write(hmac(text), at, 'latin1')
    this.#early = this.queued = []
    this.#kept = 0
  }

  queue(text: string, at: number): void {
    this.queued = [...this.queued, { text, at }]
    if (this.queued.length + this.#kept < CAPACITY) return
    this.#early = [...this.#early, ...this.queued]
    this.queued = []
    this.#countKept()
  }

  /** Discards what goes to `from` or after it, unless it is in the output. */
  discard(from: number): void {
    for (const { text, at } of this.#early)
      if (at >= from && isWritten(text, at)) this.bytes.write(hmac(text), at, 'latin1')
    this.#early = this.#early.filter(({ at }) => at < from)
    this.queued = this.queued.filter(({ at }) => at < from)
    this.#countKept()
  }

  /** Inserts `count` bytes at `from`, before a length of `end`. */
  insert(from: number, end: number, count: number): void {
    this.bytes.copyWithin(from + count, from, end)
    const moved = ({ text, at }: Queued): Queued => ({ text, at: at >= from ? at + count : at })
    this.#early = this.#early.map(moved)
    this.queued = this.queued.map(moved)
  }

  #countKept(): void {
    this.#kept = this.#early.filter(({ text, at }) => !isWritten(text, at)).length
  }
}

const isWritten = (text: string, at: number): boolean =>
  output.toString('latin1', at, at + DIGITS) === hmac(text)

/** One random sequence; returns whether the output is as it should be. */
function sequenceHolds(random: Random, pool: readonly string[]): boolean {
  const model = new Model()
  const filler = random.below(256)
  model.bytes.fill(filler)
  output.fill(filler)
  queue.clearHashes()
  let end = random.below(100)
  let from = 0
  for (let step = random.between(1, 120); step > 0; step--) {
    const choice = random.next()
    if (choice < 0.86) {
      const text = random.pick(pool)
      queueText(text, from, end)
      model.queue(text, end)
      from += text.length + random.below(3)
      end += DIGITS + random.below(40)
    } else if (choice < 0.92) {
      queue.settleHashes()
      model.settle()
    } else if (choice < 0.93) {
      queue.clearHashes()
      model.discard(0)
    } else if (choice < 0.96) {
      const place = random.below(end + 1)
      queue.discardHashes(OUTPUT_AT + place)
      model.discard(place)
    } else {
      const { at: place } = model.queued.length > 0 ? random.pick(model.queued) : { at: end }
      const count = random.below(50)
      output.copyWithin(place + count, place, end)
      queue.moveHashes(OUTPUT_AT + place, count)
      model.insert(place, end, count)
      end += count
    }
  }
  queue.settleHashes()
  model.settle()
  return output.equals(model.bytes)
}

t.test('digits are at their places after any sequence, and no other byte changes', async (t) => {
  const random = seededRandom('hash queue')
  begin()
  const pool = textPool(random)
  t.ok(pool.length > 400, 'there are texts with the same bucket')
  for (let run = 0; run < 3000; run++)
    if (!sequenceHolds(random, pool)) return t.fail(`run ${run}; SLUICE_SEED=${random.seed} repeats it`)
})

/** Where the records begin that the index knows. */
function recordPlaces(): number[] {
  const slots = new Uint32Array(cache.buffer, cache.byteOffset, BUCKETS * SLOTS)
  return Array.from(slots.filter((slot) => slot !== 0)).map((slot) => (slot % 2 ** 21) * 8)
}

/** Replaces all digests in the cache, so that an answer shows whether it came from there. */
function poisonCache(): void {
  for (const at of recordPlaces()) cache.fill('?', at, at + LENGTH)
}

const POISON = '3f'.repeat(LENGTH)

t.test('texts come from the cache, four for each bucket', async (t) => {
  begin()
  const bucket = bucketOf('id-0')
  const sharing = ['id-0']
  for (let k = 1; sharing.length <= SLOTS; k++) if (bucketOf(`id-${k}`) === bucket) sharing.push(`id-${k}`)
  const first = sharing.slice(0, SLOTS)
  const last = elementAt(sharing, SLOTS)
  for (const text of first) hashed([text])
  poisonCache()
  const poisoned = first.map(() => POISON)
  t.strictSame(hashed(first), poisoned)
  t.strictSame(hashed([last]), [hmac(last)], 'not known')
  poisonCache()
  t.strictSame(hashed([last]), [POISON], 'it took the place of another')
  const left = hashed(first).filter((digits) => digits === POISON)
  t.equal(left.length, SLOTS - 1, 'the others are still known')
})

t.test('a text that is queued several times gets one record', async (t) => {
  begin()
  const texts = Array.from({ length: CAPACITY - 1 }, (_, k) => (k % 5 === 4 ? 'other' : 'same'))
  t.strictSame(
    hashed(texts),
    texts.map((text) => hmac(text)),
  )
  t.equal(recordPlaces().length, 2)
})

t.test('a record serves only a text that is equal in length and in every byte', async (t) => {
  const random = seededRandom('records')
  for (let length = 1; length <= MAX_BYTES; length++) {
    const text = plainText(random, length)
    /** What the queue writes for the text after a change of its record, the digest replaced. */
    const answer = (change: (record: Buffer) => void): string | undefined => {
      cache.fill(0, 0, RECORDS_AT + PAGE)
      queue.initHashes(KEY_AT, CACHE_AT)
      hashed([text])
      cache.fill('?', RECORDS_AT, RECORDS_AT + LENGTH)
      change(cache.subarray(RECORDS_AT))
      return hashed([text])[0]
    }
    t.equal(
      answer(() => {}),
      POISON,
    )
    const wrong = Array.from({ length }, (_, place) =>
      answer((record) => record.writeUInt8(record.readUInt8(TEXT + place) ^ 1, TEXT + place)),
    )
    for (const other of [length - 1, length + 1])
      wrong.push(answer((record) => record.writeUInt8(other, LENGTH)))
    const message = `${length} bytes; SLUICE_SEED=${random.seed} repeats it`
    t.strictSame(
      wrong,
      wrong.map(() => hmac(text)),
      message,
    )
  }
})

t.test('an empty slot is no record, whatever the index holds', async (t) => {
  begin()
  let text = ''
  for (let k = 0; text === ''; k++) if (((hashOf(`n-${k}`) >> 37n) & 0x7ffn) === 0n) text = `n-${k}`
  cache.fill('?', 0, LENGTH)
  cache.writeUInt8(text.length, LENGTH)
  cache.write(text, TEXT, 'latin1')
  t.strictSame(hashed([text]), [hmac(text)])
})

t.test('a cache that is full begins anew', async (t) => {
  begin()
  const texts = Array.from({ length: CAPACITY }, () => '')
  const fill = (round: number): void => {
    for (let k = 0; k < texts.length; k++) texts[k] = `${round}-${k}`.padEnd(MAX_BYTES, '.')
    // Twice, lest the cache rests.
    const expected = hashed(texts)
    t.strictSame(hashed(texts), expected)
    if (round % 500 === 0)
      t.strictSame(
        expected,
        texts.map((text) => hmac(text)),
      )
  }
  const recordBytes = Math.ceil((TEXT + MAX_BYTES) / 8) * 8
  const rounds = Math.ceil((CACHE_BYTES - RECORDS_AT) / recordBytes / CAPACITY)
  fill(0)
  const first = elementAt(texts, 0)
  for (let round = 1; round < rounds - 1; round++) fill(round)
  const last = elementAt(texts, CAPACITY - 1)
  poisonCache()
  t.strictSame(hashed([first, last]), [POISON, POISON], 'it knows all texts')
  for (let round = rounds; round < rounds + 3; round++) fill(round)
  t.strictSame(hashed([first, last]), [hmac(first), hmac(last)], 'it knows none of them')
})

t.test('a cache that finds hardly anything rests, and is tried again', async (t) => {
  const window = 4096
  begin()
  let count = 0
  const different = (number: number): void => {
    for (let k = 0; k < number; k += CAPACITY)
      hashed(
        Array.from({ length: CAPACITY }, () => `n-${count++}`),
        CAPACITY,
      )
  }
  const isUsed = (): boolean => cache.some((byte) => byte !== 0)
  different(window)
  t.ok(isUsed(), 'it is used at first')
  cache.fill(0)
  // The check is made by the first texts after the window.
  different(CAPACITY)
  cache.fill(0)
  different(15 * window)
  t.notOk(isUsed(), 'it rests')
  t.strictSame(hashed(['n-1', 'n-2'], 2), [hmac('n-1'), hmac('n-2')])
  different(CAPACITY)
  t.ok(isUsed(), 'it is tried again')

  begin()
  for (let k = 0; k < 3 * window; k += CAPACITY)
    hashed(
      Array.from({ length: CAPACITY }, (_, n) => (n < 8 ? 'known' : `m-${count++}`)),
      CAPACITY,
    )
  cache.fill(0)
  hashed(['known'])
  t.ok(isUsed(), 'it does not rest if a quarter is found')
})

t.test('consecutive ids are spread over the buckets, and differ in their tags', async (t) => {
  const texts = 1 << 16
  // As many as texts thrown at random would take, less a tenth.
  const least = BUCKETS * (1 - Math.exp(-texts / BUCKETS)) * 0.9
  for (const prefix of ['', '1', 'Patient-0000', 'urn:uuid:7a1e', '00000000-0000-0000-0000-0000000']) {
    const buckets = new Set<number>()
    const tagged = new Set<bigint>()
    for (let k = 0; k < texts; k++) {
      const hash = hashOf(prefix + String(k).padStart(5, '0'))
      buckets.add(Number(hash >> 48n))
      tagged.add(hash >> 37n)
    }
    t.ok(buckets.size > least, `${prefix}: ${buckets.size}`)
    t.ok(tagged.size > texts * 0.99, `${prefix}: ${tagged.size} with their tags`)
  }
})
