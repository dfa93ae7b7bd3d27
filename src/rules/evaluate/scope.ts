import type { TreeNode } from '../../fhir/tree.js'
import type { Items } from './item.js'
import type { Value } from './value.js'

/** What an evaluation needs to know besides its focus. */
export interface Scope {
  /** What a primitive element holds now; undefined where it holds nothing. */
  valueOf(node: TreeNode): Value | undefined
  /** `%resource` and its like, by name. */
  readonly variables: ReadonlyMap<string, Items>
  /** `today()`: the run's reference day, `YYYY-MM-DD`. Evaluation reads no clock. */
  readonly asOf: string
  /** The size of the resource or value that is looked at: it scales the limit of steps. */
  readonly bytes: number
}

/** What an expression is evaluated on. */
export interface Frame {
  /** `$this`, which is also the input of a step or function without one. */
  readonly self: Items
  /** `$index`. */
  readonly index: number
  /** `$total`; undefined outside of `aggregate()`. */
  readonly total: Items | undefined
}

/** A path or criterion on a resource whose turn it is, in a tree with that root. */
export const resourceScope = (
  resource: TreeNode,
  root: TreeNode,
  reading: Pick<Scope, 'valueOf' | 'asOf'>,
): Scope => ({
  ...reading,
  bytes: root.end - root.start,
  variables: new Map([
    ['resource', [resource]],
    ['context', [resource]],
    ['rootResource', [root]],
  ]),
})

/** A case of generalize: one value, whose resource is out of sight. */
export const valueScope = (value: Value, text: string, asOf: string): Scope => ({
  valueOf: () => undefined,
  asOf,
  bytes: text.length,
  variables: new Map([['context', [value]]]),
})
