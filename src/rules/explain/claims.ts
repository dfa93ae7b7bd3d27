import { type ElementType, isPrimitive } from '../../fhir/elements.js'
import type { OrderedRule } from '../automaton/progress.js'
import { templateFault } from '../lint/findings/template.js'
import { type Conditions, holdWith } from './conditions.js'
import type { ExplainedRule } from './explained-rule.js'

/** A rule that claims an element, or an element above it. */
export interface Claim {
  readonly rule: ExplainedRule
  readonly order: number
  /** Whether it claims the element whatever the data holds. */
  readonly isSure: boolean
  /** What it takes, if it is not sure. */
  readonly conditions: Conditions
  /** Whether the rule fails on the element at which the claim begins. */
  readonly fails: boolean
  /** For a replacement: what it writes for this element; undefined for nothing. */
  readonly part: unknown
  /** For a change of a number: whether the number is above this element, which then stays as it is. */
  readonly isSpent: boolean
}

/** Returns the claim of a rule that arrives at an element. */
export function newClaim(
  rule: ExplainedRule,
  { order }: OrderedRule,
  { name, type }: { readonly name: string; readonly type: ElementType },
  conditions: 'none' | Conditions,
): Claim {
  const { reach } = rule.method
  const fails =
    (reach === 'primitive' && !isPrimitive(type)) ||
    (reach === 'element' && type.isResource && name === '') ||
    (reach === 'replacement' && !isPrimitive(type) && templateFault(type, rule.replaceWith) !== undefined)
  const isSure = conditions === 'none'
  const needed = conditions === 'none' ? new Set<string>() : conditions
  return { rule, order, isSure, conditions: needed, fails, part: rule.replaceWith, isSpent: false }
}

/**
 * Returns the claims that matter at an element in the order of the rules: the first that is sure decides, if no
 * earlier one does. What is below a value that a rule generalizes goes to later rules, so those count too.
 */
export function inForce(claims: readonly Claim[]): readonly Claim[] {
  const byOrder = new Map<number, Claim>()
  for (const claim of claims) {
    const known = byOrder.get(claim.order)
    if (known === undefined || (!known.isSure && claim.isSure)) byOrder.set(claim.order, claim)
    else if (!known.isSure && known.conditions !== claim.conditions)
      byOrder.set(claim.order, { ...known, conditions: undefined })
  }
  const ordered = withoutIdle([...byOrder.values()].sort((a, b) => a.order - b.order))
  const last = ordered.findIndex(({ isSure, rule }) => isSure && rule.method.reach !== 'primitive')
  return last < 0 ? ordered : ordered.slice(0, last + 1)
}

/** Leaves out each claim that comes too late: an earlier rule claims the element wherever it would. */
const withoutIdle = (ordered: readonly Claim[]): readonly Claim[] =>
  ordered.filter(
    (claim, at) =>
      claim.isSure || !ordered.slice(0, at).some((earlier) => comesBefore(earlier, claim, ordered)),
  )

function comesBefore(earlier: Claim, later: Claim, all: readonly Claim[]): boolean {
  if (earlier.rule.method.reach === 'primitive' || !holdWith(earlier.conditions, later.conditions))
    return false
  // What a rule between them writes might meet the condition.
  return !all.some(
    ({ order, rule: { method } }) =>
      order > earlier.order &&
      order < later.order &&
      (method.reach === 'replacement' || method.reach === 'primitive' || method.writesAnything === true),
  )
}

/** Returns the claims up to the first that is sure. */
export function upToSure(claims: readonly Claim[]): readonly Claim[] {
  const sure = claims.findIndex(({ isSure }) => isSure)
  return sure < 0 ? claims : claims.slice(0, sure + 1)
}

/**
 * Returns the claims that remove the element as a whole, whatever earlier rules do with what is in it: also those that
 * fail on it, and so remove the line.
 */
export function removals(claims: readonly Claim[]): readonly Claim[] {
  let isSure = true
  return upToSure(claims).flatMap((claim) => {
    const removes = claim.rule.method.reach === 'element' || claim.fails
    if (!removes) isSure = false
    return removes ? [{ ...claim, isSure: claim.isSure && isSure }] : []
  })
}
