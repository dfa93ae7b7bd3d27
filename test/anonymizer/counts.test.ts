import t from 'tap'
import { countElement, countRemovedCodes, countResource, newCounts } from '../../src/anonymizer/counts.js'

t.test('elements are counted by rule and resources by type', async (t) => {
  const counts = newCounts(3)
  for (const rule of [1, 3, 3]) countElement(counts, rule)
  for (const type of ['Patient', 'Patient', 'Group']) countResource(counts, type)
  t.same([...counts.elementsByRule], [1, 0, 2])
  t.same(
    [...counts.resourcesByType],
    [
      ['Patient', 2],
      ['Group', 1],
    ],
  )
})

t.test('removed codes are added up by name', async (t) => {
  const counts = newCounts(0)
  for (const more of [2, 3]) countRemovedCodes(counts, 'http://loinc.org', more)
  t.same([...counts.codesRemoved], [['http://loinc.org', 5]])
})
