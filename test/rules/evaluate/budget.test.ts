import t from 'tap'
import { Budget } from '../../../src/rules/evaluate/budget.js'
import { EvaluationError } from '../../../src/rules/evaluate/evaluation-error.js'

t.test('the last step may be taken, one more fails and says how many there were', async (t) => {
  const budget = new Budget(0)
  budget.spend(249_999)
  budget.spend(1)
  t.equal(budget.taken, 250_000)
  t.throws(() => budget.spend(1), new EvaluationError('it takes more than 250000 steps'))
})

t.test('a larger resource has more steps: 4 for each byte', async (t) => {
  const budget = new Budget(250_000)
  budget.spend(1_250_000)
  t.throws(() => budget.spend(1), /1250000 steps/)
})

t.test('eight characters of a text are a step, and each text is one itself', async (t) => {
  const budget = new Budget(0)
  budget.spendText(0)
  budget.spendText(80)
  t.equal(budget.taken, 12)
})
