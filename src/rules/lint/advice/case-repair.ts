import type { ElementTree } from '../../../fhir/elements.js'
import type { Expression } from '../../expression/expression.js'
import { print } from '../../expression/print.js'
import type { Place } from '../elements/place.js'
import type { Fault } from '../judge/faults.js'
import type { Outcome } from '../judge/outcome.js'
import { candidates } from './candidates.js'
import { type Candidate, parentOf, replaced, text } from './expressions.js'

/** Judges a condition or value of generalize on all elements that its rule reaches. */
export interface CaseVerdict {
  readonly outcomes: readonly Outcome[]
  readonly faults: readonly Fault[]
}

interface Repair {
  readonly judge: (expression: Expression) => CaseVerdict
  readonly isSound: (verdict: CaseVerdict) => boolean
  readonly isCondition: boolean
  readonly places: readonly Place[]
  readonly tree: ElementTree
}

const THIS: Expression = { op: 'this' }
/** Maximum number of faults repaired one after the other. */
const MAX_FAULTS = 4

/** Finds a faultless condition or value of generalize to write instead; undefined if there is none. */
export function mendedCase(
  expression: Expression,
  repair: Repair,
  verdict = repair.judge(expression),
  left = MAX_FAULTS,
): string | undefined {
  const [fault] = verdict.faults
  if (fault === undefined || left === 0) return undefined
  for (const { target, by } of meant(fault, expression, repair)) {
    const next = replaced(expression, target, by)
    const nextVerdict = repair.judge(next)
    if (repair.isSound(nextVerdict)) return print(next)
    const [other] = nextVerdict.faults
    if (other?.kind === fault.kind && other.text === fault.text) continue
    const further = mendedCase(next, repair, nextVerdict, left - 1)
    if (further !== undefined) return further
  }
  return undefined
}

/** Lists what the author may have meant, most likely first. */
function meant(fault: Fault, whole: Expression, repair: Repair): readonly Candidate[] {
  const { expression } = fault
  const others = candidates(fault, whole, repair.tree)
  const atRoot = expression === whole ? rootCandidates(whole, repair) : []
  if (fault.kind !== 'element' || expression.op !== 'member') return [...atRoot, ...others]
  const chain = chainOf(whole, expression)
  const self = { target: chain, by: THIS }
  // The author looks for the value by its element's name, or by the path to it.
  const name = chain.op === 'member' ? chain.name : ''
  const isSelf = name === 'this' || repair.places.some((place) => place.name === name)
  return isSelf ? [self, ...atRoot, ...others] : [...atRoot, ...others, self]
}

/** Handles `male` and `'male'` instead of `$this = 'male'`, and a value without quotes. */
function rootCandidates(whole: Expression, { isCondition }: Repair): readonly Candidate[] {
  const equals = (right: Expression): Candidate => ({
    target: whole,
    by: { op: 'binary', operator: '=', left: THIS, right },
  })
  if (whole.op === 'literal') return isCondition ? [equals(whole)] : []
  if (whole.op !== 'member' || whole.input !== undefined) return []
  if (isCondition) return [equals(text(whole.name))]
  const truth = whole.name.toLowerCase()
  const isTruth = truth === 'true' || truth === 'false'
  const literal: Expression = { op: 'literal', kind: 'boolean', text: truth }
  return [...(isTruth ? [literal] : []), text(whole.name)].map((by) => ({ target: whole, by }))
}

/** Returns all steps after a step. */
function chainOf(whole: Expression, part: Expression): Expression {
  const parent = parentOf(whole, part)
  return parent?.op === 'member' ? chainOf(whole, parent) : part
}
