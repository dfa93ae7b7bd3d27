// Holds src/json/scanner.ts, src/json/byte-classes.ts.
import t from 'tap'
import {
  findFirstMember,
  findMember,
  findStringMember,
  isKey,
  JsonError,
  MAX_DEPTH,
  skipSpace,
  skipValue,
  stringText,
} from '../../src/json/scanner.js'
import { seededRandom } from '../support/random.js'

/** Where the scanner says a text ends that stands amid other bytes; undefined where it says it is no JSON. */
function endOf(text: string): number | undefined {
  const source = Buffer.from(`[,${text}`)
  const end = source.length
  try {
    const at = skipValue(source, skipSpace(source, 2, end), end, 0)
    return skipSpace(source, at, end) === end ? at : undefined
  } catch (error) {
    if (error instanceof JsonError) return undefined
    throw error
  }
}

const accepts = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

const PIECES = [
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '"',
  '\\',
  'u00e9',
  '"a"',
  '0',
  '1',
  '-',
  '.',
  'e',
  '+',
  'true',
  'null',
  ' ',
  '\n',
  '\u0001',
  'é',
  '/',
]

t.test('the scanner accepts what JSON.parse accepts, and nothing else', async (t) => {
  const fixed = [
    '-0',
    '01',
    '1.',
    '.5',
    '1e',
    '1E+5',
    '-',
    '"\\u12"',
    '"\\x"',
    '"\\/"',
    '"',
    '{"a":1,}',
    '[1,]',
    '{"a"}',
    'nul',
    'tru e',
    '[[]]',
    '{}',
    ' 1 ',
    '1 2',
    '"\t"',
  ]
  for (const text of fixed) t.equal(endOf(text) !== undefined, accepts(text), text)
  const random = seededRandom('json')
  let accepted = 0
  for (let run = 0; run < 30_000; run++) {
    const text = Array.from({ length: 1 + random.below(6) }, () => random.pick(PIECES)).join('')
    if (accepts(text)) accepted++
    if ((endOf(text) !== undefined) !== accepts(text))
      return t.fail(`${JSON.stringify(text)}: SLUICE_SEED=${random.seed} repeats it`)
  }
  t.ok(accepted > 100, `${accepted} accepted`)
})

t.test('nesting has a limit, and its fault a code', async (t) => {
  const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
  t.not(endOf(nested(MAX_DEPTH)), undefined)
  const source = Buffer.from(nested(MAX_DEPTH + 1))
  t.throws(() => skipValue(source, 0, source.length, 0), { code: 'TOO_DEEP', name: 'JsonError' })
  t.ok(new JsonError('TOO_DEEP', 0, 'x') instanceof Error)
})

t.test('members are found by their names, however they are written', async (t) => {
  const source = Buffer.from('{ "a" : {"id":1}, "\\u0069d":"\\u00e9x", "id" : "second", "n":[1] }')
  const end = source.length
  const textOf = (range: { readonly start: number; readonly end: number } | undefined) =>
    range && source.toString('utf8', range.start, range.end)
  t.equal(textOf(findMember(source, 0, end, 'id')), '"\\u00e9x"', 'the first of its name, not one deeper')
  t.equal(textOf(findMember(source, 0, end, 'n')), '[1]')
  t.equal(findMember(source, 0, end, 'i'), undefined)
  t.equal(findStringMember(source, 0, end, 'id')?.text, 'éx')
  t.equal(findStringMember(source, 0, end, 'n'), undefined)
  t.equal(textOf(findFirstMember(source, 0, end, ['x', 'n', 'a'])), '[1]', 'the order of the keys decides')
  t.equal(findMember(Buffer.from('{}'), 0, 2, 'id'), undefined)
})

t.test('a key is told by its bytes or by its text', async (t) => {
  for (const [written, key, expected] of [
    ['"id"', 'id', true],
    ['"ids"', 'id', false],
    ['"i"', 'id', false],
    ['"\\u0069d"', 'id', true],
    ['"i\\u0064"', 'id', true],
    ['"\\u0069x"', 'id', false],
  ] as const) {
    const source = Buffer.from(written)
    t.equal(isKey(source, 0, source.length, key), expected, written)
    t.equal(stringText(source, 0, source.length) === key, expected)
  }
})
