import type { Binary } from '../expression/expression.js'
import { add, divide, multiply, remainder, subtract, wholeQuotient } from './arithmetic.js'
import {
  answer,
  equalCollections,
  equivalentCollections,
  includes,
  singleValue,
  truth,
  united,
} from './collections.js'
import { order } from './comparison.js'
import type { Evaluation } from './evaluation.js'
import { fail } from './evaluation-error.js'
import { type Items, isNode, NOTHING } from './item.js'
import { type LiteralSet, literalSet } from './literal-set.js'
import type { Frame } from './scope.js'
import { boolean, string, type Value } from './value.js'

type OnValues = (left: Value, right: Value) => Value | undefined
type OnCollections = (left: Items, right: Items, evaluation: Evaluation) => Items

const ordered =
  (holds: (sign: number) => boolean): OnValues =>
  (left, right) => {
    const sign = order(left, right)
    return sign === undefined ? undefined : boolean(holds(sign))
  }

/** Operators on single values; with an empty operand the result is empty. */
const ON_VALUES: ReadonlyMap<string, OnValues> = new Map<string, OnValues>([
  ['+', add],
  ['-', subtract],
  ['*', multiply],
  ['/', divide],
  ['div', wholeQuotient],
  ['mod', remainder],
  ['<', ordered((sign) => sign < 0)],
  ['<=', ordered((sign) => sign <= 0)],
  ['>', ordered((sign) => sign > 0)],
  ['>=', ordered((sign) => sign >= 0)],
])

const ON_COLLECTIONS: ReadonlyMap<string, OnCollections> = new Map<string, OnCollections>([
  ['|', united],
  ['&', joined],
  ['=', (a, b, evaluation) => answer(equalCollections(a, b, evaluation))],
  ['!=', (a, b, evaluation) => answer(negated(equalCollections(a, b, evaluation)))],
  ['~', (a, b, evaluation) => answer(equivalentCollections(a, b, evaluation))],
  ['!~', (a, b, evaluation) => answer(!equivalentCollections(a, b, evaluation))],
  ['in', (a, b, evaluation) => contained(a, b, evaluation)],
  ['contains', (a, b, evaluation) => contained(b, a, evaluation)],
  ['and', (a, b, evaluation) => answer(and(truth(a, evaluation), truth(b, evaluation)))],
  ['or', (a, b, evaluation) => answer(or(truth(a, evaluation), truth(b, evaluation)))],
  ['xor', (a, b, evaluation) => answer(xor(truth(a, evaluation), truth(b, evaluation)))],
  ['implies', (a, b, evaluation) => answer(or(negated(truth(a, evaluation)), truth(b, evaluation)))],
])

/** Evaluates a binary operator. Both operands are always evaluated. */
export function operated({ operator, left, right }: Binary, frame: Frame, evaluation: Evaluation): Items {
  const a = evaluation.run(left, frame)
  if (operator === 'in') {
    const isIn = isInLiterals(a, literalSet(right), evaluation)
    if (isIn !== undefined) return [boolean(isIn)]
  }
  const b = evaluation.run(right, frame)
  const onCollections = ON_COLLECTIONS.get(operator)
  if (onCollections !== undefined) return onCollections(a, b, evaluation)
  const x = singleValue(a, evaluation)
  const y = singleValue(b, evaluation)
  if (x === undefined || y === undefined) return NOTHING
  if (x.kind === 'string' && y.kind === 'string') evaluation.budget.spendText(x.text.length + y.text.length)
  const result = ON_VALUES.get(operator)?.(x, y)
  return result === undefined ? NOTHING : [result]
}

/** Whether a single text is one of a set; undefined if there is no set, or not a single text. */
function isInLiterals(
  sought: Items,
  set: LiteralSet | undefined,
  evaluation: Evaluation,
): boolean | undefined {
  const [item] = sought
  if (set === undefined || item === undefined || sought.length > 1) return undefined
  const value = isNode(item) ? evaluation.scope.valueOf(item) : item
  if (value?.kind !== 'string') return undefined
  evaluation.budget.spendText(value.text.length)
  return set.texts.has(value.text)
}

/** `&`: an empty side counts as ''. */
function joined(a: Items, b: Items, evaluation: Evaluation): Items {
  const left = textOf(singleValue(a, evaluation))
  const right = textOf(singleValue(b, evaluation))
  evaluation.budget.spendText(left.length + right.length)
  return [string(left + right)]
}

function textOf(value: Value | undefined): string {
  if (value === undefined) return ''
  return value.kind === 'string' ? value.text : fail('& joins texts')
}

/** `in`: whether all items of a collection are in the other; empty if there are none. */
const contained = (sought: Items, items: Items, evaluation: Evaluation): Items =>
  sought.length === 0 ? NOTHING : [boolean(sought.every((item) => includes(items, item, evaluation)))]

/** Three-valued logic; undefined is empty. */
type Truth = boolean | undefined

const negated = (value: Truth): Truth => (value === undefined ? value : !value)

function and(a: Truth, b: Truth): Truth {
  if (a === false || b === false) return false
  return a === undefined || b === undefined ? undefined : true
}

function or(a: Truth, b: Truth): Truth {
  if (a === true || b === true) return true
  return a === undefined || b === undefined ? undefined : false
}

const xor = (a: Truth, b: Truth): Truth => (a === undefined || b === undefined ? undefined : a !== b)
