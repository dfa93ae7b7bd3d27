// Holds src/anonymizer/keyed-hash/hmac.ts, src/anonymizer/keyed-hash/sub-key.ts.
import * as crypto from 'node:crypto'
import t from 'tap'
import { blockKey, createHmac } from '../../../src/anonymizer/keyed-hash/hmac.js'
import { subKey } from '../../../src/anonymizer/keyed-hash/sub-key.js'

const KEYS = ['k', 'a key of thirty-two characters !', 'x'.repeat(64), 'x'.repeat(65), 'ключ '.repeat(30)]
// Around the sizes at which SHA-256 takes another block and the buffer ends.
const LENGTHS = [1, 55, 56, 63, 64, 65, 119, 120, 1023, 1024, 1025, 5000]

t.test('hex and bytes are what createHmac of node:crypto gives, for every key and length', async (t) => {
  for (const key of KEYS) {
    const hmac = createHmac(key)
    for (const length of LENGTHS)
      for (const letter of ['a', 'é', '東']) {
        const text = letter.repeat(length)
        const expected = crypto.createHmac('sha256', key).update(text).digest()
        if (hmac.hex(text) !== expected.toString('hex')) return t.fail(`hex ${length} ${letter}`)
        if (!hmac.bytes(text).equals(expected)) return t.fail(`bytes ${length} ${letter}`)
      }
    const source = Buffer.from('..the bytes in the middle..')
    t.equal(
      hmac.hexOfBytes(source, 2, 25),
      crypto.createHmac('sha256', key).update(source.subarray(2, 25)).digest('hex'),
    )
  }
})

t.test('a key longer than a block is hashed, a shorter one filled up with zeros', async (t) => {
  t.same(blockKey('ab'), Buffer.concat([Buffer.from('ab'), Buffer.alloc(62)]))
  const long = 'x'.repeat(65)
  const hashed = crypto.createHash('sha256').update(long).digest()
  t.same(blockKey(long), Buffer.concat([hashed, Buffer.alloc(32)]))
})

t.test('a sub-key is HKDF of the key, and another one for every use and setting', async (t) => {
  const keys = [
    subKey('k', 'encrypt', 'a'),
    subKey('k', 'encrypt', 'b'),
    subKey('k', 'perturb', 'a'),
    subKey('l', 'encrypt', 'a'),
    subKey('k', 'encrypt', '1'),
    subKey('k', 'encrypt', 1),
    subKey('k', 'encrypt', 'a', 'b'),
    subKey('k', 'encrypt', 'a,b'),
  ]
  t.equal(new Set(keys).size, keys.length)
  const expected = crypto.hkdfSync('sha256', 'k', 'fhir-sluice', '["encrypt","a"]', 32)
  t.equal(keys[0], Buffer.from(expected).toString('hex'))
})
