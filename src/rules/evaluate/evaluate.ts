import type { TreeNode } from '../../fhir/tree.js'
import type { Expression } from '../path/parser.js'
import { type Item, isNode, type Scope } from './scope.js'
import { applyOperator, evaluate as evaluateValue } from './values/evaluate.js'
import { callFunction } from './values/functions.js'
import {
  boolean,
  EvaluationError,
  equal,
  integer,
  isOfType,
  type Item as Value,
  type Items as Values,
} from './values/item.js'

interface Frame {
  readonly focus: readonly Item[]
  readonly self: readonly Item[]
  readonly index: number
}

/** The collection an expression selects from one node, in the original's dialect (law 4). */
export function evaluate(expression: Expression, node: TreeNode, scope: Scope): readonly Item[] {
  return run(expression, { focus: [node], self: [node], index: 0 }, scope)
}

/** A condition: several items or one that is no boolean count as true, nothing as undefined. */
function truth(items: readonly Item[], scope: Scope): boolean | undefined {
  if (items.length === 0) return undefined
  const value = items.length === 1 ? asValue(items[0], scope) : undefined
  return value?.kind === 'boolean' ? value.value : true
}

const asValue = (item: Item, scope: Scope): Value | undefined => (isNode(item) ? scope.valueOf(item) : item)

/** The elements below a node that a path can see. */
function childrenOf(node: TreeNode): readonly TreeNode[] {
  const children = node.body?.children
  if (children === undefined) return NOTHING
  for (const child of children) if (!child.isReal || child.detached) return children.filter(visible)
  return children
}

const NOTHING: readonly TreeNode[] = []
const visible = (child: TreeNode): boolean => child.isReal && !child.detached

function run(expression: Expression, frame: Frame, scope: Scope): readonly Item[] {
  switch (expression.op) {
    case 'literal':
      return evaluateValue(expression, NO_VALUES)
    case 'empty':
      return []
    case 'this':
      return frame.self
    case 'index':
      return [integer(frame.index)]
    case 'total':
      throw new EvaluationError('$total stands only in aggregate()')
    case 'variable':
      return variable(expression.name, scope)
    case 'member':
      return member(inputOf(expression.input, frame, scope), expression.name, expression.delimited)
    case 'call':
      return call(expression, frame, scope)
    case 'at': {
      const position = count(run(expression.position, frame, scope))
      return run(expression.input, frame, scope).slice(position, position + 1)
    }
    case 'type': {
      const items = run(expression.input, frame, scope)
      return expression.operator === 'as' ? ofType(items, expression.type) : isType(items, expression.type)
    }
    case 'sign':
      return onValues({ ...expression, input: INPUT }, [run(expression.input, frame, scope)], scope)
    case 'binary':
      return binary(expression, frame, scope)
  }
}

const inputOf = (input: Expression | undefined, frame: Frame, scope: Scope): readonly Item[] =>
  input === undefined ? frame.focus : run(input, frame, scope)

function variable(name: string, scope: Scope): readonly Item[] {
  if (name === 'resource' || name === 'context') return [scope.resource]
  if (name === 'rootResource') return [scope.root]
  return evaluateValue({ op: 'variable', name }, NO_VALUES)
}

const NO_VALUES = {
  focus: [],
  self: [],
  index: 0,
  total: [],
  today: '',
  variables: new Map<string, Values>(),
}
const INPUT: Expression = { op: 'variable', name: 'input' }
const variableFor = (argument: number): Expression => ({ op: 'variable', name: `argument${argument}` })

/** A function or sign on values: its input and arguments are there already, and stand as variables. */
function onValues(
  expression: Extract<Expression, { op: 'call' | 'sign' }>,
  [input, ...args]: readonly (readonly Item[])[],
  scope: Scope,
): Values {
  const variables = new Map(args.map((arg, k) => [`argument${k}`, valuesOf(arg, scope)]))
  variables.set('input', valuesOf(input, scope))
  const values = { ...NO_VALUES, today: scope.asOf, variables }
  if (expression.op === 'sign') return evaluateValue(expression, values)
  return callFunction(expression, { input: valuesOf(input, scope), scope: values, evaluate: evaluateValue })
}

/** What primitives hold; one that holds nothing (any more) is no item, a complex element has no value at all. */
function valuesOf(items: readonly Item[], scope: Scope): Values {
  const values: Value[] = []
  for (const item of items) {
    if (isNode(item) && item.type.jsonKind === 'object')
      throw new EvaluationError('a function on values meets a complex element')
    const value = asValue(item, scope)
    if (value !== undefined) values.push(value)
  }
  return values
}

/** A capitalised name is a type test at every depth, any other the children of that name. */
function member(items: readonly Item[], name: string, delimited: boolean): readonly Item[] {
  const found: Item[] = []
  const prefix = delimited && name.endsWith('*') ? name.slice(0, -1) : undefined
  const first = name.charCodeAt(0)
  for (const item of items) {
    if (!isNode(item)) continue
    if (first >= 65 && first <= 90) {
      if (item.type.name === name || name === 'Resource' || name === 'DomainResource') found.push(item)
      continue
    }
    for (const child of childrenOf(item))
      if (prefix === undefined ? child.name === name : child.name.startsWith(prefix)) found.push(child)
  }
  return found
}

type Call = Extract<Expression, { op: 'call' }>

function call(expression: Call, frame: Frame, scope: Scope): readonly Item[] {
  const items = inputOf(expression.input, frame, scope)
  const args = expression.args
  const argument = (): readonly Item[] => run(args[0], { ...frame, focus: frame.self }, scope)
  const each = (item: Item, index: number): readonly Item[] =>
    run(args[0], { focus: [item], self: [item], index }, scope)
  const holds = (item: Item, index: number): boolean => truth(each(item, index), scope) === true
  switch (expression.name) {
    case 'where':
      return items.filter(holds)
    case 'select':
      return items.flatMap(each)
    case 'exists':
    case 'any':
      return [boolean(args.length === 0 ? items.length > 0 : items.some(holds))]
    case 'all':
      return [boolean(items.every(holds))]
    case 'empty':
      return [boolean(items.length === 0)]
    case 'not': {
      const value = truth(items, scope)
      return value === undefined ? [] : [boolean(!value)]
    }
    case 'count':
      return [integer(items.length)]
    case 'first':
      return items.slice(0, 1)
    case 'last':
      return items.slice(-1)
    case 'single':
      if (items.length > 1) throw new EvaluationError('single() met several items')
      return items
    case 'tail':
      return items.slice(1)
    case 'skip':
      return items.slice(Math.max(0, count(argument())))
    case 'take':
      return items.slice(0, Math.max(0, count(argument())))
    case 'children':
      return items.flatMap((item) => (isNode(item) ? childrenOf(item) : []))
    case 'descendants':
      return items.flatMap((item) => (isNode(item) ? descendants(item) : []))
    case 'repeat':
      return repeat(items, each)
    case 'nodesByType':
    case 'nodesByName':
      return nodesBy(expression.name, literalText(args[0]), items)
    case 'ofType':
    case 'as':
      return ofType(items, literalText(args[0]) ?? '')
    case 'is':
      return isType(items, literalText(args[0]) ?? '')
    case 'extension': {
      const url = argument()
      return member(items, 'extension', false).filter((extension) => {
        const own = member([extension], 'url', false)
        return own.length === 1 && url.length === 1 && equalItems(own[0], url[0], scope) === true
      })
    }
    case 'union':
      return unite(items, argument())
    case 'combine':
      return [...items, ...argument()]
    case 'distinct':
      return distinct(items, scope)
    case 'isDistinct':
      return [boolean(distinct(items, scope).length === items.length)]
    case 'intersect': {
      const other = argument()
      return distinct(items, scope).filter((item) => contains(other, item, scope))
    }
    case 'exclude': {
      const other = argument()
      return items.filter((item) => !contains(other, item, scope))
    }
    case 'subsetOf': {
      const other = argument()
      return [boolean(items.every((item) => contains(other, item, scope)))]
    }
    case 'supersetOf':
      return [boolean(argument().every((item) => contains(items, item, scope)))]
    case 'allTrue':
      return [boolean(items.every((item) => truth([item], scope) === true))]
    case 'anyTrue':
      return [boolean(items.some((item) => truth([item], scope) === true))]
    case 'allFalse':
      return [boolean(items.every((item) => truth([item], scope) === false))]
    case 'anyFalse':
      return [boolean(items.some((item) => truth([item], scope) === false))]
    case 'iif': {
      const condition = truth(run(args[0], { ...frame, focus: items, self: items }, scope), scope) === true
      const branch = condition ? args[1] : args[2]
      return branch === undefined ? [] : run(branch, { ...frame, focus: items, self: items }, scope)
    }
    case 'trace':
      return items
    case 'today':
      return evaluateValue({ op: 'literal', kind: 'date', text: scope.asOf }, NO_VALUES)
    case 'now':
      return evaluateValue({ op: 'literal', kind: 'dateTime', text: `${scope.asOf}T00:00:00Z` }, NO_VALUES)
    default: {
      const values = args.map((arg) => run(arg, { ...frame, focus: frame.self }, scope))
      const own = { ...expression, args: values.map((_, k) => variableFor(k)) }
      return onValues(own, [items, ...values], scope)
    }
  }
}

function descendants(node: TreeNode): TreeNode[] {
  const found: TreeNode[] = []
  const visit = (parent: TreeNode): void => {
    for (const child of childrenOf(parent)) {
      found.push(child)
      visit(child)
    }
  }
  visit(node)
  return found
}

function repeat(
  items: readonly Item[],
  each: (item: Item, index: number) => readonly Item[],
): readonly Item[] {
  const found = new Set<Item>()
  const queue = [...items]
  for (let item = queue.shift(); item !== undefined; item = queue.shift())
    for (const next of each(item, 0))
      if (!found.has(next)) {
        found.add(next)
        queue.push(next)
      }
  return [...found]
}

/** Each item itself and what is below it, not entering or returning child resources. */
function nodesBy(name: string, wanted: string | undefined, items: readonly Item[]): readonly Item[] {
  const found: Item[] = []
  const byType = name === 'nodesByType'
  const visit = (node: TreeNode): void => {
    if ((byType ? node.type.name : node.name) === wanted) found.push(node)
    for (const child of childrenOf(node)) if (!child.isResource) visit(child)
  }
  if (wanted !== undefined) for (const item of items) if (isNode(item)) visit(item)
  return found
}

const literalText = (expression: Expression): string | undefined =>
  expression.op === 'literal' && expression.kind === 'string' ? expression.text : undefined

/** Exact type names, no inheritance; `FHIR.x` for elements, `System.X` for values. */
function hasType(item: Item, type: string): boolean {
  const dot = type.indexOf('.')
  const space = dot < 0 ? '' : type.slice(0, dot)
  const name = dot < 0 ? type : type.slice(dot + 1)
  if (isNode(item)) return space !== 'System' && item.type.name === name
  return isOfType(item, type)
}

const ofType = (items: readonly Item[], type: string): readonly Item[] =>
  items.filter((item) => hasType(item, type))

const isType = (items: readonly Item[], type: string): readonly Item[] =>
  items.length === 0 ? [] : [boolean(items.length === 1 && hasType(items[0], type))]

/** The one integer of a collection, for an index or a number of items. */
function count(items: readonly Item[]): number {
  const [item] = items
  if (items.length !== 1 || isNode(item) || item.kind !== 'integer')
    throw new EvaluationError('an integer is missing')
  return Number(item.value.units)
}

/** Every node counts once: the original's removal of equal values is listed as a difference on purpose. */
function unite(left: readonly Item[], right: readonly Item[]): readonly Item[] {
  return [...new Set([...left, ...right])]
}

type Binary = Extract<Expression, { op: 'binary' }>

function binary({ operator, left, right }: Binary, frame: Frame, scope: Scope): readonly Item[] {
  const a = run(left, frame, scope)
  if (operator === '|') return unite(a, run(right, frame, scope))
  const b = run(right, frame, scope)
  switch (operator) {
    case 'and':
    case 'or':
    case 'xor':
    case 'implies':
      return logical(operator, truth(a, scope), truth(b, scope))
    case '=':
    case '!=': {
      const equal = equalCollections(a, b, scope)
      return equal === undefined ? [] : [boolean(equal === (operator === '='))]
    }
    case 'in':
      return a.length === 0 ? [] : [boolean(a.every((item) => contains(b, item, scope)))]
    case 'contains':
      return b.length === 0 ? [] : [boolean(b.every((item) => contains(a, item, scope)))]
    default:
      return applyOperator(operator, valuesOf(a, scope), valuesOf(b, scope))
  }
}

function logical(operator: string, a: boolean | undefined, b: boolean | undefined): readonly Item[] {
  let result: boolean | undefined
  if (operator === 'and')
    result = a === false || b === false ? false : a === true && b === true ? true : undefined
  else if (operator === 'or')
    result = a === true || b === true ? true : a === false && b === false ? false : undefined
  else if (operator === 'xor') result = a === undefined || b === undefined ? undefined : a !== b
  else result = a === false || b === true ? true : a === true ? b : undefined
  return result === undefined ? [] : [boolean(result)]
}

function equalCollections(a: readonly Item[], b: readonly Item[], scope: Scope): boolean | undefined {
  if (a.length === 0 || b.length === 0) return undefined
  if (a.length !== b.length) return false
  let unknown = false
  for (let k = 0; k < a.length; k++) {
    const equal = equalItems(a[k], b[k], scope)
    if (equal === false) return false
    unknown ||= equal === undefined
  }
  return unknown ? undefined : true
}

/** Primitives by value, complex elements by their children in order with names. */
function equalItems(a: Item, b: Item, scope: Scope): boolean | undefined {
  const left = asValue(a, scope)
  const right = asValue(b, scope)
  if (left !== undefined && right !== undefined) return equal(left, right)
  if (left !== undefined || right !== undefined || !isNode(a) || !isNode(b)) return false
  const [mine, theirs] = [childrenOf(a), childrenOf(b)]
  if (mine.length !== theirs.length) return false
  return mine.every(
    (child, k) => child.name === theirs[k].name && equalItems(child, theirs[k], scope) === true,
  )
}

const contains = (items: readonly Item[], wanted: Item, scope: Scope): boolean =>
  items.some((item) => equalItems(item, wanted, scope) === true)

function distinct(items: readonly Item[], scope: Scope): readonly Item[] {
  const found: Item[] = []
  for (const item of items) if (!contains(found, item, scope)) found.push(item)
  return found
}
