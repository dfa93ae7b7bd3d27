import t from 'tap'
import { indexedLines, LineIndex, type LineOrigin } from '../../../src/load/import/line-index.js'

t.test('an index gives back the origin and the place of every line', async (t) => {
  const lines: [LineOrigin, number][] = [
    [{ item: 0, ordinal: 0, offset: 0 }, 1],
    [{ item: 0, ordinal: 1, offset: 127 }, 128],
    [{ item: 0, ordinal: 4_000_000, offset: 2 ** 40 }, 2 ** 33],
    [{ item: 3, ordinal: 0, offset: 0 }, 300],
    [{ item: 3, ordinal: 1, offset: 0 }, 300],
    [{ item: 70_000, ordinal: 99, offset: 2 ** 45 }, 5],
  ]
  const index = new LineIndex()
  for (const [origin, lengthBytes] of lines) index.add(origin, lengthBytes)
  let start = 0
  const expected = lines.map(([origin, lengthBytes]) => {
    start += lengthBytes
    return { ...origin, start: start - lengthBytes, lengthBytes }
  })
  t.strictSame([...indexedLines(index.text)], expected)
})

t.test('a line takes a few bytes', async (t) => {
  const index = new LineIndex()
  for (let at = 0; at < 100_000; at += 1) index.add({ item: 0, ordinal: at, offset: at * 1500 }, 1400)
  t.ok(index.bytes < 600_000, String(index.bytes))
  t.equal([...indexedLines(index.text)].length, 100_000)
})
