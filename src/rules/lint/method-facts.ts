/** Facts about a method that lint and both engines need; the table of methods supplies them. */
export interface MethodFacts {
  readonly name: string
  readonly reach: Reach
  /** Whether nothing that it takes is written, even if it is empty or faulty. */
  readonly takesAway?: boolean
  /** Whether it leaves every value unchanged. */
  readonly changesNothing?: boolean
  /** The values that it changes; all others stay unchanged. Without it, the method changes all values. */
  readonly changesOnly?: {
    /** FHIR types. */
    readonly types: ReadonlySet<string>
    /** Name of one of them in messages: `date`. */
    readonly noun: string
  }
  /** Whether it writes a text, whatever the value was. */
  readonly writesText?: boolean
  /** Whether it may write any value, as code of the user decides. */
  readonly writesAnything?: boolean
  /** Whether ids and the references to them become the same text. */
  readonly hashesReferences?: boolean
}

/**
 * What a rule takes of an element that it claims.
 *
 * - `values`: each value in the element
 * - `primitive`: the value of a primitive, not its extensions; it fails on other elements
 * - `number`: the number that the element is or, as a quantity, holds
 * - `replacement`: the element as a whole, which becomes what the rule says
 * - `element`: the element with everything in it, resources included; it fails on a resource itself
 */
export type Reach = 'values' | 'primitive' | 'number' | 'replacement' | 'element'

/** Whether a method removes values one by one, which leaves child resources and what parameters exempt. */
export const redacts = (method: MethodFacts | undefined): boolean =>
  method?.reach === 'values' && method.takesAway === true
