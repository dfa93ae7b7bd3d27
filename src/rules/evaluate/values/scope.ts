import type { Expression } from '../../path/parser.js'
import type { Items } from './item.js'

/** What an expression sees. */
export interface Scope {
  readonly focus: Items
  /** `$this`. */
  readonly self: Items
  /** `$index`. */
  readonly index: number
  /** `$total`. */
  readonly total: Items
  /** The day that `today()` is, `YYYY-MM-DD`: evaluation reads no clock. */
  readonly today: string
  readonly variables: ReadonlyMap<string, Items>
}

/** `evaluate`, as the functions take it. */
export type Evaluate = (expression: Expression, scope: Scope) => Items
