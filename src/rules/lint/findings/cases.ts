import { type ElementTree, isPrimitive } from '../../../fhir/elements.js'
import { present } from '../../../invariant.js'
import type { Expression } from '../../expression/expression.js'
import { parseExpression } from '../../path/parser.js'
import { type CaseVerdict, mendedCase } from '../advice/case-repair.js'
import type { Place } from '../elements/place.js'
import { judgeBinary } from '../judge/binary.js'
import { judgeCall } from '../judge/calls.js'
import { type Fault, Faults } from '../judge/faults.js'
import { Judge } from '../judge/judge.js'
import { isNothing, nodes, type Outcome, type ValueKind } from '../judge/outcome.js'
import type { FindingCode } from './codes.js'
import { textOf } from './messages.js'
import { textFault } from './template.js'

export type Cases = readonly (readonly [condition: string, value: string])[]

interface CaseFinding {
  readonly code: FindingCode
  readonly message: string
  readonly suggestion?: string
}

/**
 * Finds faults in the cases of a generalize rule. `$this` and the focus are an element's value, which has no child
 * elements. A condition selects its case unless it is false, so also if it is empty.
 */
export function caseFindings(
  cases: Cases,
  reached: readonly Place[],
  tree: ElementTree,
): readonly CaseFinding[] {
  const places = reached.filter(({ type }) => isPrimitive(type))
  if (places.length === 0) return []
  const always = cases.findIndex(([condition]) => condition.trim() === 'true')
  return cases.flatMap(([condition, value], index) => {
    const number = index + 1
    if (always >= 0 && index > always)
      return [
        {
          code: 'dead-condition' as const,
          message: `condition ${number}: case ${always + 1} before it always applies`,
        },
      ]
    return [
      ...conditionFindings(parseExpression(condition), number, { places, tree }),
      ...valueFindings(parseExpression(value), number, { places, tree }),
    ]
  })
}

interface On {
  readonly places: readonly Place[]
  readonly tree: ElementTree
}

function judged(expression: Expression, isCondition: boolean, { places, tree }: On): CaseVerdict {
  const faults = new Faults()
  const outcomes = places.map((place) => {
    const self = nodes([place])
    const judge = new Judge(tree, place.type, faults, false, { call: judgeCall, binary: judgeBinary })
    const frame = { focus: self, self, isCondition: true }
    const outcome = judge.run(expression, frame)
    if (isCondition) judge.needsCondition(expression, outcome, frame)
    return outcome
  })
  return { outcomes, faults: faults.certain() }
}

const isDead = ({ outcomes }: CaseVerdict): boolean => outcomes.every(({ neverTrue }) => neverTrue)

function conditionFindings(expression: Expression, number: number, on: On): readonly CaseFinding[] {
  const judge = (next: Expression): CaseVerdict => judged(next, true, on)
  const verdict = judge(expression)
  const fault = worst(verdict)
  if (fault === undefined) {
    if (!isDead(verdict)) return []
    const says = verdict.outcomes.every(isNothing) ? `gives nothing, ${COUNTS}` : 'never holds'
    return [{ code: 'dead-condition', message: `condition ${number} ${says}` }]
  }
  const isEmpty = fault.kind === 'element' && verdict.outcomes.every(({ neverTrue }) => neverTrue)
  const message = `condition ${number}: ${textOf(fault, on.tree)}${isEmpty ? `; it gives nothing, ${COUNTS}` : ''}`
  const isSound = (next: CaseVerdict): boolean => next.faults.length === 0 && !isDead(next)
  const suggestion = mendedCase(expression, { judge, isSound, isCondition: true, ...on })
  return [advised({ code: codeOf(fault, number === 1), message }, suggestion)]
}

const COUNTS = 'which applies the case to every value'

function valueFindings(expression: Expression, number: number, on: On): readonly CaseFinding[] {
  const judge = (next: Expression): CaseVerdict => judged(next, false, on)
  const verdict = judge(expression)
  const fault = worst(verdict)
  const invalid = (next: CaseVerdict): string | undefined => invalidValue(next.outcomes, on.places)
  if (fault !== undefined) {
    const isRemoved = verdict.outcomes.every(isNothing) && fault.kind === 'element'
    const message = `value ${number}: ${textOf(fault, on.tree)}${isRemoved ? ', so that the value is removed' : ''}`
    const isSound = (next: CaseVerdict): boolean => next.faults.length === 0 && invalid(next) === undefined
    const suggestion = mendedCase(expression, { judge, isSound, isCondition: false, ...on })
    return [advised({ code: codeOf(fault, false), message }, suggestion)]
  }
  const texts = new Set(verdict.outcomes[0]?.texts)
  if (expression.op === 'binary' && expression.operator === '|' && texts.size > 1)
    return [{ code: 'partly-fails', message: `value ${number}: it gives ${texts.size} values, not one` }]
  const message = invalid(verdict)
  return message === undefined ? [] : [{ code: 'writes-invalid', message: `value ${number}: ${message}` }]
}

const worst = ({ faults }: CaseVerdict): Fault | undefined =>
  faults.find(({ kind }) => kind === 'fails') ?? faults[0]

/** Only the first condition is evaluated on every value. */
function codeOf({ kind }: Fault, isAlways: boolean): FindingCode {
  if (kind === 'fails') return isAlways ? 'fails' : 'partly-fails'
  return kind === 'partly-fails' ? 'partly-fails' : 'dead-condition'
}

const advised = (finding: CaseFinding, suggestion: string | undefined): CaseFinding =>
  suggestion === undefined
    ? finding
    : { ...finding, message: `${finding.message}; write \`${suggestion}\``, suggestion }

/** Says why the written value is invalid on every element reached. */
function invalidValue(outcomes: readonly Outcome[], places: readonly Place[]): string | undefined {
  const faults = places.map((place, index) =>
    invalidOn(place, present(outcomes[index], 'the outcome of a place')),
  )
  return faults.every((fault) => fault !== undefined) ? faults[0] : undefined
}

function invalidOn({ type }: Place, { places, values, texts }: Outcome): string | undefined {
  if (places?.length !== 0 || values === undefined || values.size === 0 || type.name === 'integer64')
    return undefined
  const kinds = [...values]
  if (!kinds.some((kind) => jsonKindOf(kind) === type.jsonKind))
    return `it writes a ${kinds.map(nameOf).join(' or ')}, and ${type.name} is a ${nameOf(type.jsonKind)}`
  const isText = texts?.every((text) => textFault(type, text) !== undefined)
  return isText ? `it writes a text that is not a valid ${type.name}` : undefined
}

/** The text that generalize writes. */
const jsonKindOf = (kind: ValueKind): string => (kind === 'number' || kind === 'boolean' ? kind : 'string')

const nameOf = (kind: string): string =>
  kind === 'number' || kind === 'boolean' || kind === 'quantity' ? kind : 'text'
