import type { Binary } from '../../expression/expression.js'
import { contradictionIn } from './contradiction.js'
import { compared } from './equality.js'
import type { Frame, Judge } from './judge.js'
import { either, isNothing, kindsOf, NEVER, NOTHING, type Outcome, type ValueKind, value } from './outcome.js'

const HOLDS = value('boolean')

/** Judges what a binary operator gives, and the faults of its operands (`rules/evaluate/evaluate.ts`). */
export function judgeBinary(judge: Judge, expression: Binary, frame: Frame): Outcome {
  const { operator } = expression
  const inner = operator === '|' ? frame : { ...frame, isCondition: true }
  const left = judge.run(expression.left, inner)
  const right = judge.run(expression.right, inner)
  if (/^(?:and|or|xor|implies)$/.test(operator)) {
    judge.needsCondition(expression.left, left, inner)
    judge.needsCondition(expression.right, right, inner)
  }
  switch (operator) {
    case '|':
      return either(left, right)
    case 'and':
      if (contradicts(judge, expression, frame)) return NEVER
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
      if (!onValues(judge, expression, frame, [left, right])) return NOTHING
      return isNothing(left) || isNothing(right) ? HOLDS : compared(judge, expression, frame, [left, right])
    case '&':
      if (onValues(judge, expression, frame, [left, right])) judge.note(expression, frame, undefined)
      return value('string')
    default:
      if (isNothing(left) || isNothing(right)) return NOTHING
      if (!onValues(judge, expression, frame, [left, right])) return NOTHING
      if (/^[<>]/.test(operator)) return ordered(judge, expression, frame, [left, right])
      judge.note(expression, frame, undefined)
      return { ...value('number'), values: RESULTS[operator] ?? new Set(['number']) }
  }
}

/** Numbers add, texts join, dates move. */
const RESULTS: Readonly<Record<string, ReadonlySet<ValueKind>>> = {
  '+': new Set(['number', 'string', 'moment']),
  '-': new Set(['number', 'moment']),
}

function contradicts(judge: Judge, expression: Binary, frame: Frame): boolean {
  const text = contradictionIn(judge, expression, frame)
  if (text === undefined) judge.note(expression, frame, undefined)
  else judge.note(expression, frame, { kind: 'condition', text, places: [] })
  return text !== undefined
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

/** Values of different kinds have no order, so comparing them fails. */
function ordered(judge: Judge, expression: Binary, frame: Frame, [left, right]: Operands): Outcome {
  const mine = kindsOf(left)
  const theirs = kindsOf(right)
  const isFine = mine === undefined || theirs === undefined || [...mine].some((kind) => theirs.has(kind))
  const text = 'values of different kinds have no order'
  const fault = judge.partlyFails(left) ?? judge.partlyFails(right)
  judge.note(expression, frame, isFine ? fault : { kind: 'fails', text, places: left.places ?? [] })
  return HOLDS
}
