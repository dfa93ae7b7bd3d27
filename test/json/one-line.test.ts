import t from 'tap'
import { oneLine } from '../../src/json/one-line.js'

t.test('a resource with line breaks becomes one line with the same values', async (t) => {
  const resource = { resourceType: 'Patient', name: [{ text: 'a "b" \n\t  c\\' }], n: [1, 2, { x: null }] }
  const pretty = Buffer.from(JSON.stringify(resource, null, 2).replaceAll('\n', '\r\n'))
  const line = oneLine(pretty)
  t.equal(line.toString(), JSON.stringify(resource))
  t.notOk(line.includes('\n'))
  const compact = Buffer.from('{ "a" : 1 }')
  t.equal(oneLine(compact), compact, 'without line breaks it stays as it is')
})

t.test('a resource over several lines becomes one line with the same values', async (t) => {
  const value = { a: ' x\n\\"y\t', 'b c': [1, ' ', { d: '\\' }], e: 'é\u2028' }
  for (const text of [
    JSON.stringify(value, null, 2),
    JSON.stringify(value, null, '\t').replaceAll('\n', '\r\n'),
  ]) {
    const line = oneLine(Buffer.from(text))
    t.notMatch(String(line), /[\r\n]/)
    t.strictSame(JSON.parse(String(line)), value)
  }
  const one = Buffer.from(JSON.stringify(value))
  t.equal(oneLine(one), one, 'one line stays as it is')
})
