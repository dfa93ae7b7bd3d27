// Holds src/rules/evaluate/pattern.ts, src/rules/evaluate/pattern-cost.ts.
import t from 'tap'
import { Budget } from '../../../src/rules/evaluate/budget.js'
import { Pattern } from '../../../src/rules/evaluate/pattern.js'
import { backtracking } from '../../../src/rules/evaluate/pattern-cost.js'
import { fuzzSeconds, seededRandom } from '../../support/random.js'

function pattern(text: string): Pattern {
  const found = Pattern.of(text)
  if (found === undefined) throw new Error(`no pattern: ${text}`)
  return found
}

const isIn = (text: string, source: string): boolean => pattern(source).isIn(text, new Budget(0))

t.test('patterns as .NET reads them', async (t) => {
  for (const [source, text, expected] of [
    ['b', 'abc', true],
    ['^b', 'abc', false],
    ['^\\d+$', '٣4', true],
    ['a.b', 'a\rb', true],
    ['a.b', 'a\nb', false],
    ['a[.]b', 'axb', false],
    ['a\\.b', 'a.b', true],
    ['\\p{Lu}', 'aB', true],
    ['(?<x>a)\\k<x>', 'aa', true],
    ['^.$', '😀', true],
  ] as const)
    t.equal(isIn(text, source), expected, `${source} in ${JSON.stringify(text)}`)
  t.equal(Pattern.of('('), undefined)
})

t.test('what a backtracking matcher may have to try', async (t) => {
  for (const [source, atTen] of [
    ['abc', 11],
    ['a*', 121],
    ['a*b*', 1331],
    ['a?', 22],
    ['a|b|c', 33],
    ['[a*]', 11],
    ['\\*', 11],
    ['a{3}', 33],
    ['a{2,3}', 44],
    ['(ab)*', 121],
    ['(a|b)*', Number.POSITIVE_INFINITY],
    ['(a+)+', Number.POSITIVE_INFINITY],
    ['(?:a?){30}', Number.POSITIVE_INFINITY],
    ['(?<x>a*)?', 242],
    ['(a|b)', 22],
  ] as const)
    t.equal(backtracking(source)(10), atTen, source)
})

t.test('a pattern that could take for ever is matched in linear time', async (t) => {
  t.equal(isIn(`${'a'.repeat(50)}!`, '^(a+)+$'), false)
  t.equal(isIn(`${'a'.repeat(50)}`, '^(a|a)*$'), true)
  t.equal(isIn('a\u2003b', '(\\s+)+'), true)
  t.equal(isIn('é', '(\\u00e9+)+'), true)
})

t.test('one that RE2 does not know fails', async (t) => {
  for (const source of ['(?=a)(a+)+$', '(a+)+\\1']) {
    t.equal(pattern(source).isHopeless, true, source)
    t.throws(() => isIn('a', source), /forever/)
  }
  t.equal(pattern('(?=a)a+').isHopeless, false)
})

const PIECES = [
  'a',
  'b',
  '[ab]',
  '.',
  '\\d',
  '\\s',
  '\\w',
  'x',
  '(a)',
  '(a|b)',
  '(?:ab)',
  '\\b',
  '[^a]',
  '\\S',
]
const QUANTIFIERS = ['', '', '', '*', '+', '?', '{2}', '{1,2}', '*?', '+?']

function matchesOf(source: string, text: string): readonly string[] {
  const found: string[] = []
  for (const { start, end, group } of pattern(source).matches(text, new Budget(0)))
    found.push(`${start}-${end} ${group('1') ?? 'none'}`)
  return found
}

t.test('both matchers find the same', async (t) => {
  const random = seededRandom('patterns')
  const end = Date.now() + (fuzzSeconds(6) * 1000) / 6
  let found = 0
  for (let round = 0; round < 500 || Date.now() < end; round++) {
    const count = random.between(1, 4)
    const parts = Array.from({ length: count }, () => random.pick(PIECES) + random.pick(QUANTIFIERS))
    const source = parts.join(random.chance(0.1) ? '|' : '')
    const text = Array.from({ length: random.below(12) }, () =>
      random.pick(['a', 'b', 'x', '1', ' ', '\n', 'é']),
    ).join('')
    if (Pattern.of(source) === undefined) continue
    const plain = matchesOf(source, text)
    // A repeated group with choices that matches nothing makes the cost infinite, and with it the choice of RE2.
    const linear = matchesOf(`(?:${source})(?:(?:z?)+z{0})`, text)
    found += plain.length
    if (JSON.stringify(plain) === JSON.stringify(linear)) continue
    t.fail(
      `SLUICE_SEED=${random.seed}: ${source} in ${JSON.stringify(text)}: ${plain.join()} and ${linear.join()}`,
    )
    return
  }
  t.ok(found > 100, 'patterns match')
})
