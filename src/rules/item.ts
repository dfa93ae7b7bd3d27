import type { TreeNode } from '../fhir/tree.js'
import type { Value } from './values.js'

/** An item of a FHIRPath collection. */
export type Item = TreeNode | Value

/** What an evaluation needs to know besides its focus. */
export interface Scope {
  /** What a primitive element holds now; undefined where it holds nothing. */
  valueOf(node: TreeNode): Value | undefined
  /** The resource whose turn it is: `%resource`. */
  readonly resource: TreeNode
  readonly root: TreeNode
  /** `today()`: the run's reference day. */
  readonly asOf: string
}

/** Thrown where an expression cannot be evaluated; names functions and operators, never values. */
export class EvaluationError {
  constructor(readonly message: string) {}
}

export const isNode = (item: Item): item is TreeNode => 'parent' in item
