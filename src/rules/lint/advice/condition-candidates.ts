import type { ElementType } from '../../../fhir/elements.js'
import type { Binary, Call, Expression } from '../../expression/expression.js'
import type { Fault } from '../judge/faults.js'
import { comparedKind } from '../judge/outcome.js'
import { type Candidate, ofType, parentOf, step, text } from './expressions.js'
import { nearestName } from './nearest-name.js'

/** Finds the part of a complex element that is meant when the element is compared with a text. */
const TEXTS: Readonly<Record<string, readonly string[]>> = {
  CodeableConcept: ['coding', 'code'],
  CodeableReference: ['concept', 'coding', 'code'],
  Coding: ['code'],
  Reference: ['reference'],
  Identifier: ['value'],
  ContactPoint: ['value'],
  HumanName: ['family'],
  Address: ['city'],
  Annotation: ['text'],
}

/** Returns the step to the part of a complex element that is compared with a text or a number. */
function valueIn(type: ElementType, left: Expression): Expression | undefined {
  return TEXTS[type.name]?.reduce<Expression>((input, name) => step(name, input), left)
}

/** Corrects a condition that never or always holds. */
export function conditionCandidates(
  { expression, codes = [] }: Fault,
  whole: Expression,
  types: readonly ElementType[],
): Candidate[] {
  if (expression.op === 'literal') return conditionMeant(expression, whole)
  if (expression.op === 'call') return codeArgument(expression, codes)
  if (expression.op !== 'binary') return []
  const { left, right, operator } = expression
  const by = (next: Partial<Binary>): Candidate[] => [{ target: expression, by: { ...expression, ...next } }]
  if (operator === 'and') return left.op === 'binary' && left.operator === '=' ? by({ operator: 'or' }) : []
  const corrected = codesCorrected(expression, codes)
  if (corrected.length > 0) return corrected
  if (isList(right) && operator === '=') return by({ operator: 'in' })
  const [type] = types
  if (type === undefined) return []
  return [
    ...inYear(expression, type),
    ...comparable(type, right).flatMap((next) => by({ right: next })),
    ...inElement(expression, type),
  ]
}

const isList = (expression: Expression): boolean => expression.op === 'binary' && expression.operator === '|'

function inElement(target: Binary, type: ElementType): Candidate[] {
  const { operator, left, right } = target
  if (operator !== '=' || right.op !== 'literal' || right.kind !== 'string') return []
  const inner = valueIn(type, left)
  return inner === undefined ? [] : [{ target, by: { ...target, left: inner } }]
}

/** Compares the beginning of a date's text, because `=` with a part of a date is empty if the precisions differ. */
function inYear(target: Binary, { name }: ElementType): Candidate[] {
  const { operator, left, right } = target
  if (operator !== '=' || right.op !== 'literal' || !/^\d{4}(?:-\d\d(?:-\d\d)?)?$/.test(right.text)) return []
  if (!/^(?:dateTime|instant)$/.test(name) && !(name === 'date' && right.text.length < 10)) return []
  const written: Expression = { op: 'call', name: 'toString', args: [], input: left }
  return [{ target, by: { op: 'call', name: 'startsWith', args: [text(right.text)], input: written } }]
}

/** Returns an equivalent literal of another kind: `'5'` for 5, `5` for '5'. */
function comparable(type: ElementType, right: Expression): Expression[] {
  if (right.op !== 'literal') return []
  const kind = comparedKind(type)
  const { text: written } = right
  if (kind === 'string' && /^(?:integer|decimal|boolean|date|dateTime)$/.test(right.kind))
    return [text(written)]
  if (right.kind !== 'string') return []
  if (kind === 'number' && /^\d+$/.test(written)) return [{ op: 'literal', kind: 'integer', text: written }]
  if (kind === 'number' && /^\d+\.\d+$/.test(written))
    return [{ op: 'literal', kind: 'decimal', text: written }]
  if (kind === 'boolean' && /^(?:true|false)$/i.test(written))
    return [{ op: 'literal', kind: 'boolean', text: written.toLowerCase() }]
  if (kind === 'moment' && /^\d{4}(?:-\d\d(?:-\d\d)?)?$/.test(written))
    return [{ op: 'literal', kind: 'date', text: written }]
  return []
}

/** Finds the code most similar to a text: other case, a slip, or a prefix. */
function codeLike(written: string, codes: readonly string[]): string | undefined {
  const lower = written.toLowerCase()
  const begun = codes.filter((code) => code.startsWith(lower))
  return (
    codes.find((code) => code === lower) ??
    nearestName(written, codes) ??
    (begun.length === 1 ? begun[0] : undefined)
  )
}

/** Replaces each text that is not a code by the most similar code. */
function codesCorrected(expression: Expression, codes: readonly string[]): Candidate[] {
  if (expression.op === 'literal') {
    if (expression.kind !== 'string' || codes.includes(expression.text)) return []
    const code = codeLike(expression.text, codes)
    return code === undefined ? [] : [{ target: expression, by: text(code) }]
  }
  return expression.op === 'binary' && codes.length > 0
    ? [...codesCorrected(expression.left, codes), ...codesCorrected(expression.right, codes)]
    : []
}

function codeArgument(call: Call, codes: readonly string[]): Candidate[] {
  const [argument] = call.args
  if (argument?.op !== 'literal' || call.name !== 'startsWith') return []
  const lower = argument.text.toLowerCase()
  return codes.some((code) => code.startsWith(lower))
    ? [{ target: call, by: { ...call, args: [text(lower)] } }]
    : []
}

/** Corrects `x = 'a' or 'b'` and `x.exists('a')` by comparing the literal with x. */
function conditionMeant(literal: Expression, whole: Expression): Candidate[] {
  const parent = parentOf(whole, literal)
  if (parent?.op === 'call' && /^(?:exists|any)$/.test(parent.name) && parent.input !== undefined)
    return [{ target: parent, by: { op: 'binary', operator: '=', left: parent.input, right: literal } }]
  if (parent?.op !== 'binary' || parent.right !== literal) return []
  const before = lastOf(parent.left)
  return before === undefined ? [] : [{ target: literal, by: { ...before, right: literal } }]
}

/** Returns the comparison before an `or`. */
function lastOf(expression: Expression): Binary | undefined {
  if (expression.op !== 'binary') return undefined
  return /^(?:or|and|xor)$/.test(expression.operator) ? lastOf(expression.right) : expression
}

/** Returns the expression without the failing step, or with what makes the step work in a condition. */
export function failureCandidates(fault: Fault, types: readonly ElementType[]): Candidate[] {
  const { expression, isInCondition } = fault
  const target = expression
  if (expression.op === 'at') return indexCandidates(expression)
  if (expression.op === 'variable')
    return [nearestName(expression.name, ['resource', 'context', 'rootResource'])].flatMap((name) =>
      name === undefined ? [] : [{ target, by: { op: 'variable', name } as const }],
    )
  if (expression.op === 'type') return [{ target, by: ofType(expression.input, expression.type) }]
  if (expression.op === 'call' && expression.input !== undefined)
    return isInCondition && fault.text !== ''
      ? valueCandidates(expression, expression.input, types)
      : callCandidates(expression, expression.input)
  if (expression.op !== 'binary' || !/^(?:=|!=|<|>|<=|>=|~|in)$/.test(expression.operator)) return []
  if (isInCondition || types.length > 0) return orderCandidates(expression, types)
  const condition = { ...expression, left: { op: 'this' } as const }
  return [{ target, by: { op: 'call', name: 'where', args: [condition], input: expression.left } }]
}

/** Corrects `value[x]`, a name from FHIR's documentation, and `name[use = 'x']`, XPath's `where`. */
function indexCandidates(target: Extract<Expression, { op: 'at' }>): Candidate[] {
  const { input, position } = target
  if (position.op === 'member' && position.name === 'x') return [{ target, by: input }]
  if (position.op === 'binary' && /^(?:=|!=|~|!~|in|contains|and|or|[<>]=?)$/.test(position.operator))
    return [{ target, by: { op: 'call', name: 'where', args: [position], input } }]
  if (position.op === 'literal' && /^\d+$/.test(position.text))
    return [{ target, by: { ...target, position: { op: 'literal', kind: 'integer', text: position.text } } }]
  return []
}

/** Handles a step of the path itself that gives a value. */
function callCandidates(target: Call, input: Expression): Candidate[] {
  const { args, name } = target
  const [type] = args
  if (name === 'is' && type?.op === 'literal') return [{ target, by: ofType(input, type.text) }]
  const all = input.op === 'this' ? [] : [{ target, by: input }]
  return /^(?:exists|any|all)$/.test(name) && args.length === 1
    ? [{ target, by: { ...target, name: 'where' } }, ...(name === 'all' ? [] : all)]
    : all
}

/** Handles a function on values that is called, in a condition, on the element that holds the value. */
function valueCandidates(target: Call, input: Expression, types: readonly ElementType[]): Candidate[] {
  const found: Candidate[] = []
  for (const type of types) {
    const inner = valueIn(type, input)
    if (inner !== undefined) found.push({ target, by: { ...target, input: inner } })
  }
  if (types.some(({ name }) => name === 'string'))
    found.push({ target, by: { ...target, input: ofType(input, 'string') } })
  if (types.length > 0 && types.every(({ jsonKind }) => jsonKind !== 'object'))
    found.push({ target, by: { ...target, input: { op: 'call', name: 'toString', args: [], input } } })
  return found
}

/** Corrects `<` and the like on values of two kinds, or on an element that may be complex. */
function orderCandidates(target: Binary, types: readonly ElementType[]): Candidate[] {
  const { left, right } = target
  if (right.op !== 'literal') return []
  const has = (name: string): boolean => types.some((type) => type.name === name)
  const found: Expression[] = []
  for (const type of types) for (const next of comparable(type, right)) found.push({ ...target, right: next })
  const dated: Expression =
    right.kind === 'string' && /^\d{4}(?:-\d\d(?:-\d\d)?)?$/.test(right.text)
      ? { ...right, kind: 'date' }
      : right
  if (/^(?:integer|decimal)$/.test(right.kind) && has('Quantity'))
    found.push({ ...target, left: step('value', ofType(left, 'Quantity')) })
  if (
    /^(?:integer|decimal)$/.test(right.kind) &&
    types.every((type) => comparedKind(type) === 'moment') &&
    /^\d{4}$/.test(right.text)
  )
    found.push({ ...target, right: { op: 'literal', kind: 'date', text: right.text } })
  if (dated.op === 'literal' && dated.kind === 'date') {
    if (has('dateTime')) found.push({ ...target, left: ofType(left, 'dateTime'), right: dated })
    if (has('Period')) found.push({ ...target, left: step('start', left), right: dated })
  }
  return found.map((by) => ({ target, by }))
}
