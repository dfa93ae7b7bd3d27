import type { TreeNode } from '../../fhir/tree.js'
import type { Item as Value } from './values/item.js'

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

export const isNode = (item: Item): item is TreeNode => 'parent' in item
