import { type Decimal, negate, parseDecimal } from '../../fhir/decimal.js'
import type { Expression, Literal } from '../expression/expression.js'
import { Budget } from './budget.js'
import { singleValue, truth } from './collections.js'
import { membersNamed, membersStarting } from './elements.js'
import type { Evaluation } from './evaluation.js'
import { fail } from './evaluation-error.js'
import { FUNCTIONS } from './functions/functions.js'
import { Invocation } from './invocation.js'
import { type Item, type Items, isType, NOTHING, ofType } from './item.js'
import { literalSet } from './literal-set.js'
import { operated } from './operators.js'
import type { Frame, Scope } from './scope.js'
import { boolean, integer, isNumber, momentValue, string, type Value } from './value.js'

/**
 * Evaluates an expression on one element or value, in the original's dialect (law 4), and returns a collection. Throws
 * EvaluationError if the original fails, or if the evaluation takes more steps than `Budget` allows.
 */
export const evaluate = (expression: Expression, focus: Item, scope: Scope): Items =>
  new Evaluator(scope).run(expression, onOne(focus))

/** Evaluates a condition: empty gives undefined; several items, or one that is not a boolean, count as true. */
export function isTrue(expression: Expression, focus: Item, scope: Scope): boolean | undefined {
  const evaluator = new Evaluator(scope)
  return truth(evaluator.run(expression, onOne(focus)), evaluator)
}

const onOne = (focus: Item): Frame => ({ self: [focus], index: 0, total: undefined })

class Evaluator implements Evaluation {
  readonly budget: Budget

  constructor(readonly scope: Scope) {
    this.budget = new Budget(scope.bytes)
  }

  run(expression: Expression, frame: Frame): Items {
    this.budget.spend(1)
    switch (expression.op) {
      case 'literal':
        return literal(expression)
      case 'empty':
        return NOTHING
      case 'this':
        return frame.self
      case 'index':
        return [integer(frame.index)]
      case 'total':
        return frame.total ?? fail('$total is known in aggregate() only')
      case 'variable':
        return this.scope.variable(expression.name) ?? [constant(expression.name)]
      case 'member': {
        const { name, delimited } = expression
        const items = this.#inputOf(expression, frame)
        return delimited && name.endsWith('*')
          ? membersStarting(items, name.slice(0, -1), this.budget)
          : membersNamed(items, name, this.budget)
      }
      case 'call': {
        const row = FUNCTIONS.get(expression.name)
        if (row === undefined) return fail(`no function ${expression.name}() exists`)
        const found = row.run(new Invocation(expression, this.#inputOf(expression, frame), frame, this))
        this.budget.spend(found.length)
        return found
      }
      case 'at':
        return this.#at(this.run(expression.input, frame), this.run(expression.position, frame))
      case 'type': {
        const items = this.run(expression.input, frame)
        return expression.operator === 'as' ? ofType(items, expression.type) : isType(items, expression.type)
      }
      case 'sign':
        return this.#signed(expression.negative, this.run(expression.input, frame))
      case 'binary': {
        const set = literalSet(expression)
        if (set === undefined) return operated(expression, frame, this)
        this.budget.spend(set.items.length)
        return set.items
      }
    }
  }

  #inputOf({ input }: { readonly input?: Expression | undefined }, frame: Frame): Items {
    return input === undefined ? frame.self : this.run(input, frame)
  }

  #at(items: Items, position: Items): Items {
    const index = singleValue(position, this)
    // An empty index is an error too: `value[x]`, copied from FHIR's documentation, must not silently select nothing.
    if (index?.kind !== 'integer') return fail('an index must be an integer')
    const item = items[Number(index.value.units)]
    return item === undefined ? NOTHING : [item]
  }

  #signed(isNegative: boolean, items: Items): Items {
    const value = singleValue(items, this)
    if (value === undefined) return NOTHING
    if (!isNumber(value)) return fail('only a number has a sign')
    return [isNegative ? { kind: value.kind, value: negate(value.value) } : value]
  }
}

/** Numbers and dates are parsed once for each place in an expression. */
const literals = new WeakMap<Literal, Items>()

function literal(expression: Literal): Items {
  if (expression.kind === 'string' || expression.kind === 'type') return [string(expression.text)]
  let items = literals.get(expression)
  if (items === undefined) {
    items = [literalValue(expression.kind, expression.text)]
    literals.set(expression, items)
  }
  return items
}

function literalValue(kind: Exclude<Literal['kind'], 'string' | 'type'>, text: string): Value {
  switch (kind) {
    case 'boolean':
      return boolean(text === 'true')
    case 'integer':
    case 'decimal':
      return { kind, value: numberOf(text) }
    case 'quantity': {
      const at = text.indexOf(' ')
      const unit = text.slice(at + 1).replace(/^'([\s\S]*)'$/, '$1')
      return { kind, value: numberOf(text.slice(0, at)), unit }
    }
    default:
      return momentValue(kind, text) ?? fail('a date literal is not a real date')
  }
}

const numberOf = (text: string): Decimal => parseDecimal(text) ?? fail('a number is too long')

const CONSTANTS: ReadonlyMap<string, string> = new Map([
  ['sct', 'http://snomed.info/sct'],
  ['loinc', 'http://loinc.org'],
  ['ucum', 'http://unitsofmeasure.org'],
])

function constant(name: string): Value {
  const url = CONSTANTS.get(name)
  if (url !== undefined) return string(url)
  if (name.startsWith('vs-')) return string(`http://hl7.org/fhir/ValueSet/${name.slice(3)}`)
  if (name.startsWith('ext-')) return string(`http://hl7.org/fhir/StructureDefinition/${name.slice(4)}`)
  return fail(`%${name} is not known here`)
}
