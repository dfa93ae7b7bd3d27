import t from 'tap'
import { isCondition } from '../../../src/load/prepare/search-query.js'

t.test('a condition has criteria with values', async (t) => {
  for (const query of [
    'identifier=http://a|b',
    'identifier=a|b&name:exact=x',
    'general-practitioner.name=x',
    '_id=a',
    '_tag:not=a|b',
    '_has:Observation:patient:code=1',
    'name=a=b',
  ])
    t.ok(isCondition(query), query)
  for (const query of [
    '',
    '&',
    'identifier',
    'identifier=',
    '=x',
    'identifier=a&',
    'a=b&&c=d',
    'a b=c',
    `a=${'x'.repeat(6000)}`,
  ])
    t.notOk(isCondition(query), query.slice(0, 20))
})

t.test('a condition does not shape the answer', async (t) => {
  for (const name of [
    '_format',
    '_count',
    '_summary',
    '_include',
    '_include:iterate',
    '_elements',
    '%5fformat',
    '_new',
  ])
    t.notOk(isCondition(`identifier=a|b&${name}=x`), name)
})
