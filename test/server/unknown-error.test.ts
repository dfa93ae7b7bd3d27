import t from 'tap'
import { describeUnknown } from '../../src/server/unknown-error.js'

t.test('a foreign error is described by its code or name and its places, never by its text', async (t) => {
  const coded = Object.assign(new Error('CANARY in a text'), { code: 'EWHATEVER' })
  t.equal(describeUnknown(coded).error, 'EWHATEVER')
  t.equal(describeUnknown(new TypeError('CANARY')).error, 'TypeError')
  t.equal(describeUnknown('CANARY').error, 'string')
  t.equal(describeUnknown(null).error, 'object')
  const { places } = describeUnknown(coded)
  t.ok(places.length > 0 && places.every((place) => place.startsWith('at ')))
  for (const error of [coded, new TypeError('CANARY\n    at CANARY:1:1x'), 'CANARY', null])
    t.notMatch(JSON.stringify(describeUnknown(error)), 'CANARY')
})
