import { type ElementType, isPrimitive } from '../../../fhir/elements.js'
import type { Binary, Call, Expression, Literal } from '../../expression/expression.js'
import { isLocal, isSingleNumber, isSingleText, isTotal, looksAtChildren } from './certainty.js'
import { anyOf, equalityTest, ORDERS, orderTest, partTest } from './literal-test.js'
import { type Path, pathOf } from './path.js'
import {
  type Connective,
  connective,
  constant,
  counted,
  type Mode,
  not,
  type Predicate,
  type Target,
  type Test,
} from './predicate.js'

/** Compiles a criterion on elements of a type. Undefined if it looks outside the element: it needs the interpreter. */
export function compilePredicate(expression: Expression, type: ElementType): Predicate | undefined {
  const predicate = compiled(expression, { type, size: { left: MAX_BRANCHES } })
  if (predicate !== undefined) return predicate
  return isLocal(expression) ? { kind: 'criterion', expression, type, mayFail: true } : undefined
}

/** Maximum number of members in a predicate. Those of choice elements multiply along a path. */
const MAX_BRANCHES = 1_000

/** Where a part of a criterion is evaluated. */
interface Site {
  readonly type: ElementType
  readonly size: { left: number }
}

/** Undefined if the expression may fail. */
function compiled(expression: Expression, site: Site): Predicate | undefined {
  const predicate = decided(expression, site)
  if (predicate !== undefined) return predicate
  const { type } = site
  // The children of a primitive are not in its value.
  if (isPrimitive(type) && looksAtChildren(expression)) return undefined
  return isTotal(expression, type) ? { kind: 'criterion', expression, type, mayFail: false } : undefined
}

function decided(expression: Expression, site: Site): Predicate | undefined {
  switch (expression.op) {
    case 'literal':
      return expression.kind === 'boolean'
        ? constant(expression.text === 'true' ? 'true' : 'false')
        : undefined
    case 'empty':
      return constant('empty')
    case 'binary':
      return decidedBinary(expression, site)
    case 'type':
      return expression.operator === 'is' ? typeTest(expression.input, expression.type, site) : undefined
    case 'call':
      return decidedCall(expression, site) ?? condition(expression, site)
    case 'this':
    case 'member':
      return condition(expression, site)
    default:
      return undefined
  }
}

const CONNECTIVES: ReadonlySet<string> = new Set<Connective>(['and', 'or', 'xor', 'implies'])
const isConnective = (operator: string): operator is Connective => CONNECTIVES.has(operator)

function decidedBinary({ operator, left, right }: Binary, site: Site): Predicate | undefined {
  if (isConnective(operator)) {
    const a = compiled(left, site)
    const b = a && compiled(right, site)
    return a && b && connective(operator, a, b)
  }
  switch (operator) {
    case '=':
      return equality(left, right, site) ?? equality(right, left, site)
    case '!=': {
      const of = equality(left, right, site) ?? equality(right, left, site)
      return of && not(of)
    }
    case 'in':
      return membership(left, right, site)
    case 'contains':
      return membership(right, left, site)
    default:
      return ordering(operator, left, right, site)
  }
}

function signedLiteral(expression: Expression): Literal | undefined {
  if (expression.op === 'literal') return expression
  if (expression.op !== 'sign' || expression.input.op !== 'literal') return undefined
  const { kind, text } = expression.input
  return { op: 'literal', kind, text: expression.negative ? `-${text}` : text }
}

/** `path < 5`, and `5 < path`. */
function ordering(operator: string, left: Expression, right: Expression, site: Site): Predicate | undefined {
  const leftLiteral = signedLiteral(left)
  const isTurned = leftLiteral !== undefined
  const literal = leftLiteral ?? signedLiteral(right)
  const path = isTurned ? right : left
  const hits = ORDERS.get(operator)
  if (hits === undefined || literal === undefined || !isSingleNumber(path, site.type)) return undefined
  const turned = isTurned ? { ...hits, below: hits.above, above: hits.below } : hits
  return items('single', path, site, () => orderTest(literal, turned))
}

const equality = (path: Expression, literal: Expression, site: Site): Predicate | undefined =>
  literal.op === 'literal'
    ? items('single', path, site, ({ type }) => equalityTest(literal, type))
    : undefined

/** `path in ('a' | 'b')`, and `'a' in path`. */
function membership(sought: Expression, set: Expression, site: Site): Predicate | undefined {
  if (sought.op === 'literal') return items('some', set, site, ({ type }) => equalityTest(sought, type))
  const literals = literalsOf(set)
  return literals && items('each', sought, site, ({ type }) => anyEquality(literals, type))
}

function anyEquality(literals: readonly Literal[], leaf: ElementType): Test | undefined {
  const tests: Test[] = []
  for (const literal of literals) {
    const test = equalityTest(literal, leaf)
    if (test === undefined) return undefined
    tests.push(test)
  }
  return anyOf(tests)
}

function literalsOf(expression: Expression): readonly Literal[] | undefined {
  if (expression.op === 'literal') return [expression]
  if (expression.op !== 'binary' || expression.operator !== '|') return undefined
  const left = literalsOf(expression.left)
  const right = literalsOf(expression.right)
  return left && right && [...left, ...right]
}

function decidedCall(call: Call, site: Site): Predicate | undefined {
  const { name, args } = call
  const input: Expression = call.input ?? { op: 'this' }
  const [argument] = args
  switch (name) {
    case 'exists':
    case 'any':
      return some(input, argument, site)
    case 'empty': {
      const of = some(input, undefined, site)
      return of && not(of)
    }
    case 'all':
      return (
        argument &&
        items('all', input, site, (item) => {
          const predicate = compiled(argument, item)
          return predicate && { kind: 'predicate', predicate }
        })
      )
    case 'not': {
      const of = compiled(input, site)
      return of && not(of)
    }
    case 'is':
      return argument?.op === 'literal' ? typeTest(input, argument.text, site) : undefined
    case 'startsWith':
    case 'endsWith':
    case 'contains':
      return part(PARTS[name], input, argument, site)
    default:
      return undefined
  }
}

const PARTS = { startsWith: 'starts', endsWith: 'ends', contains: 'contains' } as const

function part(
  kind: 'starts' | 'ends' | 'contains',
  input: Expression,
  argument: Expression | undefined,
  site: Site,
): Predicate | undefined {
  if (argument?.op !== 'literal' || argument.kind !== 'string' || !isSingleText(input, site.type))
    return undefined
  return items('single', input, site, () => partTest(kind, argument.text))
}

/** `path.exists()`, or with a criterion. */
function some(path: Expression, criterion: Expression | undefined, site: Site): Predicate | undefined {
  const filtered: Expression =
    criterion === undefined ? path : { op: 'call', name: 'where', args: [criterion], input: path }
  return items('some', filtered, site, () => ({ kind: 'any' }))
}

function typeTest(path: Expression, name: string, site: Site): Predicate | undefined {
  const wanted = name.startsWith('FHIR.') ? name.slice('FHIR.'.length) : name
  if (wanted.includes('.')) return undefined
  return items('single', path, site, ({ type }) =>
    isOfUnknownType(type) ? undefined : { kind: type.name === wanted ? 'any' : 'never' },
  )
}

/** A path as a condition: the value of a single boolean; any other item, and several, count as true. */
const condition = (path: Expression, site: Site): Predicate | undefined =>
  items('condition', path, site, ({ type }) =>
    type.jsonKind === 'boolean' ? { kind: 'boolean', value: true } : { kind: 'any' },
  )

/** Returns the test of an item, by the type that it has; undefined if that takes the interpreter. */
type TestOf = (item: Site) => Test | undefined

function items(mode: Mode, expression: Expression, site: Site, testOf: TestOf): Predicate | undefined {
  const path = pathOf(expression)
  const target = path && targetOf({ path, testOf }, 0, site)
  if (target === undefined) return undefined
  if (target === 'nothing') return constant(counted(mode, 0, 0, false))
  const { filters, goal } = target
  const isKnown = filters.length === 0 && (goal.kind === 'any' || goal.kind === 'never')
  return isKnown
    ? constant(counted(mode, 1, goal.kind === 'any' ? 1 : 0, false))
    : { kind: 'items', mode, target }
}

interface Way {
  readonly path: Path
  readonly testOf: TestOf
}

/**
 * Returns what a path does from its step `at` at an element; `nothing` if it selects nothing there, undefined if it
 * needs the interpreter.
 */
function targetOf(way: Way, at: number, site: Site): Target | 'nothing' | undefined {
  const { path, testOf } = way
  const { type } = site
  const filters: Predicate[] = []
  for (let next = at; ; next++) {
    const step = path[next]
    if (step === undefined) {
      const goal = testOf(site)
      return goal && { filters, goal }
    }
    if (step.kind === 'type') {
      if (isOfUnknownType(type)) return undefined
      if (step.name !== type.name) return 'nothing'
    } else if (step.kind === 'where') {
      const filter = compiled(step.criterion, site)
      if (filter === undefined) return undefined
      filters.push(filter)
    } else {
      const members = membersOf(way, next, site)
      if (members?.length === 0) return 'nothing'
      return members && { filters, goal: { kind: 'members', members } }
    }
  }
}

type Branches = Extract<Target['goal'], { kind: 'members' }>['members']

function membersOf(way: Way, at: number, { type, size }: Site): Branches | undefined {
  const step = way.path[at]
  const branches: Branches[number][] = []
  if (isOfUnknownType(type)) return undefined
  for (const member of type.members.values()) {
    if (step?.kind !== 'child' || member.name !== step.name) continue
    // Children of a primitive stand in another property.
    if (type.jsonKind !== 'object') return undefined
    if (size.left-- <= 0) return undefined
    const target = targetOf(way, at + 1, { type: member.type, size })
    if (target === undefined) return undefined
    if (target !== 'nothing') branches.push({ member, target })
  }
  return branches
}

/** Whether elements of this type are child resources, which name their own type. */
const isOfUnknownType = (type: ElementType): boolean => type.isResource && type.name === 'Resource'
