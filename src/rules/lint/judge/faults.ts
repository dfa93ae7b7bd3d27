import type { Expression } from '../../expression/expression.js'
import type { Place } from '../elements/place.js'

/** A fault at one place of an expression. */
export interface Fault {
  /**
   * `element`, `type`: nothing of that name is there. `argument`: an argument that must be a text is not one. `condition`:
   * it never holds. `pointless`: it never holds, or always, for valid data only. `fails`: evaluating it rejects the line.
   * `partly-fails`: it does so for some kinds of values.
   */
  readonly kind: 'element' | 'type' | 'argument' | 'condition' | 'pointless' | 'fails' | 'partly-fails'
  readonly expression: Expression
  /** The name searched for, or what is said about it. */
  readonly text: string
  /** What it is searched in. */
  readonly places: readonly Place[]
  /** The codes that the element may hold. */
  readonly codes?: readonly string[]
  /** Whether it is inside `where(…)` or another condition or argument, not a step of the path itself. */
  readonly isInCondition: boolean
}

/** The fault without its expression. */
export type FaultFacts = Omit<Fault, 'expression' | 'isInCondition'>

/**
 * Collects faults over all resource types that a rule applies to. An expression counts as faulty only if it is faulty on
 * every type on which its input finds something.
 */
export class Faults {
  readonly #sound = new Set<Expression>()
  readonly #found = new Map<Expression, Fault>()

  add(fault: Fault): void {
    const known = this.#found.get(fault.expression)
    if (known === undefined) this.#found.set(fault.expression, fault)
    else if (known.kind === fault.kind)
      this.#found.set(fault.expression, { ...known, places: [...known.places, ...fault.places] })
  }

  passed(expression: Expression): void {
    this.#sound.add(expression)
  }

  /** Returns the faults that hold on every type, in the order they were found. */
  certain(): readonly Fault[] {
    return [...this.#found.values()].filter(({ expression }) => !this.#sound.has(expression))
  }
}
