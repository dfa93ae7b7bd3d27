import t from 'tap'
import { checkGeneralizeExpression } from '../../../src/anonymizer/methods/generalize.js'
import { type LeafOutcome, leafMethod, leafOf } from '../../support/leaves.js'
import { skipVectors, vectors } from '../../support/vectors.js'

interface Item {
  readonly type: string
  readonly value: string | null
  readonly otherValues?: string
  readonly expect: unknown
}
interface Generalize {
  readonly groups: { readonly name: string; readonly cases: Record<string, string>; readonly items: Item[] }[]
  readonly runtimeErrors: { readonly items: (Item & { readonly cases: Record<string, string> })[] }
}

const generalize = (cases: Readonly<Record<string, string>>, item: Omit<Item, 'expect'>): LeafOutcome =>
  leafMethod({
    method: 'generalize',
    cases: Object.entries(cases),
    otherValues: item.otherValues === 'Keep' ? 'keep' : 'redact',
  })(leafOf(item.type, item.value ?? ''))

t.test('cases are decided as by the original', { skip: skipVectors }, async (t) => {
  for (const group of vectors<Generalize>('generalize').groups)
    for (const item of group.items) {
      // The caller keeps empty values away from methods.
      if (item.value === null) continue
      const outcome = generalize(group.cases, item)
      const value = typeof item.expect === 'number' ? Number(outcome.value) : outcome.value
      t.strictSame(
        [value, outcome.records],
        [item.expect, ['GENERALIZE']],
        `${group.name}: ${JSON.stringify(item)}`,
      )
    }
})

t.test('what the original cannot evaluate fails, skippably', { skip: skipVectors }, async (t) => {
  for (const item of vectors<Generalize>('generalize').runtimeErrors.items)
    t.match(generalize(item.cases, item), { failed: /^generalize: /, skippable: true }, JSON.stringify(item))
})

/** The value of `$this` under one always-true case; `fails` where it fails. */
function generalizedTo(expression: string, type: string, text: string): unknown {
  const outcome = generalize({ true: expression }, { type, value: text })
  return outcome.failed === undefined ? outcome.value : 'fails'
}

t.test('expressions have the original engine’s results', async (t) => {
  for (const [expression, type, text, expected] of [
    // Across kinds: = and in are false, an order or a text function fails.
    ['$this = 5', 'string', '5', false],
    ["$this = '5'", 'integer', '5', false],
    ["$this != '5'", 'integer', '5', true],
    ["$this in ('x' | 'y')", 'boolean', 'True', false],
    ["$this < '6'", 'integer', '5', 'fails'],
    ['$this < @2015', 'string', '2014', 'fails'],
    ['$this.length() > 1', 'integer', '55', 'fails'],
    ["$this.startsWith('2')", 'date', '2015', 'fails'],
    ['$this.length()', 'boolean', 'True', 'fails'],
    ['$this.toString().length()', 'integer', '55', 2],
    ['$this = true', 'boolean', 'True', true],
    ['$this = true', 'string', 'true', false],
    // Dates compare part by part in UTC.
    ['$this < @2015-02-07', 'dateTime', '2015-02-07T00:30:00+02:00', true],
    ['$this = @2015', 'date', '2015-01-01', null],
    ['$this > @2014', 'date', '2015-01-01', true],
    ['$this > @2015', 'date', '2015-02', null],
    ['$this > @2015-02', 'date', '2015-02-07', null],
    ['$this > @2015-02-07', 'dateTime', '2015-02-07T10', null],
    ['$this > @2015-02-07T10', 'dateTime', '2015-02-07T10:30', null],
    ['$this > @2015-02-07T10:30', 'dateTime', '2015-02-07T10:30:05', null],
    ['$this > @2015-02-07T10:30:05', 'dateTime', '2015-02-07T10:30:05.5', true],
    ['$this > @T10', 'time', '10:30', null],
    ['$this > @T10:30', 'time', '11:00', true],
    ['$this = @T10', 'date', '2015', false],
    ['$this < @T10', 'date', '2015', 'fails'],
    ['$this ~ @2015', 'date', '2015-01-01', false],
    ['$this = @2015-02-07T10:00:00Z', 'dateTime', '2015-02-07T12:00:00+02:00', true],
    ['$this = @2015-02-07T10:00:00', 'dateTime', '2015-02-07T10:00:00Z', null],
    ['$this + 1 year', 'date', '2016-02-29', '2017-02-28'],
    ['$this.toDate()', 'dateTime', '2015-02-07T12:00:00+02:00', '2015-02-07+02:00'],
    // Numbers.
    ['$this <= 5', 'integer', '5', true],
    ['$this >= 5.0', 'integer', '5', true],
    ['$this < 5.0', 'integer', '5', false],
    ['$this = ($this | 6)', 'integer', '5', false],
    ['$this / 4', 'integer', '5', 1.25],
    ['$this / 0', 'integer', '5', null],
    ['$this div 2', 'integer', '5', 2],
    ['$this div 2', 'decimal', '5.5', '2'],
    ['$this mod 2', 'integer', '5', 1],
    ['$this + 2147483647', 'integer', '5', 'fails'],
    ['$this.round(0)', 'decimal', '2.5', 2],
    ['$this.round(1)', 'decimal', '-2.55', -2.6],
    ['$this.floor()', 'decimal', '-2.5', -3],
    ['$this.ceiling()', 'decimal', '2.1', 3],
    ['-$this', 'integer', '5', -5],
    // Texts.
    ['$this.substring(0, 3)', 'string', 'ab', 'ab'],
    ['$this.substring(2)', 'string', 'ab', null],
    ["$this & '!'", 'string', 'ab', 'ab!'],
    ["$this + '!'", 'integer', '5', 'fails'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: .NET's notation of a group
    ["$this.replaceMatches('(?<first>.)(.)', '$2${first}')", 'string', 'ab', 'ba'],
    ["$this.matches('b')", 'string', 'abc', true],
    ["$this.matches('^\\\\d$')", 'string', '٣', true],
    ["$this.startsWith('a')", 'string', '\u00adab', true],
    ["$this.startsWith('a')", 'string', 'a\u0301b', false],
    ["$this ~ 'ÉA'", 'string', 'ea', true],
    ["iif($this = 'a', 'is a', 'is not')", 'string', 'a', 'is a'],
    ["$this.toChars().where($this != 'a').join('')", 'string', 'banana', 'bnn'],
    ['$this.toChars().aggregate($total + 1, 0)', 'string', 'abc', 3],
    // The node itself, its children, its type.
    ['$this', 'decimal', '1.50', '1.50'],
    ['True', 'string', 'a', null],
    ['$this is string', 'string', 'a', true],
    ['$this is String', 'string', 'a', false],
    ['$this is string', 'code', 'a', false],
    ["'a' is System.String", 'code', 'a', true],
    ['%resource', 'string', 'a', 'fails'],
    ['{}', 'string', 'a', null],
    ["'a' | 'b'", 'string', 'a', 'fails'],
    ['today()', 'date', '2015', '2026-11-21'],
  ] as const)
    t.strictSame(generalizedTo(expression, type, text), expected, `${expression} on ${type} ${text}`)
})

t.test('a condition that is empty or no boolean takes its case; only false rejects', async (t) => {
  for (const [condition, taken] of [
    ['{}', true],
    ["'text'", true],
    ["'a' | 'b'", true],
    ['5', true],
    ['true', true],
    ['false', false],
    ['$this.extension.value', true],
    ['{} and true', true],
    ['{} and false', false],
    ["'text' and true", true],
    ["'text'.not()", false],
  ] as const)
    t.equal(
      generalize({ [condition]: "'taken'" }, { type: 'string', value: 'a' }).value,
      taken ? 'taken' : null,
      condition,
    )
})

t.test('a value that is not of its type fails instead of passing', async (t) => {
  for (const [type, text] of [
    ['date', 'yesterday'],
    ['date', '2015-02-30'],
    ['integer', 'five'],
    ['boolean', 'maybe'],
    ['time', '25:00'],
  ] as const)
    t.equal(generalizedTo('$this', type, text), 'fails', `${type} ${text}`)
})

t.test('expressions that do not compile are reported', async (t) => {
  for (const text of ['', '$this <', 'resolve()', '$this.length(1)', '1e5', '99999999999'])
    t.type(checkGeneralizeExpression(text), 'string', text)
  for (const text of ['true', "$this in ('x' | 'y')", '@1900-01-01', '$this.substring(0,3)'])
    t.equal(checkGeneralizeExpression(text), undefined, text)
})
