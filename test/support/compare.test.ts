import t from 'tap'
import { differences } from './compare.js'

const equal: readonly (readonly [string, unknown, unknown])[] = [
  ['another order of properties', { a: 1, b: 2 }, { b: 2, a: 1 }],
  ['null, "", [], {} and absent', { a: null, b: '', c: [], d: {} }, {}],
  ['an object of nothing but absent things', { a: { b: { c: null } } }, {}],
  ['nulls at the end of an array', { a: ['x', null, null] }, { a: ['x'] }],
  ['an array of nulls', { a: [null] }, {}],
  ['white space at the ends of strings', { a: ' x\u0085\n' }, { a: 'x' }],
  ['trailing zeros of a fraction', { a: '2020-01-01T00:00:00.120Z' }, { a: '2020-01-01T00:00:00.12Z' }],
  ['a fraction of zeros', { a: '2020-01-01T00:00:00.000+01:00' }, { a: '2020-01-01T00:00:00+01:00' }],
  ['Z and +00:00', { a: '2020-01-01T00:00:00Z' }, { a: '2020-01-01T00:00:00+00:00' }],
  ['numbers by value', JSON.parse('{"a":1.50}'), JSON.parse('{"a":15e-1}')],
]

const different: readonly (readonly [string, unknown, unknown, string])[] = [
  ['another order of an array', { a: [1, 2] }, { a: [2, 1] }, 'a[0]'],
  ['a null inside an array', { a: [null, 'x'] }, { a: ['x'] }, 'a[0]'],
  ['a missing property', { a: { b: 1 }, z: 1 }, { a: {}, z: 1 }, 'a'],
  ['a number and its text', { a: 1 }, { a: '1' }, 'a'],
  ['white space inside', { a: 'x  y' }, { a: 'x y' }, 'a'],
  ['another offset', { a: '2020-01-01T00:00:00Z' }, { a: '2020-01-01T01:00:00+01:00' }, 'a'],
  ['a fraction', { a: '2020-01-01T00:00:00.1Z' }, { a: '2020-01-01T00:00:00Z' }, 'a'],
  ['casing', { a: 'x' }, { a: 'X' }, 'a'],
  ['false and absent', { a: false, z: 1 }, { z: 1 }, 'a'],
  ['0 and absent', { a: 0, z: 1 }, { z: 1 }, 'a'],
  ['a __proto__ key', JSON.parse('{"__proto__":{"a":1},"z":1}'), { z: 1 }, '__proto__'],
]

t.test('resources are equal that the golden README calls equal', async (t) => {
  for (const [name, a, b] of equal) {
    t.strictSame(differences(a, b), [], name)
    t.strictSame(differences(b, a), [], `${name}, the other way round`)
  }
})

t.test('resources are different that it does not call equal', async (t) => {
  for (const [name, a, b, path] of different) {
    t.equal(differences(a, b)[0]?.path, path, name)
    t.ok(differences(b, a).length > 0, `${name}, the other way round`)
  }
})
