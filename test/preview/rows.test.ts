import t from 'tap'
import type { TracedLeaf } from '../../src/anonymizer/interpreter/trace.js'
import { rowsOf } from '../../src/preview/rows.js'

const HASH = 'a'.repeat(64)

const rowOf = (leaf: Partial<TracedLeaf>, showValues = false) =>
  rowsOf(
    {
      kind: 'delivered',
      bytes: Buffer.alloc(0),
      isEmptied: false,
      labels: [{ place: '', codes: ['CRYTOHASH'] }],
      leaves: [{ place: 'id', type: 'id', rule: 3, before: '"pat-1"', after: '"pat-1"', ...leaf }],
    },
    showValues,
  )[0]

t.test('a row shows forms, and values only where they are asked for', async (t) => {
  t.strictSame(rowOf({}), {
    place: 'id',
    fhirType: 'id',
    outcome: 'kept',
    rule: 3,
    before: 'aaa-9',
    after: 'aaa-9',
  })
  t.match(rowOf({}, true), { before: 'pat-1', after: 'pat-1' })
  t.match(rowOf({ before: '17.50', after: '18' }, true), {
    before: '17.50',
    after: '18',
    outcome: 'replaced',
  })
})

t.test('a hash is named, because its form says nothing', async (t) => {
  t.match(rowOf({ after: `"${HASH}"` }), { outcome: 'hashed', after: 'hashed' })
  t.match(rowOf({ after: `"${HASH}"` }, true), { outcome: 'hashed', after: HASH })
})

t.test('what is gone has nothing after, what is new nothing before, and no rule is no number', async (t) => {
  t.strictSame(rowOf({ after: undefined, rule: 0 }), {
    place: 'id',
    fhirType: 'id',
    outcome: 'removed',
    before: 'aaa-9',
  })
  t.match(rowOf({ before: undefined }), { outcome: 'added', before: undefined })
})

t.test('a malformed value in what a rule removes is shown by its form, too', async (t) => {
  t.match(rowOf({ before: '{"a":"Maja"}', after: undefined }), { before: '{"a":"Aaaa"}' })
})
