// Holds src/anonymizer/walk/hash-queue.ts, src/anonymizer/walk/hash-cache.ts.
import { createHmac } from 'node:crypto'
import t from 'tap'
import { viewOf } from '../../../src/anonymizer/copy-bytes.js'
import { Output } from '../../../src/anonymizer/output.js'
import { HashCache } from '../../../src/anonymizer/walk/hash-cache.js'
import { HashQueue } from '../../../src/anonymizer/walk/hash-queue.js'
import { seededRandom } from '../../support/random.js'

const KEY = 'hash: walnut, tundra, 9 lamps'
const hmac = (text: string): string => createHmac('sha256', KEY).update(text).digest('hex')

/** What a queue writes for texts, all of which wait at once. */
function hashed(queue: HashQueue, texts: readonly string[]): string[] {
  const source = viewOf(Buffer.from(texts.join('')))
  const out = new Output(64)
  let from = 0
  for (const text of texts) {
    out.reserve(64)
    queue.write(source, from, from + text.length, out, out.length)
    out.length += 64
    from += text.length
  }
  queue.settle(source, out)
  return texts.map((_, k) => out.bytes.toString('latin1', k * 64, k * 64 + 64))
}

t.test('a hash is what node:crypto computes, for every length and every number that wait', async (t) => {
  const queue = new HashQueue(KEY)
  for (let count = 1; count <= 100; count++) {
    const texts = Array.from({ length: count }, (_, k) =>
      `${count}-${k}-`.padEnd(1 + ((count * 7 + k) % HashQueue.maxBytes), 'x').slice(0, HashQueue.maxBytes),
    )
    t.same(hashed(queue, texts), texts.map(hmac), `${count} at once`)
    t.same(hashed(queue, texts), texts.map(hmac), `${count} at once, known`)
  }
})

t.test('what was cleared is not written', async (t) => {
  const queue = new HashQueue(KEY)
  const out = new Output(256)
  const source = viewOf(Buffer.from('one two'))
  queue.write(source, 0, 3, out, 0)
  queue.clear()
  queue.write(source, 4, 7, out, 64)
  queue.settle(source, out)
  t.equal(out.bytes.toString('latin1', 64, 128), hmac('two'))
  t.equal(out.bytes.readUInt8(0), 0)
})

t.test('a cache too small for its texts forgets some and mixes none up', async (t) => {
  const cache = new HashCache(4)
  const random = seededRandom('hash cache')
  const digits = Buffer.alloc(64)
  let known = 0
  for (let turn = 0; turn < 20_000; turn++) {
    const text = Buffer.from(`id-${random.below(60)}`)
    const source = viewOf(text)
    const place = cache.write(source, 0, text.length, cache.homeOf(source, 0, text.length), viewOf(digits), 0)
    const expected = hmac(text.toString())
    if (place === -1) {
      known++
      if (digits.toString('latin1') !== expected) return t.fail(`SLUICE_SEED=${random.seed} repeats it`)
    } else if (place >= 0) cache.keep(place, source, 0, text.length, viewOf(Buffer.from(expected)), 0)
  }
  t.ok(known > 1000, `${known} known`)
})
