import { type Decimal, parseDecimal } from '../../../fhir/decimal.js'
import type { Expression } from '../../path/parser.js'
import {
  answer,
  distinct,
  equalItems,
  equivalentItems,
  includes,
  NOTHING,
  single,
  truth,
} from './collections.js'
import { callFunction } from './functions.js'
import { boolean, fail, type Item, type Items, isOfType, momentItem, order, string } from './item.js'
import {
  add,
  concatenate,
  divide,
  multiply,
  negate,
  remainder,
  subtract,
  wholeQuotient,
} from './operators.js'
import type { Scope } from './scope.js'

/** Evaluates on a value without children. Throws EvaluationError where the original fails. */
export function evaluate(expression: Expression, scope: Scope): Items {
  switch (expression.op) {
    case 'literal':
      return [literal(expression)]
    case 'empty':
      return NOTHING
    case 'this':
      return scope.self
    case 'index':
      return [{ kind: 'integer', value: { units: BigInt(scope.index), scale: 0 } }]
    case 'total':
      return scope.total
    case 'variable':
      return variable(expression.name, scope)
    case 'member':
      return member(expression, scope)
    case 'call':
      return callFunction(expression, { input: inputOf(expression.input, scope), scope, evaluate })
    case 'at':
      return itemAt(evaluate(expression.input, scope), single(evaluate(expression.position, scope)))
    case 'binary':
      return binary(expression.operator, expression.left, expression.right, scope)
    case 'type':
      return typed(expression.operator, evaluate(expression.input, scope), expression.type)
    case 'sign': {
      const item = single(evaluate(expression.input, scope))
      if (item === undefined) return NOTHING
      return [expression.negative ? negate(item) : item]
    }
  }
}

const inputOf = (input: Expression | undefined, scope: Scope): Items =>
  input === undefined ? scope.focus : evaluate(input, scope)

function literal({ kind, text }: Extract<Expression, { op: 'literal' }>): Item {
  switch (kind) {
    case 'string':
      return string(text)
    case 'boolean':
      return boolean(text === 'true')
    case 'integer':
    case 'decimal':
      return { kind, value: numberOf(text) }
    case 'quantity': {
      const at = text.indexOf(' ')
      return {
        kind,
        value: numberOf(text.slice(0, at)),
        unit: text.slice(at + 1).replace(/^'([\s\S]*)'$/, '$1'),
      }
    }
    default:
      return momentItem(kind, text) ?? fail('a date literal is no real date')
  }
}

const numberOf = (text: string): Decimal => parseDecimal(text) ?? fail('a number is too long')

const CONSTANTS: Readonly<Record<string, string>> = {
  sct: 'http://snomed.info/sct',
  loinc: 'http://loinc.org',
  ucum: 'http://unitsofmeasure.org',
}

function variable(name: string, scope: Scope): Items {
  const defined = scope.variables.get(name)
  if (defined !== undefined) return defined
  if (Object.hasOwn(CONSTANTS, name)) return [string(CONSTANTS[name])]
  if (name.startsWith('vs-')) return [string(`http://hl7.org/fhir/ValueSet/${name.slice(3)}`)]
  if (name.startsWith('ext-')) return [string(`http://hl7.org/fhir/StructureDefinition/${name.slice(4)}`)]
  return fail(`%${name} is not known here`)
}

/** A primitive has no children; a capitalised first step that names the focus' type is the focus. */
function member({ name, input }: Extract<Expression, { op: 'member' }>, scope: Scope): Items {
  if (input === undefined && (name === 'Resource' || name === 'DomainResource')) return scope.focus
  return NOTHING
}

function itemAt(items: Items, position: Item | undefined): Items {
  if (position === undefined) return NOTHING
  if (position.kind !== 'integer') return fail('an index must be an integer')
  const item = items[Number(position.value.units)]
  return item === undefined ? NOTHING : [item]
}

function typed(operator: 'is' | 'as', items: Items, type: string): Items {
  if (operator === 'as') return items.filter((item) => isOfType(item, type))
  const item = single(items)
  return item === undefined ? NOTHING : [boolean(isOfType(item, type))]
}

type Operator = (left: Item, right: Item) => Item | undefined

/** Operators on one item each; with an empty operand the result is empty. */
const OPERATORS: Readonly<Record<string, Operator>> = {
  '+': add,
  '-': subtract,
  '*': multiply,
  '/': divide,
  div: wholeQuotient,
  mod: remainder,
  '<': (left, right) => ordered(order(left, right), (sign) => sign < 0),
  '<=': (left, right) => ordered(order(left, right), (sign) => sign <= 0),
  '>': (left, right) => ordered(order(left, right), (sign) => sign > 0),
  '>=': (left, right) => ordered(order(left, right), (sign) => sign >= 0),
}

const ordered = (sign: number | undefined, holds: (sign: number) => boolean): Item | undefined =>
  sign === undefined ? undefined : boolean(holds(sign))

const binary = (operator: string, left: Expression, right: Expression, scope: Scope): Items =>
  applyOperator(operator, evaluate(left, scope), evaluate(right, scope))

/** A binary operator on two collections of values. */
export function applyOperator(operator: string, a: Items, b: Items): Items {
  switch (operator) {
    case '|':
      return distinct([...a, ...b])
    case '&':
      return [concatenate(single(a), single(b))]
    case '=':
      return answer(equalItems(a, b))
    case '!=':
      return answer(negated(equalItems(a, b)))
    case '~':
      return answer(equivalentItems(a, b))
    case '!~':
      return answer(!equivalentItems(a, b))
    case 'in':
      return contains(b, a)
    case 'contains':
      return contains(a, b)
    case 'and':
    case 'or':
    case 'xor':
    case 'implies':
      return answer(logic(operator, truth(a), truth(b)))
  }
  const one = single(a)
  const other = single(b)
  if (one === undefined || other === undefined) return NOTHING
  const result = OPERATORS[operator](one, other)
  return result === undefined ? NOTHING : [result]
}

const negated = (value: boolean | undefined): boolean | undefined => (value === undefined ? value : !value)

/** Three-valued logic; undefined is empty. */
function logic(
  operator: 'and' | 'or' | 'xor' | 'implies',
  a: boolean | undefined,
  b: boolean | undefined,
): boolean | undefined {
  switch (operator) {
    case 'and':
      return a === false || b === false ? false : a === undefined || b === undefined ? undefined : true
    case 'or':
      return a === true || b === true ? true : a === undefined || b === undefined ? undefined : false
    case 'xor':
      return a === undefined || b === undefined ? undefined : a !== b
    case 'implies':
      return logic('or', negated(a), b)
  }
}

function contains(items: Items, sought: Items): Items {
  const item = single(sought)
  return item === undefined ? NOTHING : [boolean(includes(items, item))]
}
