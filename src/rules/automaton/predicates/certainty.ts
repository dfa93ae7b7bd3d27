import type { ElementType } from '../../../fhir/elements.js'
import { type Call, type Expression, partsOf } from '../../expression/expression.js'
import { holdsText } from './literal-test.js'
import { pathOf } from './path.js'

const ON_ANY = new Set(['=', '!=', 'and', 'or', 'xor', 'implies', '|'])
const ORDERING = new Set(['<', '<=', '>', '>='])
/** Functions on any input that look at each item once; their arguments are judged on items of an unknown type. */
const ON_ITEMS = new Set([
  'exists',
  'any',
  'empty',
  'not',
  'where',
  'all',
  'first',
  'last',
  'tail',
  'count',
  'ofType',
  'as',
  'is',
])
const ON_TEXTS = new Set([
  'length',
  'upper',
  'lower',
  'trim',
  'startsWith',
  'endsWith',
  'contains',
  'indexOf',
])

/**
 * Whether evaluating an expression on an element of a type can neither fail, nor look outside the element, nor take
 * more than a few steps for each part of it. `type` is undefined if it is not known.
 */
export function isTotal(expression: Expression, type: ElementType | undefined): boolean {
  switch (expression.op) {
    case 'empty':
    case 'this':
      return true
    case 'literal':
      return ['string', 'boolean', 'integer', 'type'].includes(expression.kind)
    case 'member':
      return expression.input === undefined || isTotal(expression.input, type)
    case 'type':
      return isTotal(expression.input, type)
    case 'at': {
      const { input, position } = expression
      return position.op === 'literal' && position.kind === 'integer' && isTotal(input, type)
    }
    case 'binary': {
      const { operator, left, right } = expression
      if (!isTotal(left, type) || !isTotal(right, type)) return false
      return ON_ANY.has(operator) || (ORDERING.has(operator) && isNumber(left) && isNumber(right))
    }
    case 'call':
      return isTotalCall(expression, type)
    default:
      return false
  }
}

/** Whether an expression looks at nothing but the element that it is evaluated on, and the elements in it. */
export const isLocal = (expression: Expression): boolean =>
  expression.op !== 'variable' &&
  expression.op !== 'index' &&
  expression.op !== 'total' &&
  partsOf(expression).every(isLocal)

const ON_CHILDREN = new Set(['children', 'descendants', 'extension', 'nodesByType', 'nodesByName'])

/** Whether an expression may look at the children of the elements that it is evaluated on or reaches. */
export function looksAtChildren(expression: Expression): boolean {
  if (expression.op === 'member' && !/^[A-Z]/.test(expression.name)) return true
  if (expression.op === 'call' && ON_CHILDREN.has(expression.name)) return true
  return partsOf(expression).some(looksAtChildren)
}

function isTotalCall({ name, args, input }: Call, type: ElementType | undefined): boolean {
  if (input !== undefined && !isTotal(input, type)) return false
  if (ON_ITEMS.has(name)) return args.every((argument) => isTotal(argument, undefined))
  if (name === 'extension') return args.every(isText)
  return ON_TEXTS.has(name) && args.every(isText) && isSingleText(input ?? { op: 'this' }, type)
}

const isText = (expression: Expression): boolean =>
  expression.op === 'literal' && expression.kind === 'string'

/** Whether an expression always gives one number. */
const isNumber = (expression: Expression): boolean =>
  expression.op === 'literal'
    ? expression.kind === 'integer'
    : expression.op === 'call' && (expression.name === 'count' || expression.name === 'length')

/** Whether a path from an element of a type leads to at most one element, and that holds a text. */
export const isSingleText = (expression: Expression, type: ElementType | undefined): boolean =>
  isSingle(expression, type, holdsText)

/** Whether a path from an element of a type leads to at most one element, and that holds a number. */
export const isSingleNumber = (expression: Expression, type: ElementType | undefined): boolean =>
  isSingle(expression, type, ({ jsonKind }) => jsonKind === 'number')

function isSingle(
  expression: Expression,
  type: ElementType | undefined,
  isWanted: (leaf: ElementType) => boolean,
): boolean {
  const path = pathOf(expression)
  let leaf = type
  if (path === undefined) return false
  for (const step of path) {
    if (step.kind === 'where') return false
    if (step.kind === 'type') {
      if (leaf?.name !== step.name) return false
      continue
    }
    const members = [...(leaf?.members.values() ?? [])].filter(({ name }) => name === step.name)
    const [member] = members
    if (member === undefined || members.length > 1 || member.cardinality === 'many') return false
    leaf = member.type
  }
  return leaf !== undefined && isWanted(leaf)
}
