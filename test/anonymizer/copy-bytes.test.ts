import t from 'tap'
import { copyBytes, viewOf } from '../../src/anonymizer/copy-bytes.js'

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
