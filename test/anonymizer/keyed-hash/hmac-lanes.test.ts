// Holds src/anonymizer/keyed-hash/hmac-lanes.ts, src/anonymizer/keyed-hash/sha256-module.ts.
import { createHmac } from 'node:crypto'
import t from 'tap'
import { viewOf } from '../../../src/anonymizer/copy-bytes.js'
import { HmacLanes, LANES } from '../../../src/anonymizer/keyed-hash/hmac-lanes.js'
import { Output } from '../../../src/anonymizer/output.js'
import { HashQueue } from '../../../src/anonymizer/walk/hash-queue.js'
import { seededRandom } from '../../support/random.js'

const hmac = (key: string, message: Buffer): string => createHmac('sha256', key).update(message).digest('hex')

t.test(
  'four lanes give what createHmac gives, whatever the lengths and how many lanes are used',
  async (t) => {
    const random = seededRandom('hmac lanes')
    for (const key of ['k', 'a key of thirty-two characters !', 'long '.repeat(40), 'ключ']) {
      const lanes = new HmacLanes(key)
      const hex = new Uint8Array(64)
      let wrong = 0
      for (let run = 0; run < 500; run++) {
        const messages = Array.from({ length: 1 + random.below(LANES) }, () =>
          Buffer.from(Array.from({ length: random.below(HmacLanes.maxBytes + 1) }, () => random.below(256))),
        )
        messages.forEach((message, lane) => {
          lanes.put(lane, viewOf(message), 0, message.length)
        })
        lanes.run()
        messages.forEach((message, lane) => {
          lanes.writeHex(lane, hex, 0)
          if (Buffer.from(hex).toString() !== hmac(key, message)) wrong++
        })
      }
      t.equal(wrong, 0, `SLUICE_SEED=${random.seed} repeats it`)
    }
  },
)

t.test('queued hashes stand in their places, new or known, also after a rest of the cache', async (t) => {
  const random = seededRandom('hash queue')
  const queue = new HashQueue('key')
  const out = new Output(1 << 16)
  let wrong = 0
  let checked = 0
  // Few different values, so that many are known; then only new ones for longer than the cache looks on.
  for (let line = 0; line < 6000; line++) {
    const different = line < 3000 ? 300 : 1e9
    const values = Array.from(
      { length: 1 + random.below(line % 50 === 0 ? 90 : 9) },
      () => `id-${random.below(different)}`,
    )
    const source = viewOf(Buffer.from(values.join('"')))
    out.length = 0
    let from = 0
    for (const value of values) {
      out.reserve(64)
      queue.write(source, from, from + value.length, out, out.length)
      out.length += 64
      from += value.length + 1
    }
    queue.settle(source, out)
    values.forEach((value, k) => {
      checked++
      if (out.bytes.toString('latin1', k * 64, k * 64 + 64) !== hmac('key', Buffer.from(value))) wrong++
    })
  }
  t.ok(checked > 20_000)
  t.equal(wrong, 0, `SLUICE_SEED=${random.seed} repeats it`)
})
