import type { ElementType } from '../../../fhir/elements.js'
import type { Binary, Call, Expression, Literal } from '../../expression/expression.js'
import { isSingleText, isTotal } from './certainty.js'
import { anyOf, equalityTest, partTest } from './literal-test.js'
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

/**
 * Compiles a criterion on elements of a type. What cannot be decided by bytes but cannot fail either becomes
 * `unsure`. Undefined if the criterion may fail, or looks outside the element: it needs the interpreter.
 */
export function compilePredicate(expression: Expression, type: ElementType): Predicate | undefined {
  return decided(expression, type) ?? (isTotal(expression, type) ? constant('unsure') : undefined)
}

function decided(expression: Expression, type: ElementType): Predicate | undefined {
  switch (expression.op) {
    case 'literal':
      return expression.kind === 'boolean'
        ? constant(expression.text === 'true' ? 'true' : 'false')
        : undefined
    case 'empty':
      return constant('empty')
    case 'binary':
      return decidedBinary(expression, type)
    case 'type':
      return expression.operator === 'is' ? typeTest(expression.input, expression.type, type) : undefined
    case 'call':
      return decidedCall(expression, type) ?? condition(expression, type)
    case 'this':
    case 'member':
      return condition(expression, type)
    default:
      return undefined
  }
}

const CONNECTIVES: ReadonlySet<string> = new Set<Connective>(['and', 'or', 'xor', 'implies'])
const isConnective = (operator: string): operator is Connective => CONNECTIVES.has(operator)

function decidedBinary({ operator, left, right }: Binary, type: ElementType): Predicate | undefined {
  if (isConnective(operator)) {
    const a = compilePredicate(left, type)
    const b = a && compilePredicate(right, type)
    return a && b && connective(operator, a, b)
  }
  switch (operator) {
    case '=':
      return equality(left, right, type) ?? equality(right, left, type)
    case '!=': {
      const of = equality(left, right, type) ?? equality(right, left, type)
      return of && not(of)
    }
    case 'in':
      return membership(left, right, type)
    case 'contains':
      return membership(right, left, type)
    default:
      return undefined
  }
}

const equality = (path: Expression, literal: Expression, type: ElementType): Predicate | undefined =>
  literal.op === 'literal' ? items('single', path, type, (leaf) => equalityTest(literal, leaf)) : undefined

/** `path in ('a' | 'b')`, and `'a' in path`. */
function membership(sought: Expression, set: Expression, type: ElementType): Predicate | undefined {
  if (sought.op === 'literal') return items('some', set, type, (leaf) => equalityTest(sought, leaf))
  const literals = literalsOf(set)
  return literals && items('each', sought, type, (leaf) => anyEquality(literals, leaf))
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

function decidedCall(call: Call, type: ElementType): Predicate | undefined {
  const { name, args } = call
  const input: Expression = call.input ?? { op: 'this' }
  const [argument] = args
  switch (name) {
    case 'exists':
    case 'any':
      return some(input, argument, type)
    case 'empty': {
      const of = some(input, undefined, type)
      return of && not(of)
    }
    case 'all':
      return (
        argument &&
        items('all', input, type, (item) => {
          const predicate = compilePredicate(argument, item)
          return predicate && { kind: 'predicate', predicate }
        })
      )
    case 'not': {
      const of = compilePredicate(input, type)
      return of && not(of)
    }
    case 'is':
      return argument?.op === 'literal' ? typeTest(input, argument.text, type) : undefined
    case 'startsWith':
    case 'endsWith':
    case 'contains':
      return part(PARTS[name], input, argument, type)
    default:
      return undefined
  }
}

const PARTS = { startsWith: 'starts', endsWith: 'ends', contains: 'contains' } as const

function part(
  kind: 'starts' | 'ends' | 'contains',
  input: Expression,
  argument: Expression | undefined,
  type: ElementType,
): Predicate | undefined {
  if (argument?.op !== 'literal' || argument.kind !== 'string' || !isSingleText(input, type)) return undefined
  return items('single', input, type, () => partTest(kind, argument.text))
}

/** `path.exists()`, or with a criterion. */
function some(path: Expression, criterion: Expression | undefined, type: ElementType): Predicate | undefined {
  const filtered: Expression =
    criterion === undefined ? path : { op: 'call', name: 'where', args: [criterion], input: path }
  return items('some', filtered, type, () => ({ kind: 'any' }))
}

function typeTest(path: Expression, name: string, type: ElementType): Predicate | undefined {
  const wanted = name.startsWith('FHIR.') ? name.slice('FHIR.'.length) : name
  if (wanted.includes('.')) return undefined
  return items('single', path, type, (item) =>
    isOfUnknownType(item) ? undefined : { kind: item.name === wanted ? 'any' : 'never' },
  )
}

/** A path as a condition: the value of a single boolean; any other item, and several, count as true. */
const condition = (path: Expression, type: ElementType): Predicate | undefined =>
  items('condition', path, type, (leaf) =>
    leaf.jsonKind === 'boolean' ? { kind: 'boolean', value: true } : { kind: 'any' },
  )

type TestOf = (item: ElementType) => Test | undefined

function items(mode: Mode, expression: Expression, type: ElementType, testOf: TestOf): Predicate | undefined {
  const path = pathOf(expression)
  const target = path && targetOf(path, 0, type, testOf)
  if (target === undefined) return undefined
  if (target === 'nothing') return constant(counted(mode, 0, 0, false))
  const { filters, goal } = target
  const isKnown = filters.length === 0 && (goal.kind === 'any' || goal.kind === 'never')
  return isKnown
    ? constant(counted(mode, 1, goal.kind === 'any' ? 1 : 0, false))
    : { kind: 'items', mode, target }
}

/**
 * Returns what a path does from its step `at` at an element of a type; `nothing` if it selects nothing there,
 * undefined if it needs the interpreter.
 */
function targetOf(path: Path, at: number, type: ElementType, testOf: TestOf): Target | 'nothing' | undefined {
  const filters: Predicate[] = []
  for (let next = at; ; next++) {
    const step = path[next]
    if (step === undefined) {
      const goal = testOf(type)
      return goal && { filters, goal }
    }
    if (step.kind === 'type') {
      if (isOfUnknownType(type)) return undefined
      if (step.name !== type.name) return 'nothing'
    } else if (step.kind === 'where') {
      const filter = compilePredicate(step.criterion, type)
      if (filter === undefined) return undefined
      filters.push(filter)
    } else {
      const members = membersOf(path, next, type, testOf)
      if (members?.length === 0) return 'nothing'
      return members && { filters, goal: { kind: 'members', members } }
    }
  }
}

type Branches = Extract<Target['goal'], { kind: 'members' }>['members']

function membersOf(path: Path, at: number, type: ElementType, testOf: TestOf): Branches | undefined {
  const step = path[at]
  const branches: Branches[number][] = []
  if (isOfUnknownType(type)) return undefined
  for (const member of type.members.values()) {
    if (step?.kind !== 'child' || member.name !== step.name) continue
    // Children of a primitive stand in another property.
    if (type.jsonKind !== 'object') return undefined
    const target = targetOf(path, at + 1, member.type, testOf)
    if (target === undefined) return undefined
    if (target !== 'nothing') branches.push({ member, target })
  }
  return branches
}

/** Whether elements of this type are child resources, which name their own type. */
const isOfUnknownType = (type: ElementType): boolean => type.isResource && type.name === 'Resource'
