import t from 'tap'
import { byteAt } from '../../src/json/byte.js'

t.test('a byte past the end equals no byte', async (t) => {
  const source = Uint8Array.of(0, 255)
  t.same([byteAt(source, 0), byteAt(source, 1), byteAt(source, 2), byteAt(source, -1)], [0, 255, -1, -1])
})
