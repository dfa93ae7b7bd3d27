import type { ElementType, Member } from '../../fhir/elements.js'
import type { MethodFacts } from '../lint/method-facts.js'
import type { LeafFacts, Result } from './result.js'

/** What decides about values. */
export interface ExplainedConfig {
  /** In the order in which they run; their paths compile. */
  readonly rules: readonly ExplainedRule[]
  /** What becomes of a value that the rules leave as it is; without it, it stays. */
  readonly leftAs?: ((owner: ElementType, member: Member) => Result) | undefined
}

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
