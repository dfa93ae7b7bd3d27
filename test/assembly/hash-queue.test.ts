// Holds assembly/hash-queue.ts, assembly/digest-cache.ts, assembly/hmac.ts, assembly/sha256.ts.
import { createHmac } from 'node:crypto'
import t from 'tap'
import { blockKey } from '../../src/anonymizer/keyed-hash/hmac.js'
import { assemblyModule } from '../support/assembly-module.js'
import { elementAt } from '../support/elements.js'
import { type Random, seededRandom } from '../support/random.js'

const ENTRY = `
export { homeOf } from './assembly/digest-cache'
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
  homeOf(text: number, length: number): number
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
const RECORD = 128
const CACHE_BYTES = RECORD << 17

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

const homeOf = (text: string): number => {
  source.write(text, 0, 'latin1')
  return queue.homeOf(SOURCE_AT, text.length) - CACHE_AT
}

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
    for (const batch of [1, 3, 4, 5, CAPACITY - 1]) t.strictSame(hashed(texts, batch), expected, message)
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

/** Texts of which many are equal, some share a home, and some share a beginning. */
function textPool(random: Random): string[] {
  const byHome = new Map<number, string[]>()
  for (let k = 0; k < 40_000; k++) {
    const text = `id-${k}`
    const home = homeOf(text)
    byHome.set(home, [...(byHome.get(home) ?? []), text])
  }
  const colliding = [...byHome.values()].filter((texts) => texts.length > 2).slice(0, 20)
  const similar = Array.from({ length: MAX_BYTES }, (_, k) => 'x'.repeat(k + 1))
  const different = Array.from({ length: 300 }, () => plainText(random, random.between(1, MAX_BYTES)))
  return [...colliding.flat(), ...similar, ...different]
}

/** What has to become of the output: queued digits appear when they are settled, all other bytes stay. */
class Model {
  readonly bytes = Buffer.alloc(PAGE)
  queued: { readonly text: string; readonly at: number }[] = []

  settle(): void {
    for (const { text, at } of this.queued) this.bytes.write(hmac(text), at, 'latin1')
    this.queued = []
  }

  queue(text: string, at: number): void {
    this.queued.push({ text, at })
    if (this.queued.length === CAPACITY) this.settle()
  }

  /** Inserts `count` bytes at `from`, before a length of `end`. */
  insert(from: number, end: number, count: number): void {
    this.bytes.copyWithin(from + count, from, end)
    this.queued = this.queued.map(({ text, at }) => ({ text, at: at >= from ? at + count : at }))
  }
}

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
      model.queued = []
    } else if (choice < 0.96) {
      const place = random.below(end + 1)
      queue.discardHashes(OUTPUT_AT + place)
      model.queued = model.queued.filter(({ at }) => at < place)
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
  t.ok(pool.length > 400, 'there are texts with the same home')
  for (let run = 0; run < 3000; run++)
    if (!sequenceHolds(random, pool)) return t.fail(`run ${run}; SLUICE_SEED=${random.seed} repeats it`)
})

/** Replaces all digits in the cache, so that an answer shows whether it came from there. */
function poisonCache(): void {
  for (let record = 0; record < CACHE_BYTES; record += RECORD)
    if (cache[record] !== 0) cache.fill('?', record + RECORD - DIGITS, record + RECORD)
}

const POISON = '?'.repeat(DIGITS)

t.test('texts come from the cache, two for each home', async (t) => {
  begin()
  const home = homeOf('id-0')
  const sharing = ['id-0']
  for (let k = 1; sharing.length < 3; k++) if (homeOf(`id-${k}`) === home) sharing.push(`id-${k}`)
  const [first, second, third] = [elementAt(sharing, 0), elementAt(sharing, 1), elementAt(sharing, 2)]
  hashed([first])
  hashed([second])
  poisonCache()
  t.strictSame(hashed([first, second]), [POISON, POISON])
  t.strictSame(hashed([third], 1), [hmac(third)], 'not known')
  poisonCache()
  t.strictSame(hashed([third]), [POISON], 'it took the place of another')
  const left = [hashed([first])[0], hashed([second])[0]]
  t.ok(
    left.includes(POISON) !== left.every((digits) => digits === POISON),
    'one of the others is still known',
  )
})

t.test('a record serves only a text that is equal in length and in every byte', async (t) => {
  const random = seededRandom('records')
  begin()
  for (let length = 1; length <= MAX_BYTES; length++) {
    const text = plainText(random, length)
    const home = homeOf(text)
    /** What the queue writes if the text's home is the text's own record after a change, its digits replaced. */
    const answer = (change: (record: Buffer) => void): string | undefined => {
      const record = cache.subarray(home, home + RECORD)
      record.fill(0)
      record.writeUInt8(length, 0)
      record.write(text, 4, 'latin1')
      record.fill('?', RECORD - DIGITS)
      change(record)
      const [digits] = hashed([text])
      cache.fill(0, home & ~(2 * RECORD - 1), (home | (2 * RECORD - 1)) + 1)
      return digits
    }
    t.equal(
      answer(() => {}),
      POISON,
    )
    const wrong = Array.from({ length }, (_, place) =>
      answer((record) => record.writeUInt8(record.readUInt8(4 + place) ^ 1, 4 + place)),
    )
    for (const other of [length - 1, length + 1]) wrong.push(answer((record) => record.writeUInt8(other, 0)))
    const message = `${length} bytes; SLUICE_SEED=${random.seed} repeats it`
    t.strictSame(
      wrong,
      wrong.map(() => hmac(text)),
      message,
    )
  }
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

t.test('homes of consecutive ids are spread over the cache', async (t) => {
  const texts = 1 << 16
  // As many as texts thrown at random would take, less a tenth.
  const least = (1 << 17) * (1 - Math.exp(-texts / (1 << 17))) * 0.9
  for (const prefix of ['', '1', 'Patient-0000', 'urn:uuid:7a1e', '00000000-0000-0000-0000-0000000']) {
    const homes = new Set<number>()
    for (let k = 0; k < texts; k++) homes.add(homeOf(prefix + String(k).padStart(5, '0')))
    t.ok(homes.size > least, `${prefix}: ${homes.size}`)
  }
})
