import t from 'tap'
import { copyBytes, hashBytes, sameBytes, viewOf } from '../../src/anonymizer/copy-bytes.js'

// Long enough for several words of eight bytes, and all places of a word.
const LENGTHS = Array.from({ length: 40 }, (_, length) => length)
const SOURCE = Buffer.from(
  'Zoë 東京 😀 "quoted\\" \u0000\u001f plain ASCII to the end of the buffer; and more.',
)

t.test('every range is copied to every place, and nothing beside it', async (t) => {
  let wrong = 0
  for (const length of LENGTHS)
    for (let from = 0; from < 9; from++)
      for (let at = 0; at < 9; at++) {
        const target = Buffer.alloc(60, 0x7e)
        copyBytes(viewOf(SOURCE), from, from + length, viewOf(target), at)
        const expected = Buffer.alloc(60, 0x7e)
        SOURCE.copy(expected, at, from, from + length)
        if (!target.equals(expected)) wrong++
      }
  t.equal(wrong, 0)
})

t.test('bytes are the same where each of them is', async (t) => {
  let wrong = 0
  for (const length of LENGTHS.slice(1))
    for (let from = 0; from < 5; from++) {
      const other = Buffer.alloc(50)
      SOURCE.copy(other, 3, from, from + length)
      const isSame = () => sameBytes(viewOf(SOURCE), from, from + length, viewOf(other), 3)
      if (!isSame()) wrong++
      for (let k = 0; k < length; k++) {
        const byte = other.readUInt8(3 + k)
        other.writeUInt8(byte ^ 1, 3 + k)
        if (isSame()) wrong++
        other.writeUInt8(byte, 3 + k)
      }
    }
  t.equal(wrong, 0)
})

t.test('a hash depends on the bytes and not on their place', async (t) => {
  const hashes = new Set<number>()
  const texts = Array.from({ length: 5000 }, (_, k) => `id-${k.toString(36)}`)
  for (const text of texts) {
    const hash = hashBytes(viewOf(Buffer.from(text)), 0, text.length)
    t.equal(hashBytes(viewOf(Buffer.from(`-----${text}-`)), 5, 5 + text.length), hash)
    hashes.add(hash)
  }
  t.ok(hashes.size > texts.length * 0.99, `${hashes.size} different`)
})
