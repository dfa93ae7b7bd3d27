/** What lint and both engines have to know about a rule's method; the table of methods gives it. */
export interface MethodFacts {
  readonly name: string
  readonly reach: Reach
  /** Nothing of what it takes is written, be it empty or faulty. */
  readonly takesAway?: boolean
  /** It leaves every value as it is. */
  readonly changesNothing?: boolean
  /** The values it changes; all others stay as they are. Without it, it changes all. */
  readonly changesOnly?: {
    /** FHIR types. */
    readonly types: ReadonlySet<string>
    /** What a message calls one of them: `date`. */
    readonly noun: string
  }
  /** It writes a text, whatever the value was. */
  readonly writesText?: boolean
  /** Ids and the references to them become the same text. */
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

/** Whether a method removes values one by one, so that child resources and what parameters let stay are left. */
export const redacts = (method: MethodFacts | undefined): boolean =>
  method?.reach === 'values' && method.takesAway === true
