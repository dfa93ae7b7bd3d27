/**
 * What a rule writes in place of a value. `listed code` is a code or system that stays if `codeSystems` or FHIR lists
 * it, `code form` a code that stays if it looks like one. `month` is a date cut to more than its year; `rejected` means that the rule
 * fails on such an element, so the line is not written; `own rules` is a child resource, which the rules for its own type
 * decide.
 */
export const RESULTS = [
  'kept',
  'listed code',
  'code form',
  'month',
  'year',
  'shifted',
  'hashed',
  'encrypted',
  'generalized',
  'perturbed',
  'substituted',
  'custom',
  'ZIP prefix',
  'age to 89',
  'removed',
  'rejected',
  'own rules',
] as const

export type Result = (typeof RESULTS)[number]

/** A primitive value, as far as types and names tell. */
export interface LeafFacts {
  /** The element's name without choice suffix. */
  readonly name: string
  readonly type: string
  readonly parentType: string
  readonly kind: 'string' | 'number' | 'boolean'
  /** What becomes of the value if the rules leave it as it is. */
  readonly left: Result
}

/** Whether nothing of the value is written. */
export const isGone = (result: Result): boolean => result === 'removed' || result === 'rejected'

/** Whether the value may be written as it is, or nobody can tell. */
export const isKept = (result: Result): boolean =>
  result === 'kept' || result === 'month' || result === 'custom'

/** Whether something of the value itself may be written: all of it, or a code that a list or form lets through. */
export const mayStay = (result: Result): boolean =>
  isKept(result) || result === 'listed code' || result === 'code form'
