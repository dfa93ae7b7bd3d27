import type { Invocation } from '../invocation.js'
import type { Items } from '../item.js'

/**
 * Kind of an argument. `condition` and `projection` are evaluated on each item of the input, `branch` on the input as a
 * whole, `type` and `name` not at all, and all others in the caller's context.
 */
export type ArgumentKind =
  | 'condition'
  | 'projection'
  | 'branch'
  | 'collection'
  | 'count'
  | 'text'
  | 'pattern'
  | 'number'
  | 'type'
  | 'name'

/** Result of a function, as far as it is known without data. */
export type Gives =
  /** A computed value of that kind. */
  | 'boolean'
  | 'number'
  | 'string'
  | 'moment'
  | 'quantity'
  /** True only if there is an item. */
  | 'boolean of items'
  /** Empty if the input is empty. */
  | 'boolean of condition'
  /** Items of the input. */
  | 'input'
  | 'input that fits'
  | 'input of a type'
  | 'both inputs'
  /** Other elements. */
  | 'children'
  | 'descendants'
  | 'elements by type'
  | 'elements by name'
  | 'extensions'
  /** Result of an argument. */
  | 'projection'
  | 'repeated projection'
  | 'one of two branches'
  | 'anything'
  /** No result: the function is known but not supported. */
  | 'failure'

/**
 * A function and all facts about it: the parser reads its number of arguments, the evaluator what it does, and lint what
 * its input and arguments must be and what it gives.
 */
export interface FunctionRow {
  /** Required input. A function on values fails on complex elements; one on texts also fails on numbers. */
  readonly takes: 'anything' | 'value' | 'string' | 'number'
  readonly args: readonly ArgumentKind[]
  /** Number of trailing arguments that may be omitted. */
  readonly optional?: number
  readonly gives: Gives
  readonly run: (invocation: Invocation) => Items
}

/** Whether the arguments of a function are evaluated on each item of its input. */
export const looksFromItems = ({ args }: FunctionRow): boolean =>
  args.some((kind) => kind === 'condition' || kind === 'projection')
