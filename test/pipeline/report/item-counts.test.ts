import t from 'tap'
import {
  addCounts,
  countsOf,
  type ItemCounts,
  lineCounts,
  NO_COUNTS,
  reconciles,
} from '../../../src/pipeline/report/item-counts.js'

const ANSWER = {
  lines: 10,
  delivered: 6,
  blank: 1,
  interpretedLines: 2,
  resourcesByType: { Patient: 4, Group: 2 },
  elementsByRule: { 2: 7 },
}

t.test(
  'an answer with its rejections reconciles; one with a line too many or too few does not',
  async (t) => {
    const counts = countsOf(ANSWER, { INVALID_JSON: 2, BAD_LINE: 1 })
    t.equal(counts.quarantined, 3)
    t.equal(reconciles(counts), true)
    t.equal(reconciles({ ...counts, lines: 11 }), false)
    t.equal(reconciles({ ...counts, blank: 0 }), false)
    t.strictSame(lineCounts(counts), { read: 10, delivered: 6, quarantined: 3, blank: 1 })
  },
)

t.test('counts add up in any order to the same report, by type, rule and code', async (t) => {
  const a = countsOf(ANSWER, { INVALID_JSON: 2 })
  const b: ItemCounts = { ...countsOf(ANSWER, { BAD_UTF8: 1 }), resourcesByType: { Bundle: 1, Patient: 1 } }
  const sum = addCounts(addCounts(NO_COUNTS, a), b)
  t.equal(sum.lines, 20)
  t.equal(JSON.stringify(sum.resourcesByType), '{"Bundle":1,"Group":2,"Patient":5}')
  t.strictSame(sum.quarantinedByCode, { BAD_UTF8: 1, INVALID_JSON: 2 })
  t.equal(JSON.stringify(addCounts(b, a)), JSON.stringify(addCounts(a, b)))
})
