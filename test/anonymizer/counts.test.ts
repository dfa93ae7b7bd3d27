import t from 'tap'
import { type AnonymizerCounts, countElement, countResource } from '../../src/anonymizer/counts.js'

t.test('elements are counted by rule and resources by type', async (t) => {
  const counts: AnonymizerCounts = {
    resourcesByType: new Map(),
    elementsByRule: new Float64Array(3),
    interpretedLines: 0,
  }
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
