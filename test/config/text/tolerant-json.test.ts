import t from 'tap'
import { readTolerantJson, TolerantJsonError } from '../../../src/config/text/tolerant-json.js'

const READABLE: readonly (readonly [string, string, unknown])[] = [
  ['plain JSON', '{"a":[1,-2.5,1e2,true,false,null,"x"]}', { a: [1, -2.5, 100, true, false, null, 'x'] }],
  ['a byte order mark', '\uFEFF{}', {}],
  ['comments', '// first\n{/* a */"a"/**/:1 // last\n}//', { a: 1 }],
  ['trailing commas', '{"a":[1,2,],}', { a: [1, 2] }],
  ['single quotes', `{'a':'it"s','b':"it's"}`, { a: 'it"s', b: "it's" }],
  ['bare names', '{a_1:1,$b:2}', { a_1: 1, $b: 2 }],
  ['escapes', String.raw`"\u0041\n\/\"\'\\"`, 'A\n/"\'\\'],
]
const REFUSED: readonly (readonly [string, string, string, number, number])[] = [
  ['nothing', '', 'it ends too early', 1, 1],
  ['a name given twice', '{"a":1,\n "a":2}', 'a name that this object already has', 2, 2],
  ['an unfinished object', '{"a":1', '"," or "}" was expected here', 1, 7],
  ['an unfinished text', '["abc', 'a text without end', 1, 2],
  ['a line break in a text', '["a\nb"]', 'a text without end', 1, 2],
  ['text after the end', '{} x', 'text after the end', 1, 4],
  ['a comment without end', '{/* ', 'a comment without end', 1, 2],
  ['an octal number', '[010]', 'a value was expected here', 1, 2],
  ['NaN', '[NaN]', 'a value was expected here', 1, 2],
  ['an unknown escape', String.raw`"\q"`, 'an unknown escape', 1, 2],
  ['nesting without end', '['.repeat(100), 'nested more than 64 deep', 1, 66],
]

for (const [name, text, value] of READABLE)
  t.test(`a configuration with ${name} is read`, async (t) => {
    t.same(readTolerantJson(text).value, value)
  })

for (const [name, text, message, line, column] of REFUSED)
  t.test(`${name} is an error that says where`, async (t) => {
    try {
      readTolerantJson(text)
      t.fail('it was read')
    } catch (error) {
      t.ok(error instanceof TolerantJsonError)
      t.match(error, { message, line, column })
    }
  })

t.test('integer-like keys keep the order of the file', async (t) => {
  const { value, keysOf } = readTolerantJson('{"2":"b","1":"a","x":{}}')
  t.same(keysOf(value as object), ['2', '1', 'x'])
})

t.test('__proto__ is a name like any other', async (t) => {
  const { value } = readTolerantJson('{"__proto__":{"a":1}}')
  t.ok(Object.hasOwn(value as object, '__proto__'))
  t.equal((value as { a?: number }).a, undefined)
})
