import { parseMoment } from '../../fhir/dates.js'
import type { Expression } from '../expression.js'
import { codesOf } from './bindings.js'
import type { Frame, Judge } from './judge.js'
import {
  type ComparedKind,
  either,
  isNothing,
  kindsOf,
  NEVER,
  NOTHING,
  type Outcome,
  value,
} from './outcome.js'

type Binary = Extract<Expression, { op: 'binary' }>

const HOLDS = value('boolean')

/** What a binary operator gives, with what is wrong about its operands (`rules/evaluate.ts`). */
export function judgeBinary(judge: Judge, expression: Binary, frame: Frame): Outcome {
  const { operator } = expression
  const inner = operator === '|' ? frame : { ...frame, isCondition: true }
  const left = judge.run(expression.left, inner)
  const right = judge.run(expression.right, inner)
  switch (operator) {
    case '|':
      return either(left, right)
    case 'and':
      return left.neverTrue || right.neverTrue ? NEVER : HOLDS
    case 'or':
      return left.neverTrue && right.neverTrue ? NEVER : HOLDS
    case 'xor':
      return isNothing(left) || isNothing(right) ? NOTHING : HOLDS
    case 'implies':
      return HOLDS
    case '=':
    case '!=':
    case 'in':
    case 'contains':
      if (isNothing(left) || isNothing(right)) return NEVER
      return compared(judge, expression, frame, [left, right])
    case '~':
    case '!~':
    case '&':
      if (onValues(judge, expression, frame, [left, right])) judge.note(expression, frame, undefined)
      return operator === '&' ? value('string') : HOLDS
    default:
      if (isNothing(left) || isNothing(right)) return NOTHING
      if (!onValues(judge, expression, frame, [left, right])) return NOTHING
      if (/^[<>]/.test(operator)) return ordered(judge, expression, frame, [left, right])
      judge.note(expression, frame, undefined)
      return { ...value('number'), values: undefined }
  }
}

function onValues(judge: Judge, expression: Binary, frame: Frame, operands: readonly Outcome[]): boolean {
  const complex = operands.find(
    ({ places, values }) =>
      values?.size === 0 && places !== undefined && places.length > 0 && places.every(isComplex),
  )
  return complex === undefined || judge.needsValue(expression, complex, frame)
}

const isComplex = ({ type }: { readonly type: { readonly jsonKind: string } }): boolean =>
  type.jsonKind === 'object'

type Operands = readonly [Outcome, Outcome]

/** Values of different kinds are never equal. */
function compared(judge: Judge, expression: Binary, frame: Frame, [left, right]: Operands): Outcome {
  const mine = kindsOf(left)
  const theirs = kindsOf(right)
  if (mine !== undefined && theirs !== undefined && !meet([left, mine], [right, theirs])) {
    const text = `${[...mine].map(nameOf).join(' or ')} never equals ${[...theirs].map(nameOf).join(' or ')}`
    judge.note(expression, frame, { kind: 'condition', text, places: left.places ?? [] })
    return expression.operator === '!=' ? HOLDS : NEVER
  }
  if (left.texts !== undefined && right.texts !== undefined) {
    const text = 'two texts are compared, not an element'
    judge.note(expression, frame, { kind: 'pointless', text, places: [] })
    return HOLDS
  }
  const codes = unknownCode(left, right) ?? unknownCode(right, left)
  judge.note(
    expression,
    frame,
    codes === undefined
      ? undefined
      : { kind: 'pointless', text: `the codes are ${codes.join(', ')}`, places: [] },
  )
  return HOLDS
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

type Side = readonly [Outcome, ReadonlySet<ComparedKind>]

function meet([left, mine]: Side, [right, theirs]: Side): boolean {
  for (const kind of mine) if (theirs.has(kind)) return true
  // A date that is none is compared as a text, so a text that is no date may be met in data that is invalid.
  return isOddText(left, theirs) || isOddText(right, mine)
}

const isOddText = ({ texts, values }: Outcome, others: ReadonlySet<ComparedKind>): boolean =>
  others.has('moment') &&
  values?.has('string') === true &&
  (texts === undefined || texts.some((text) => parseMoment(text, 'dateTime') === undefined))

/** The codes that one side may hold, where the other is texts that are none of them. */
function unknownCode({ places }: Outcome, { texts }: Outcome): readonly string[] | undefined {
  if (places === undefined || places.length === 0 || texts === undefined || texts.length === 0)
    return undefined
  const lists = places.map(codesOf)
  const codes = new Set<string>()
  for (const list of lists) {
    if (list === undefined) return undefined
    for (const code of list) codes.add(code)
  }
  return texts.some((text) => codes.has(text)) ? undefined : [...codes]
}

function ordered(judge: Judge, expression: Binary, frame: Frame, [left, right]: Operands): Outcome {
  const mine = kindsOf(left)
  const theirs = kindsOf(right)
  const isFine =
    mine === undefined ||
    theirs === undefined ||
    [...mine].some((kind) => theirs.has(kind)) ||
    [...mine, ...theirs].includes('quantity') ||
    [...mine, ...theirs].includes('moment')
  judge.note(
    expression,
    frame,
    isFine ? undefined : { kind: 'fails', text: 'values of different kinds have no order', places: [] },
  )
  return HOLDS
}
