// Holds src/rules/evaluate/functions/collections.ts, src/rules/evaluate/functions/row.ts,
// src/rules/evaluate/collections.ts, src/rules/evaluate/invocation.ts.
import t from 'tap'
import { FUNCTIONS } from '../../../../src/rules/evaluate/functions/functions.js'
import { looksFromItems } from '../../../../src/rules/evaluate/functions/row.js'
import { checkEvaluated } from '../../../support/evaluated.js'

const BOTH_NAMES =
  'element {"family":"Nagy","given":["Ann","Bea"],"use":"official"}, ' +
  'element {"extension":[{"url":"http://x","valueString":"e"}],"family":"Nagy","given":["Cleo"],"use":"usual"}'

t.test('filters and projections look from each item', async (t) => {
  checkEvaluated(t, {
    "name.where(use = 'usual').given": 'text Cleo',
    'name.where($index = 1).given': 'text Cleo',
    'name.where(given.count())': BOTH_NAMES,
    'name.where({}).given': '',
    'name.select(given.first())': 'text Ann, text Cleo',
    'name.select($this.family & $index.toString())': 'text Nagy0, text Nagy1',
    'name.all(family.exists())': 'boolean true',
    "name.all(use = 'usual')": 'boolean false',
    "name.exists(use = 'usual')": 'boolean true',
    "name.any(use = 'none')": 'boolean false',
    'link.exists()': 'boolean false',
  })
})

t.test('conditions: a boolean counts as itself, nothing as unknown, all else as true', async (t) => {
  checkEvaluated(t, {
    'name.not()': 'boolean false',
    'link.not()': '',
    'active.not()': 'boolean false',
    "('a' | true).allTrue()": 'boolean true',
    "('a' | false).anyFalse()": 'boolean true',
    "('a').allFalse()": 'boolean false',
    '{}.allTrue()': 'boolean true',
    '{}.anyTrue()': 'boolean false',
    "iif(link, 'a', 'b')": 'text b',
    "iif(name, 'a', 'b')": 'text a',
    'iif(false, 1)': '',
    'name.iif(count() = 2, family, use)': 'text Nagy, text Nagy',
  })
})

t.test('parts of a collection', async (t) => {
  checkEvaluated(t, {
    'name.given.first()': 'text Ann',
    'name.given.last()': 'text Cleo',
    'name.given.tail()': 'text Bea, text Cleo',
    'name.given.skip(1)': 'text Bea, text Cleo',
    'name.given.skip(-1).count()': 'number 3',
    'name.given.take(2)': 'text Ann, text Bea',
    'name.given.take(-1)': '',
    'name.given.take(multipleBirth)': 'text Ann, text Bea',
    'name.given.skip({})': 'failed',
    'name.given.take(1.0)': 'failed',
    'name.given.single()': 'failed',
    'gender.single()': 'text female',
  })
})

t.test('sets compare by value; a union keeps each element', async (t) => {
  checkEvaluated(t, {
    "('a' | 'a').count()": 'number 1',
    '(1 | 1.0).count()': 'number 1',
    '(name.family | name.family).count()': 'number 2',
    '(name[0].family | name[1].family).count()': 'number 2',
    'name.family.distinct()': 'text Nagy',
    'name.family.isDistinct()': 'boolean false',
    'name.given.isDistinct()': 'boolean true',
    "name.given.intersect('Bea' | 'Dora')": 'text Bea',
    "name.given.exclude('Bea')": 'text Ann, text Cleo',
    "name.given.union('Ann').count()": 'number 3',
    "name.given.combine('Ann').count()": 'number 4',
    "'Ann'.subsetOf(name.given)": 'boolean true',
    "name.given.supersetOf('Ann' | 'Dora')": 'boolean false',
    'name.distinct().count()': 'number 2',
    'name.combine(name).distinct().count()': 'number 2',
  })
})

t.test('repeat and aggregate', async (t) => {
  checkEvaluated(t, {
    "'a'.repeat('b')": 'text b',
    '1.repeat(iif($this < 4, $this + 1))': 'number 2, number 3, number 4',
    'name.repeat(given)': 'text Ann, text Bea, text Cleo',
    '(1 | 2 | 3).aggregate($this + $total, 0)': 'number 6',
    '(1 | 2 | 3).aggregate(iif($total.empty(), $this, $total * 10 + $this))': 'number 123',
    '{}.aggregate($this, 5)': 'number 5',
    $total: 'failed',
    "defineVariable('x', 1)": 'failed',
    "name.trace('x').count()": 'number 2',
  })
})

t.test('which functions look from each item of their input', async (t) => {
  const names = [...FUNCTIONS].filter(([, row]) => looksFromItems(row)).map(([name]) => name)
  t.strictSame(names.sort(), [
    'aggregate',
    'all',
    'any',
    'defineVariable',
    'exists',
    'repeat',
    'select',
    'trace',
    'where',
  ])
})
