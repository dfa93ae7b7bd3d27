import t from 'tap'
import { importable, inOneLine } from '../../../src/load/import/importable.js'
import type { Prepared } from '../../../src/load/prepared.js'

const prepared = (more: Partial<Prepared> = {}): Prepared => ({
  entry: { ordinal: 3, offset: 70, type: 'Patient', id: 'p1' },
  method: 'PUT',
  url: 'Patient/p1',
  body: Buffer.from('{"resourceType":"Patient","id":"p1"}'),
  isRepeatable: true,
  ...more,
})

t.test('a resource that is stored under its id can be imported', async (t) => {
  const { body } = prepared()
  t.strictSame(importable(prepared()), { kind: 'line', ordinal: 3, offset: 70, type: 'Patient', body })
})

t.test('every other request is rejected with a code that says why', async (t) => {
  const table: readonly (readonly [Partial<Prepared>, string])[] = [
    [{ method: 'POST', url: 'Patient' }, 'NOT_IMPORTABLE'],
    [{ method: 'POST', url: 'Patient', ifNoneExist: 'identifier=1' }, 'NOT_IMPORTABLE'],
    [{ method: 'DELETE' }, 'NOT_IMPORTABLE'],
    [{ method: 'PATCH' }, 'NOT_IMPORTABLE'],
    [{ url: 'Patient?identifier=1' }, 'NOT_IMPORTABLE'],
    [{ ifMatch: 'W/"1"' }, 'NOT_IMPORTABLE'],
    [{ url: 'Patient/p1/_history/1' }, 'NOT_IMPORTABLE'],
    [{ url: 'Patient/' }, 'INVALID_ID'],
    [{ url: 'Patient/a b' }, 'INVALID_ID'],
    [{ url: `Patient/${'x'.repeat(65)}` }, 'INVALID_ID'],
    [{ url: 'Observation/p1' }, 'INVALID_TYPE'],
    [{ entry: { ordinal: 0, offset: 0, type: '..', id: 'x' }, url: '../x' }, 'INVALID_TYPE'],
    [
      { entry: { ordinal: 0, offset: 0, type: 'SearchParameter', id: 'x' }, url: 'SearchParameter/x' },
      'NOT_IMPORTABLE',
    ],
  ]
  for (const [more, code] of table) t.match(importable(prepared(more)), { kind: 'rejected', code }, code)
})

t.test('a resource over several lines becomes one line with the same values', async (t) => {
  const value = { a: ' x\n\\"y\t', 'b c': [1, ' ', { d: '\\' }], e: 'é\u2028' }
  for (const text of [
    JSON.stringify(value, null, 2),
    JSON.stringify(value, null, '\t').replaceAll('\n', '\r\n'),
  ]) {
    const line = inOneLine(Buffer.from(text))
    t.notMatch(String(line), /[\r\n]/)
    t.strictSame(JSON.parse(String(line)), value)
  }
  const one = Buffer.from(JSON.stringify(value))
  t.equal(inOneLine(one), one, 'one line stays as it is')
})
