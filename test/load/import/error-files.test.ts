import t from 'tap'
import { placeOf } from '../../../src/load/import/error-files.js'

/** The lines that fhir-server reads of the part that begins at an offset, by their index. */
function linesOfPart(
  starts: readonly number[],
  endBytes: number,
  offset: number,
  partBytes: number,
): number[] {
  const indexes: number[] = []
  const ends = [...starts.slice(1), endBytes]
  // Where the part begins, it reads up to the end of that line.
  let index = starts.findLastIndex((start) => start <= offset)
  let read = 0
  let at = offset
  for (let isFirst = true; read <= partBytes && index < starts.length; isFirst = false, index += 1) {
    if (offset === 0 || !isFirst) indexes.push(index)
    const end = ends[index] ?? endBytes
    read += end - at
    at = end
  }
  return indexes
}

t.test('a line number in a part leads to the line, wherever parts begin', async (t) => {
  const lengths = [10, 1, 1, 30, 5, 10, 40, 2, 7, 3, 3, 3, 90, 1]
  let sum = 0
  const starts = lengths.map((length) => {
    sum += length
    return sum - length
  })
  const lines = starts.map((start) => ({ start }))
  for (let partBytes = 1; partBytes <= sum + 1; partBytes += 1) {
    const seen: number[] = []
    const wrong: string[] = []
    for (let unitOffset = 0; unitOffset < sum; unitOffset += partBytes)
      for (const [at, index] of linesOfPart(starts, sum, unitOffset, partBytes).entries()) {
        seen.push(index)
        if (placeOf({ unitOffset, line: at + 1 }, lines) !== index) wrong.push(`${unitOffset}: ${index}`)
      }
    if (wrong.length > 0 || new Set(seen).size !== starts.length) t.fail(`parts of ${partBytes}: ${wrong}`)
  }
  t.pass('all sizes of parts')
})

t.test('a line that is not there has no place', async (t) => {
  const lines = [{ start: 0 }, { start: 10 }]
  t.equal(placeOf({ unitOffset: 0, line: 0 }, lines), undefined)
  t.equal(placeOf({ unitOffset: 0, line: 3 }, lines), undefined)
  t.equal(placeOf({ unitOffset: 10, line: 1 }, lines), undefined)
})
