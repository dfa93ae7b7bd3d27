import type { Invocation } from '../invocation.js'
import type { Items } from '../item.js'

/**
 * What an argument is. `condition` and `projection` are evaluated on each item of the input, `branch` on the input as a
 * whole, `type` and `name` not at all; all others on what the function is called from.
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

/** What a function gives, as far as it can be known without data. */
export type Gives =
  /** A computed value of that kind. */
  | 'boolean'
  | 'number'
  | 'string'
  | 'moment'
  | 'quantity'
  /** True only where there is an item. */
  | 'boolean of items'
  /** Empty where the input is. */
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
  /** What an argument gives. */
  | 'projection'
  | 'repeated projection'
  | 'one of two branches'
  | 'anything'
  /** Nothing: it is known, but not supported. */
  | 'failure'

/**
 * A function, with all that is known of it: the parser takes its number of arguments from here, the evaluator what it
 * does, and lint what its input and arguments must be and what it gives.
 */
export interface FunctionRow {
  /** What its input must be. A function on values fails on complex elements, one on texts on numbers as well. */
  readonly takes: 'anything' | 'value' | 'string' | 'number'
  readonly args: readonly ArgumentKind[]
  /** How many of the last arguments may be left out. */
  readonly optional?: number
  readonly gives: Gives
  readonly run: (invocation: Invocation) => Items
}

/** Whether the arguments of a function look from each item of its input. */
export const looksFromItems = ({ args }: FunctionRow): boolean =>
  args.some((kind) => kind === 'condition' || kind === 'projection')
