import type { Call } from '../expression/expression.js'
import { singleValue, truth } from './collections.js'
import type { Evaluation } from './evaluation.js'
import { fail } from './evaluation-error.js'
import { type Item, type Items, NOTHING } from './item.js'
import type { Frame } from './scope.js'
import { isNumber, type NumberValue, type Value } from './value.js'

/** A function call: its input, and its arguments, which are evaluated on demand. */
export class Invocation {
  constructor(
    readonly call: Call,
    readonly input: Items,
    readonly frame: Frame,
    readonly evaluation: Evaluation,
  ) {}

  has(position: number): boolean {
    return position < this.call.args.length
  }

  /** Evaluates an argument in the caller's context, not on the input; empty if it is omitted. */
  collection(position: number): Items {
    return this.runArgument(position, this.frame)
  }

  /** Evaluates an argument on one of the input's items. */
  each(position: number, item: Item, index: number): Items {
    return this.runArgument(position, { self: [item], index, total: this.frame.total })
  }

  /** Whether a condition is true for one of the input's items. */
  holds(item: Item, index: number): boolean {
    return truth(this.each(0, item, index), this.evaluation) === true
  }

  runArgument(position: number, frame: Frame): Items {
    const argument = this.call.args[position]
    return argument === undefined ? NOTHING : this.evaluation.run(argument, frame)
  }

  /** Returns the single value of the input; undefined if it is empty. */
  value(): Value | undefined {
    return singleValue(this.input, this.evaluation)
  }

  /** Returns the single text of the argument; undefined if it is empty. */
  text(position: number): string | undefined {
    const value = singleValue(this.collection(position), this.evaluation)
    if (value === undefined) return undefined
    return value.kind === 'string' ? value.text : fail(`${this.call.name}() takes a text`)
  }

  integer(position: number): number | undefined {
    const value = singleValue(this.collection(position), this.evaluation)
    if (value === undefined) return undefined
    return value.kind === 'integer' ? Number(value.value.units) : fail(`${this.call.name}() takes an integer`)
  }

  number(position: number): NumberValue | undefined {
    const value = singleValue(this.collection(position), this.evaluation)
    return value === undefined || isNumber(value) ? value : fail(`${this.call.name}() takes a number`)
  }

  /** Returns the name of a type or the text of a literal; undefined if the argument is neither. */
  literal(position: number): string | undefined {
    const argument = this.call.args[position]
    return argument?.op === 'literal' && (argument.kind === 'string' || argument.kind === 'type')
      ? argument.text
      : undefined
  }
}
