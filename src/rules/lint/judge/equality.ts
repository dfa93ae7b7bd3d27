import { parseMoment } from '../../../fhir/dates.js'
import type { Binary, Expression } from '../../expression/expression.js'
import { codesAt } from '../elements/bindings.js'
import { isSingle } from './contradiction.js'
import type { FaultFacts } from './faults.js'
import type { Frame, Judge } from './judge.js'
import { type ComparedKind, kindsOf, NEVER, type Outcome, value } from './outcome.js'

type Operands = readonly [Outcome, Outcome]

const HOLDS = value('boolean')

/** Judges `=`, `~`, `in`, `contains` and their negations. Values of different kinds are never equal. */
export function compared(judge: Judge, expression: Binary, frame: Frame, operands: Operands): Outcome {
  const fault = faultOf(judge, expression, frame, operands)
  judge.note(expression, frame, fault)
  return fault?.kind === 'condition' && !expression.operator.startsWith('!') ? NEVER : HOLDS
}

function faultOf(
  judge: Judge,
  expression: Binary,
  frame: Frame,
  [left, right]: Operands,
): FaultFacts | undefined {
  const mine = kindsOf(left)
  const theirs = kindsOf(right)
  if (mine !== undefined && theirs !== undefined && !shares(mine, theirs)) {
    // An invalid date is compared as a text, so a text that is not a date may still match in invalid data.
    const kind = isOddText(left, theirs) || isOddText(right, mine) ? 'pointless' : 'condition'
    const text = `${[...mine].map(nameOf).join(' or ')} never equals ${[...theirs].map(nameOf).join(' or ')}`
    return { kind, text, places: left.places ?? [] }
  }
  if (left.texts !== undefined && right.texts !== undefined)
    return { kind: 'pointless', text: 'two texts are compared, not an element', places: [] }
  return (
    ofSeveral(judge, expression, frame) ??
    ofCodes(judge, expression, [left, right]) ??
    ofCodes(judge, expression, [right, left])
  )
}

const shares = <T>(some: ReadonlySet<T>, others: ReadonlySet<T>): boolean => {
  for (const one of some) if (others.has(one)) return true
  return false
}

/** `=` with a list: both sides must have the same values in the same order. */
function ofSeveral(judge: Judge, { operator, left, right }: Binary, frame: Frame): FaultFacts | undefined {
  if (!/^!?[=~]$/.test(operator)) return undefined
  const texts = listOf(right)
  if (texts === undefined) return undefined
  const text = `it compares with ${texts} values at once; "in" asks for one of them`
  return { kind: isSingle(judge, left, frame) ? 'condition' : 'pointless', text, places: [] }
}

/** Counts the literals of a union of literals. */
function listOf(expression: Expression): number | undefined {
  if (expression.op !== 'binary' || expression.operator !== '|') return undefined
  const counts = [expression.left, expression.right].map((part) => (part.op === 'literal' ? 1 : listOf(part)))
  const [left, right] = counts
  return left === undefined || right === undefined ? undefined : left + right
}

/** Finds a text that is not among the codes that the other side may hold. */
function ofCodes(
  judge: Judge,
  { operator }: Binary,
  [{ places }, { texts }]: Operands,
): FaultFacts | undefined {
  const codes = codesAt(places, judge.tree.version)
  if (codes === undefined || texts === undefined) return undefined
  const folded = operator.endsWith('~') ? [...codes].map((code) => code.toLowerCase()) : [...codes]
  const odd = texts.find((text) => !folded.includes(operator.endsWith('~') ? text.toLowerCase() : text))
  if (odd === undefined) return undefined
  const text = `'${odd}' is not one of the codes allowed there: ${[...codes].join(', ')}`
  return { kind: 'pointless', text, places: [], codes: [...codes] }
}

const nameOf = (kind: ComparedKind): string =>
  ({
    complex: 'a complex element',
    string: 'a text',
    boolean: 'true or false',
    number: 'a number',
    moment: 'a date',
    quantity: 'a quantity',
  })[kind]

const isOddText = ({ texts, values }: Outcome, others: ReadonlySet<ComparedKind>): boolean =>
  others.has('moment') &&
  values?.has('string') === true &&
  (texts === undefined || texts.some((text) => parseMoment(text, 'dateTime') === undefined))
