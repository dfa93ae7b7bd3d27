import t from 'tap'
import { unknownSets } from '../../../../src/rules/lint/advice/unknown-sets.js'

t.test('names that are no sets are found, with the nearest name; urls are left alone', async (t) => {
  t.strictSame(unknownSets(['loinc', 'lonic', 'xyz', 'http://example.org/cs', 'urn:oid:1.2.3']), [
    { name: 'lonic', nearest: 'loinc' },
    { name: 'xyz' },
  ])
})
