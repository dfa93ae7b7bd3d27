import type { TreeNode } from '../../fhir/tree.js'
import type { Items } from './item.js'
import type { Value } from './value.js'

/** The environment of an evaluation, besides its focus. */
export interface Scope {
  /** Returns the current value of a primitive element; undefined if it has none. */
  valueOf(node: TreeNode): Value | undefined
  /** Returns `%resource` and similar variables by name; undefined for an unknown one. */
  variable(name: string): Items | undefined
  /** `today()`: the run's reference day, `YYYY-MM-DD`. Evaluation reads no clock. */
  readonly asOf: string
  /** Size of the resource or value, which scales the limit of steps. */
  readonly bytes: number
}

/** The context in which an expression is evaluated. */
export interface Frame {
  /** `$this`, which is also the input of a step or function without one. */
  readonly self: Items
  /** `$index`. */
  readonly index: number
  /** `$total`; undefined outside `aggregate()`. */
  readonly total: Items | undefined
}

/** Makes the scope of a path or criterion on a resource in its turn, in a tree with that root. */
export const resourceScope = (
  resource: TreeNode,
  root: TreeNode,
  reading: Pick<Scope, 'valueOf' | 'asOf'>,
): Scope => ({
  ...reading,
  bytes: root.end - root.start,
  variable: (name) => {
    if (name === 'resource' || name === 'context') return [resource]
    return name === 'rootResource' ? [root] : undefined
  },
})

/** Makes the scope of a case of generalize: one value, without access to its resource. */
export const valueScope = (value: Value, text: string, asOf: string): Scope => ({
  valueOf: () => undefined,
  asOf,
  bytes: text.length,
  variable: (name) => (name === 'context' ? [value] : undefined),
})
