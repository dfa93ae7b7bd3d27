import { endsWithCultureAware, startsWithCultureAware, trimText } from '../../../fhir/text.js'
import { singleValue, valuesOf } from '../collections.js'
import { fail } from '../evaluation-error.js'
import type { Invocation } from '../invocation.js'
import { type Items, NOTHING } from '../item.js'
import { patternOf } from '../pattern.js'
import { boolean, integer, string, type Value } from '../value.js'
import { encoding, escaped, unescaped } from './encodings.js'
import { replaced, withMatchesReplaced } from './replacement.js'
import type { ArgumentKind, FunctionRow, Gives } from './row.js'

const row = (
  gives: Gives,
  args: readonly ArgumentKind[],
  of: (text: string, invocation: Invocation) => Items | Value,
): FunctionRow => ({
  takes: 'string',
  args,
  gives,
  run: (invocation) => {
    const value = invocation.value()
    if (value === undefined) return NOTHING
    if (value.kind !== 'string') return fail(`${invocation.call.name}() needs a text`)
    invocation.evaluation.budget.spendText(value.text.length)
    const result = of(value.text, invocation)
    return 'kind' in result ? [result] : result
  },
})

/** A function on a text alone. */
const plain = (gives: Gives, of: (text: string) => Items | Value): FunctionRow => row(gives, [], of)

/** A function on a text with a text argument; empty without the argument. */
const withText = (gives: Gives, of: (text: string, other: string) => Items | Value): FunctionRow =>
  row(gives, ['text'], (text, invocation) => {
    const other = invocation.text(0)
    if (other === undefined) return NOTHING
    invocation.evaluation.budget.spendText(other.length)
    return of(text, other)
  })

const replacing = (kind: 'text' | 'pattern', replace: typeof replaced): FunctionRow =>
  row('string', [kind, 'text'], (text, invocation) => {
    const part = invocation.text(0)
    const replacement = part === undefined ? undefined : invocation.text(1)
    if (part === undefined || replacement === undefined) return NOTHING
    return string(replace(text, { part, replacement }, invocation.evaluation.budget))
  })

/** Makes parts of a text, after charging the budget for them. */
function parts(text: string, separator: string, { evaluation }: Invocation): Items {
  evaluation.budget.spend(2 * text.length)
  return text.split(separator).map(string)
}

function substring(text: string, invocation: Invocation): Items | Value {
  const start = invocation.integer(0)
  if (start === undefined) return NOTHING
  const length = invocation.has(1) ? invocation.integer(1) : undefined
  if (start < 0 || start >= text.length) return NOTHING
  if (length !== undefined && length <= 0) return string('')
  return string(text.slice(start, length === undefined ? undefined : start + length))
}

/** A separator that is not a text counts as missing. */
function joined(invocation: Invocation): Items {
  const { input, evaluation } = invocation
  const separator = singleValue(invocation.collection(0), evaluation)
  const texts = valuesOf(input, evaluation).map((value) =>
    value.kind === 'string' ? value.text : fail('join() needs texts'),
  )
  if (texts.length === 0) return NOTHING
  const between = separator?.kind === 'string' ? separator.text : ''
  const length = texts.reduce((sum, text) => sum + text.length + between.length, 0)
  evaluation.budget.spendText(length)
  return [string(texts.join(between))]
}

const COMPARED_PER_STEP = 512

/** Functions on texts; they fail on every other value. */
export const TEXT_FUNCTIONS: Readonly<Record<string, FunctionRow>> = {
  length: plain('number', (text) => integer(text.length)),
  upper: plain('string', (text) => string(text.toUpperCase())),
  lower: plain('string', (text) => string(text.toLowerCase())),
  trim: plain('string', (text) => string(trimText(text))),
  toChars: row('string', [], (text, invocation) => parts(text, '', invocation)),
  indexOf: withText('number', (text, part) => integer(text.indexOf(part))),
  lastIndexOf: row('number', ['text'], (text, invocation) => {
    const part = invocation.text(0)
    if (part === undefined) return NOTHING
    // This compares the whole part at each position, which indexOf() does not.
    invocation.evaluation.budget.spend(Math.trunc((text.length * part.length) / COMPARED_PER_STEP))
    return integer(text.lastIndexOf(part))
  }),
  startsWith: withText('boolean', (text, start) => boolean(startsWithCultureAware(text, start))),
  endsWith: withText('boolean', (text, end) => boolean(endsWithCultureAware(text, end))),
  contains: withText('boolean', (text, part) => boolean(text.includes(part))),
  matches: row('boolean', ['pattern'], (text, invocation) => {
    const pattern = invocation.text(0)
    return pattern === undefined
      ? NOTHING
      : boolean(patternOf(pattern).isIn(text, invocation.evaluation.budget))
  }),
  replace: replacing('text', replaced),
  replaceMatches: replacing('pattern', withMatchesReplaced),
  substring: { ...row('string', ['count', 'count'], substring), optional: 1 },
  split: row('string', ['text'], (text, invocation) => {
    const separator = invocation.text(0)
    return separator === undefined ? NOTHING : parts(text, separator, invocation)
  }),
  encode: withText('string', (text, format) => string(Buffer.from(text).toString(encoding(format)))),
  decode: withText('string', (text, format) => string(Buffer.from(text, encoding(format)).toString())),
  escape: withText('string', (text, format) => string(escaped(text, format))),
  unescape: withText('string', (text, format) => string(unescaped(text, format))),
  join: { takes: 'value', args: ['text'], optional: 1, gives: 'string', run: joined },
}
