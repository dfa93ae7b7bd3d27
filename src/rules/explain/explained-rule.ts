import type { MethodFacts } from '../lint/method-facts.js'
import type { LeafFacts, Result } from './result.js'

/** A rule whose path compiles, as explanations need it. */
export interface ExplainedRule {
  /** Counts from 1 in file order. */
  readonly number: number
  readonly path: string
  /** The method as the rule names it. */
  readonly methodName: string
  readonly method: MethodFacts
  /** What a `replacement` writes. */
  readonly replaceWith?: unknown
  /** Whether Sluice added the rule to those of the file. */
  readonly isBuiltIn?: boolean
  /** What the method makes of a value that the rule claims. */
  resultOf(leaf: LeafFacts): Result
}
