import type { ElementType, Member } from '../../../fhir/elements.js'
import type { Expression } from '../../expression/expression.js'

/**
 * Truth in FHIRPath's three-valued logic, where `empty` is the third value; `unsure` leaves the decision to the
 * interpreter.
 */
export type Truth = 'false' | 'true' | 'empty' | 'unsure'

/**
 * A criterion on one element, decided by the JSON value of that element alone. `criterion` is one, or a part of one, that
 * bytes do not decide: the evaluator decides it on that element. Only a whole criterion may fail.
 */
export type Predicate =
  | { readonly kind: 'constant'; readonly truth: Truth }
  | { readonly kind: 'not'; readonly of: Predicate }
  | { readonly kind: Connective; readonly left: Predicate; readonly right: Predicate }
  | { readonly kind: 'items'; readonly mode: Mode; readonly target: Target }
  | Criterion

export interface Criterion {
  readonly kind: 'criterion'
  readonly expression: Expression
  readonly type: ElementType
  readonly mayFail: boolean
}

export type Connective = 'and' | 'or' | 'xor' | 'implies'

/**
 * How the items of a collection decide. An item hits if it passes its test.
 *
 * - `some`: true if any item hits, otherwise false: `exists()`, `'x' in path`
 * - `single`: empty without items, true if the only item hits, false for several: `path = 'x'`
 * - `each`: empty without items, true if all hit: `path in ('x' | 'y')`
 * - `all`: true if all hit, also without items
 * - `condition`: empty without items, true if the only item hits, true for several: a path as a condition
 */
export type Mode = 'some' | 'single' | 'each' | 'all' | 'condition'

/** What follows at an element that a path has reached: more members, or the test of an item. */
export interface Target {
  /** Conditions of `where` that the element must meet. */
  readonly filters: readonly Predicate[]
  readonly goal: { readonly kind: 'members'; readonly members: readonly Branch[] } | Test
}

/** A member of an object that a path enters. */
export interface Branch {
  readonly member: Member
  readonly target: Target
}

/** The test of one item. Texts are compared with the trimmed text of the element. */
export type Test =
  | { readonly kind: 'any' | 'never' | 'unsure' }
  | { readonly kind: 'texts'; readonly texts: readonly string[] }
  | { readonly kind: 'starts' | 'ends' | 'contains'; readonly text: string }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'integer'; readonly value: number }
  /** Whether a number is below, equal to or above an integer, as far as these count as a hit. */
  | { readonly kind: 'order'; readonly value: number; readonly hits: Order }
  | { readonly kind: 'predicate'; readonly predicate: Predicate }

export interface Order {
  readonly below: boolean
  readonly equal: boolean
  readonly above: boolean
}

export const constant = (truth: Truth): Predicate => ({ kind: 'constant', truth })

/** Joins two truths; both operands are decided without failing, so one may decide alone. */
export function joined(connective: Connective, a: Truth, b: Truth): Truth {
  switch (connective) {
    case 'and':
      return negated(joined('or', negated(a), negated(b)))
    case 'implies':
      return joined('or', negated(a), b)
    case 'or':
      if (a === 'true' || b === 'true') return 'true'
      if (a === 'unsure' || b === 'unsure') return 'unsure'
      return a === 'empty' || b === 'empty' ? 'empty' : 'false'
    case 'xor':
      if (a === 'unsure' || b === 'unsure') return 'unsure'
      if (a === 'empty' || b === 'empty') return 'empty'
      return a === b ? 'false' : 'true'
  }
}

export const negated = (truth: Truth): Truth =>
  truth === 'true' ? 'false' : truth === 'false' ? 'true' : truth

/** Makes a connective, without operands that do not matter. */
export function connective(kind: Connective, left: Predicate, right: Predicate): Predicate {
  if (left.kind === 'constant' && right.kind === 'constant')
    return constant(joined(kind, left.truth, right.truth))
  for (const operand of [left, right])
    if (operand.kind === 'constant' && (kind === 'and' || kind === 'or'))
      if (operand.truth === (kind === 'and' ? 'false' : 'true')) return operand
      else if (operand.truth === (kind === 'and' ? 'true' : 'false')) return operand === left ? right : left
  return { kind, left, right }
}

export const not = (of: Predicate): Predicate =>
  of.kind === 'constant' ? constant(negated(of.truth)) : { kind: 'not', of }

/** Returns the truth of a collection by its numbers of items and hits, and whether a test or filter was unsure. */
export function counted(mode: Mode, items: number, hits: number, isUnsure: boolean): Truth {
  if (mode === 'some') return hits > 0 ? 'true' : isUnsure ? 'unsure' : 'false'
  if (isUnsure) return 'unsure'
  if (mode !== 'all' && items === 0) return 'empty'
  if (items > 1 && (mode === 'single' || mode === 'condition')) return mode === 'single' ? 'false' : 'true'
  return hits === items ? 'true' : 'false'
}

/**
 * Calls `visit` for each member that a predicate reads, with the members that lead to it, and for each criterion in it,
 * which may read what its expression says.
 */
export const visitReads = (predicate: Predicate, visit: Visit): void => readsOf(predicate, [], visit)

/** Whether the evaluator has to decide a predicate, or a part of it. */
export function usesEvaluator(predicate: Predicate): boolean {
  let uses = false
  visitReads(predicate, (_, criterion) => {
    if (criterion !== undefined) uses = true
  })
  return uses
}

type Visit = (path: readonly Member[], criterion?: Criterion) => void

function readsOf(predicate: Predicate, path: readonly Member[], visit: Visit): void {
  switch (predicate.kind) {
    case 'constant':
      return
    case 'criterion':
      visit(path, predicate)
      return
    case 'not':
      readsOf(predicate.of, path, visit)
      return
    case 'items':
      readsOfTarget(predicate.target, path, visit)
      return
    default:
      readsOf(predicate.left, path, visit)
      readsOf(predicate.right, path, visit)
  }
}

function readsOfTarget({ filters, goal }: Target, path: readonly Member[], visit: Visit): void {
  for (const filter of filters) readsOf(filter, path, visit)
  if (goal.kind === 'predicate') readsOf(goal.predicate, path, visit)
  if (goal.kind !== 'members') {
    if (path.length === 0 && goal.kind !== 'predicate') visit(path)
    return
  }
  for (const { member, target } of goal.members) {
    const deeper = [...path, member]
    visit(deeper)
    readsOfTarget(target, deeper, visit)
  }
}
