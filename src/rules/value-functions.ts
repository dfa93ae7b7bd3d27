import { fhirPathEngine } from '../fhir/fhirpath.js'
import { EvaluationError, type Item, isNode, type Scope } from './item.js'
import type { Value } from './values.js'

/**
 * Functions and operators on values (strings, numbers, dates), evaluated by HL7's engine: `negate`, arithmetic
 * operators, and everything `evaluate` has no rule of its own for. String functions refuse other kinds, as the
 * original does.
 */
export function callValueFunction(
  name: string,
  items: readonly Item[],
  args: readonly (readonly Item[])[],
  scope: Scope,
): readonly Item[] {
  const input = items.map((item) => heldBy(item, scope))
  if (STRING_FUNCTIONS.has(name) && input.some((value) => value.kind !== 'string'))
    throw new EvaluationError(`${name}() needs a string`)
  const operands = args.map((arg) => arg.map((item) => heldBy(item, scope)))
  if (input.length === 0 && !OPERATORS.has(name)) return []
  const variables: Record<string, unknown> = {}
  const collection = (values: readonly Value[], key: string): string => {
    if (values.length === 0) return '{}'
    return `(${values.map((value, k) => operand(value, `${key}${k}`, variables)).join(' | ')})`
  }
  const self = collection(input, 'i')
  const rest = operands.map((values, k) => collection(values, `a${k}x`))
  const text =
    name === 'negate'
      ? `-${self}`
      : OPERATORS.has(name)
        ? `${self} ${name} ${rest[0]}`
        : `${self}.${name}(${rest.join(', ')})`
  try {
    return fhirPathEngine().evaluate({}, text, variables).map(fromEngine)
  } catch (error) {
    if (error instanceof EvaluationError) throw error
    throw new EvaluationError(`${name} could not be evaluated`)
  }
}

const OPERATORS = new Set(['+', '-', '*', '/', 'div', 'mod', '&', '~', '!~', 'negate'])
const STRING_FUNCTIONS = new Set(
  'length upper lower toChars trim indexOf lastIndexOf startsWith endsWith contains matches split encode decode escape unescape substring replace replaceMatches'.split(
    ' ',
  ),
)

function heldBy(item: Item, scope: Scope): Value {
  const value = isNode(item) ? scope.valueOf(item) : item
  if (value === undefined) throw new EvaluationError('a value is missing')
  return value
}

/** Numbers and dates stand as literals, strings as variables (they may hold anything). */
function operand(value: Value, name: string, variables: Record<string, unknown>): string {
  switch (value.kind) {
    case 'string':
      variables[name] = value.text
      return `%${name}`
    case 'date':
      return `@${value.text}`
    case 'dateTime':
      return `@${value.text}${value.text.includes('T') ? '' : 'T'}`
    case 'time':
      return `@T${value.text}`
    case 'integer':
    case 'decimal':
      return value.text.startsWith('-') ? `(${value.text})` : value.text
    default:
      return value.text
  }
}

function fromEngine(result: unknown): Value {
  if (typeof result === 'boolean') return { kind: 'boolean', text: String(result) }
  if (typeof result === 'number')
    return { kind: Number.isInteger(result) ? 'integer' : 'decimal', text: String(result) }
  if (typeof result === 'string') return { kind: 'string', text: result }
  const text = String(result)
  const kind = /^\d{4}(-\d\d){0,2}$/.test(text)
    ? 'date'
    : /^\d{4}-\d\d-\d\dT/.test(text)
      ? 'dateTime'
      : 'string'
  return { kind, text }
}
