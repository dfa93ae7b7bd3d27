import t from 'tap'
import { viewOf } from '../../../src/anonymizer/copy-bytes.js'
import { keyEnd, keyWords, scanString } from '../../../src/anonymizer/walk/scan.js'
import { seededRandom } from '../../support/random.js'

t.test(
  'a key of any length is told from one that differs in a single byte, and read up to the very end',
  async (t) => {
    for (let length = 1; length <= 40; length++) {
      const key = `"${'abcdefghij'.repeat(4).slice(0, length)}":`
      const words = keyWords(key)
      const source = Buffer.from(`{${key}`)
      t.equal(keyEnd(viewOf(source), 1, words), source.length, key)
      t.equal(keyEnd(viewOf(source.subarray(0, -1)), 1, words), 0, `${key} cut short`)
      for (let at = 1; at < source.length; at++) {
        const other = Buffer.from(source)
        other.writeUInt8(other.readUInt8(at) ^ 1, at)
        t.equal(keyEnd(viewOf(other), 1, words), 0, `${key} at ${at}`)
      }
    }
  },
)

t.test(
  'a string ends where JSON ends it, whatever stands in it, behind it and how far the source goes',
  async (t) => {
    const random = seededRandom('scan strings')
    const parts = [
      'a',
      'b ',
      '1',
      'é',
      '€',
      '😀',
      '\u007f',
      '!',
      '#',
      '[',
      ']',
      '\\"',
      '\\\\',
      '\\n',
      '\\u12aF',
    ]
    const faults = ['\u0000', '\u001f', '\n', '\\x', '\\u12g4']
    for (let run = 0; run < 3000; run++) {
      const inside = Array.from({ length: random.below(12) }, () => parts[random.below(parts.length)])
      const isFaulty = random.below(4) === 0
      if (isFaulty) inside.splice(random.below(inside.length + 1), 0, faults[random.below(faults.length)])
      const text = `"x${inside.join('')}"`
      const behind = ['', ',', '}]', '"\n'][random.below(4)]
      const source = Buffer.from(`${' '.repeat(random.below(4))}${text}${behind}`)
      const start = source.indexOf(0x22)
      const expected = isFaulty ? 0 : start + Buffer.byteLength(text)
      const found = scanString(source, viewOf(source), start, source.length)
      if (found !== expected) t.equal(found, expected, JSON.stringify(text))
    }
    t.equal(scanString(Buffer.from('"abcdefg'), viewOf(Buffer.from('"abcdefg')), 0, 8), 0, 'no end')
  },
)
