import t from 'tap'
import { checkedLine, readCheckedLine } from '../../../src/pipeline/checkpoint/checked-line.js'

t.test('a line is read back; one that is torn or altered at any byte is not', async (t) => {
  const value = { done: 'Patient.ndjson', lines: 3 }
  const line = checkedLine(value)
  t.ok(line.endsWith('\n'))
  const text = line.slice(0, -1)
  t.strictSame(readCheckedLine(text), value)
  for (let at = 0; at < text.length; at += 1) {
    const altered = `${text.slice(0, at)}${text[at] === '0' ? '1' : '0'}${text.slice(at + 1)}`
    if (readCheckedLine(text.slice(0, at)) !== undefined) t.fail(`torn at ${at}`)
    // The byte between digest and value is neither.
    if (at !== 16 && readCheckedLine(altered) !== undefined) t.fail(`altered at ${at}`)
  }
})
