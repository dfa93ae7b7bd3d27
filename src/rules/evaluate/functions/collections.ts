import { distinct, includes, truth, Union, united } from '../collections.js'
import type { Evaluation } from '../evaluation.js'
import { fail } from '../evaluation-error.js'
import type { Invocation } from '../invocation.js'
import type { Item, Items } from '../item.js'
import { boolean, integer } from '../value.js'
import type { ArgumentKind, FunctionRow, Gives } from './row.js'

const row = (
  gives: Gives,
  args: readonly ArgumentKind[],
  run: (invocation: Invocation) => Items,
): FunctionRow => ({ takes: 'anything', args, gives, run })

/** A function of the input alone. */
const plain = (gives: Gives, of: (input: Items, evaluation: Evaluation) => Items): FunctionRow =>
  row(gives, [], ({ input, evaluation }) => of(input, evaluation))

const test = (of: (input: Items, evaluation: Evaluation) => boolean): FunctionRow =>
  plain('boolean', (input, evaluation) => [boolean(of(input, evaluation))])

/** A function of the input and another collection. */
const withOther = (
  gives: Gives,
  of: (input: Items, other: Items, evaluation: Evaluation) => Items,
): FunctionRow =>
  row(gives, ['collection'], (invocation) =>
    of(invocation.input, invocation.collection(0), invocation.evaluation),
  )

const counted = (of: (input: Items, count: number) => Items): FunctionRow =>
  row('input', ['count'], (invocation) => {
    const count = invocation.integer(0) ?? fail(`${invocation.call.name}() takes an integer`)
    return of(invocation.input, Math.max(0, count))
  })

const isTrueItem = (item: Item, evaluation: Evaluation): boolean => truth([item], evaluation) === true
const isFalseItem = (item: Item, evaluation: Evaluation): boolean => truth([item], evaluation) === false

const exists: FunctionRow = {
  ...row('boolean of items', ['condition'], (invocation) => {
    const { input } = invocation
    return [
      boolean(invocation.has(0) ? input.some((item, k) => invocation.holds(item, k)) : input.length > 0),
    ]
  }),
  optional: 1,
}

function repeated(invocation: Invocation): Items {
  const found = new Union(invocation.evaluation)
  let next: readonly Item[] = invocation.input
  while (next.length > 0) {
    const reached = next.flatMap((item, index) => invocation.each(0, item, index))
    next = reached.filter((item) => found.add(item))
  }
  return found.items
}

const aggregate = (invocation: Invocation): Items =>
  invocation.input.reduce<Items>(
    (total, item, index) => invocation.runArgument(0, { self: [item], index, total }),
    invocation.collection(1),
  )

/** Evaluates the condition and the chosen branch on the input as a whole. */
function chosen(invocation: Invocation): Items {
  const frame = { ...invocation.frame, self: invocation.input }
  const isTrue = truth(invocation.runArgument(0, frame), invocation.evaluation) === true
  return invocation.runArgument(isTrue ? 1 : 2, frame)
}

/** Functions on collections of any items. */
export const COLLECTION_FUNCTIONS: Readonly<Record<string, FunctionRow>> = {
  where: row('input that fits', ['condition'], (invocation) =>
    invocation.input.filter((item, index) => invocation.holds(item, index)),
  ),
  select: row('projection', ['projection'], (invocation) =>
    invocation.input.flatMap((item, index) => invocation.each(0, item, index)),
  ),
  repeat: row('repeated projection', ['projection'], repeated),
  aggregate: { ...row('anything', ['projection', 'collection'], aggregate), optional: 1 },
  exists,
  any: exists,
  all: row('boolean', ['condition'], (invocation) => [
    boolean(invocation.input.every((item, index) => invocation.holds(item, index))),
  ]),
  empty: test((input) => input.length === 0),
  not: plain('boolean of condition', (input, evaluation) => {
    const value = truth(input, evaluation)
    return value === undefined ? [] : [boolean(!value)]
  }),
  allTrue: test((input, evaluation) => input.every((item) => isTrueItem(item, evaluation))),
  anyTrue: {
    ...test((input, evaluation) => input.some((item) => isTrueItem(item, evaluation))),
    gives: 'boolean of items',
  },
  allFalse: test((input, evaluation) => input.every((item) => isFalseItem(item, evaluation))),
  anyFalse: {
    ...test((input, evaluation) => input.some((item) => isFalseItem(item, evaluation))),
    gives: 'boolean of items',
  },
  count: plain('number', (input) => [integer(input.length)]),
  first: plain('input', (input) => input.slice(0, 1)),
  last: plain('input', (input) => input.slice(-1)),
  tail: plain('input', (input) => input.slice(1)),
  single: plain('input', (input) => (input.length > 1 ? fail('single() met several items') : input)),
  skip: counted((input, count) => input.slice(count)),
  take: counted((input, count) => input.slice(0, count)),
  distinct: plain('input', distinct),
  isDistinct: test((input, evaluation) => distinct(input, evaluation).length === input.length),
  union: withOther('both inputs', united),
  combine: withOther('both inputs', (input, other, { budget }) => {
    budget.spend(input.length + other.length)
    return [...input, ...other]
  }),
  intersect: withOther('input', (input, other, evaluation) =>
    distinct(input, evaluation).filter((item) => includes(other, item, evaluation)),
  ),
  exclude: withOther('input', (input, other, evaluation) =>
    input.filter((item) => !includes(other, item, evaluation)),
  ),
  subsetOf: withOther('boolean', (input, other, evaluation) => [
    boolean(input.every((item) => includes(other, item, evaluation))),
  ]),
  supersetOf: withOther('boolean', (input, other, evaluation) => [
    boolean(other.every((item) => includes(input, item, evaluation))),
  ]),
  iif: { ...row('one of two branches', ['branch', 'branch', 'branch'], chosen), optional: 1 },
  trace: { ...plain('input', (input) => input), args: ['text', 'projection'], optional: 1 },
  defineVariable: {
    ...row('failure', ['text', 'projection'], () => fail('defineVariable() is not supported')),
    optional: 1,
  },
}
