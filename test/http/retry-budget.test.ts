import t from 'tap'
import { RetryBudget } from '../../src/http/retry-budget.js'

t.test('ten successes give one retry back, and never more than there were', async (t) => {
  const budget = new RetryBudget(2)
  for (let n = 0; n < 100; n += 1) budget.credit()
  budget.spend()
  t.notOk(budget.isEmpty)
  budget.spend()
  t.ok(budget.isEmpty, 'none was saved up')
  t.equal(budget.spentCount, 2)
  for (let n = 0; n < 9; n += 1) budget.credit()
  t.ok(budget.isEmpty)
  budget.credit()
  budget.credit()
  t.notOk(budget.isEmpty)
})
