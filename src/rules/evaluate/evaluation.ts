import type { Expression } from '../expression/expression.js'
import type { Budget } from './budget.js'
import type { Items } from './item.js'
import type { Frame, Scope } from './scope.js'

/** An evaluation in progress, as operators and functions see it. */
export interface Evaluation {
  readonly scope: Scope
  readonly budget: Budget
  /** Evaluates a part of the expression. */
  run(expression: Expression, frame: Frame): Items
}
