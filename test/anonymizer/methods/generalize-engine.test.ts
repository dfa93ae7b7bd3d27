import t from 'tap'
import { fhirPathEngine } from '../../../src/fhir/fhirpath.js'
import { entryOf } from '../../support/elements.js'
import { leafMethod, leafOf } from '../../support/leaves.js'
import { type Random, seededRandom } from '../../support/random.js'

type Kind = 'string' | 'integer' | 'decimal' | 'boolean'

const LITERALS: Readonly<Record<Kind, readonly string[]>> = {
  string: ["'a'", "'ab'", "'banana'", "'Zürich'", "''", "'5'"],
  integer: ['0', '1', '2', '7', '(-3)'],
  decimal: ['0.5', '1.25', '2.0', '(-7.5)'],
  boolean: ['true', 'false'],
}

const TEXTS: Readonly<Record<Kind, readonly string[]>> = {
  string: ['a', 'banana', 'Zürich', 'ab ab', '5'],
  integer: ['0', '5', '-12', '1000'],
  decimal: ['0.25', '5.5', '-2.5', '12.125'],
  boolean: ['True', 'False'],
}

/** What HL7's engine and the original decide alike: `S`, `I`, `D`, `B` stand for expressions of each kind. */
const SHAPES: Readonly<Record<Kind, readonly string[]>> = {
  string: [
    'S + S',
    'S & S',
    'S.upper()',
    'S.lower()',
    'S.substring(I)',
    'S.substring(I, 2)',
    "S.replace('a', S)",
    'iif(B, S, S)',
    'S.trim()',
    'I.toString()',
    "S.toChars().where($this != 'a').join('-')",
  ],
  integer: [
    'S.length()',
    'I + I',
    'I - I',
    'I * I',
    'I div I',
    'I mod I',
    'S.indexOf(S)',
    'I.abs()',
    'D.floor()',
  ],
  decimal: ['D + D', 'D - I', 'D.abs()', 'I * D', 'D + I'],
  boolean: [
    'S = S',
    'S != S',
    'I < I',
    'D <= I',
    'D > D',
    'S < S',
    'I = D',
    'S = I',
    'B and B',
    'B or B',
    'B xor B',
    'B implies B',
    'B.not()',
    'S.startsWith(S)',
    'S.endsWith(S)',
    'S.contains(S)',
    'S in (S | S)',
    '(I | I) contains I',
    'S.exists()',
    'S.empty()',
    '(S | S).count() > 1',
    'S.toInteger().exists()',
    'S.convertsToDecimal()',
    '(I | I | I).all($this > 0)',
    '{} = S',
  ],
}

const KIND_OF: Readonly<Record<string, Kind>> = { S: 'string', I: 'integer', D: 'decimal', B: 'boolean' }

function expressionOf(kind: Kind, depth: number, random: Random, leafKind: Kind): string {
  if (depth === 0) return kind === leafKind && random.below(2) === 0 ? '$this' : random.pick(LITERALS[kind])
  return `(${random
    .pick(SHAPES[kind])
    .replace(/\b[SIDB]\b/g, (letter) =>
      expressionOf(entryOf(KIND_OF, letter), random.below(depth), random, leafKind),
    )})`
}

const jsonOf = (kind: Kind, text: string): unknown =>
  kind === 'string' ? text : kind === 'boolean' ? text === 'True' : Number(text)

function evaluatedByEngine(expression: string, value: unknown): unknown {
  try {
    const result = fhirPathEngine().evaluate(value, expression)
    if (result.length > 1) return 'fails'
    // What is written is trimmed.
    return typeof result[0] === 'string' ? result[0].trim() : (result[0] ?? null)
  } catch {
    return 'fails'
  }
}

const MAX_INTEGER = 2 ** 31 - 1

/** Whether a part of an expression is beyond the integers of FHIRPath, which fails here and not in HL7's engine. */
function hasLargeInteger(expression: string, value: unknown): boolean {
  const open: number[] = []
  for (let at = 0; at < expression.length; at++) {
    if (expression[at] === '(') open.push(at)
    if (expression[at] !== ')') continue
    const part = evaluatedByEngine(expression.slice(open.pop() ?? 0, at + 1), value)
    if (typeof part === 'number' && Math.abs(part) > MAX_INTEGER) return true
  }
  return false
}

t.test('cases have the results of HL7’s engine where both dialects agree', async (t) => {
  const random = seededRandom('generalize')
  let withResult = 0
  for (let k = 0; k < 3000; k++) {
    const leafKind = random.pick<Kind>(['string', 'integer', 'decimal', 'boolean'])
    const expression = expressionOf(
      random.pick<Kind>(['string', 'integer', 'decimal', 'boolean']),
      3,
      random,
      leafKind,
    )
    const text = random.pick(TEXTS[leafKind])
    const outcome = leafMethod({ method: 'generalize', cases: [['true', expression]], otherValues: 'keep' })(
      leafOf(leafKind, text),
    )
    const ours =
      outcome.failed !== undefined ? 'fails' : expression === '$this' ? jsonOf(leafKind, text) : outcome.value
    const theirs = evaluatedByEngine(expression, jsonOf(leafKind, text))
    const isSame =
      ours === theirs ||
      (typeof ours === 'number' &&
        typeof theirs === 'number' &&
        Math.abs(ours - theirs) < 1e-9 * Math.abs(ours)) ||
      (ours === 'fails' && hasLargeInteger(expression, jsonOf(leafKind, text)))
    if (!isSame) return t.fail(`${expression} on ${leafKind} ${text}: ${ours}, HL7's engine: ${theirs}`)
    if (ours !== 'fails' && ours !== null) withResult++
  }
  t.ok(withResult > 1500, `${withResult} of 3000 have a result`)
})
