import t from 'tap'
import { z } from 'zod'
import { issuesAsProblems } from '../../../src/config/text/problem.js'

const schema = z.strictObject({
  list: z.array(z.strictObject({ count: z.number({ error: 'must be a number' }) })),
})

t.test('each finding has its path below the prefix, and its rule', async (t) => {
  const { error } = schema.safeParse({ list: [{ count: 1 }, { count: 'CANARY' }] })
  t.ok(error)
  if (error === undefined) return
  t.same(issuesAsProblems(error, ''), [{ path: 'list[1].count', message: 'must be a number' }])
  t.same(issuesAsProblems(error, 'fhirPathRules[4]', 5), [
    { rule: 5, path: 'fhirPathRules[4].list[1].count', message: 'must be a number' },
  ])
})
