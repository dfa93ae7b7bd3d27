import type { ElementType } from '../../../fhir/elements.js'
import type { Place } from '../elements/place.js'

/** Kinds of FHIRPath values that `=` distinguishes. */
export type ValueKind = 'string' | 'boolean' | 'number' | 'moment' | 'quantity'

/** What an expression can give, judged from the element tree alone. */
export interface Outcome {
  /** Kinds of nodes; undefined if unknown. */
  readonly places: readonly Place[] | undefined
  /** Kinds of computed values; undefined if unknown. */
  readonly values: ReadonlySet<ValueKind> | undefined
  /** All texts that it can be, if known. */
  readonly texts?: readonly string[]
  /** Whether it never holds as a condition. */
  readonly neverTrue: boolean
}

const NO_VALUES: ReadonlySet<ValueKind> = new Set()

export const NOTHING: Outcome = { places: [], values: NO_VALUES, neverTrue: true }
export const UNKNOWN: Outcome = { places: undefined, values: undefined, neverTrue: false }
export const NEVER: Outcome = { places: [], values: new Set(['boolean']), neverTrue: true }

export const nodes = (places: readonly Place[]): Outcome =>
  places.length === 0 ? NOTHING : { places, values: NO_VALUES, neverTrue: false }

export const value = (kind: ValueKind, texts?: readonly string[]): Outcome => ({
  places: [],
  values: new Set([kind]),
  neverTrue: false,
  ...(texts === undefined ? {} : { texts }),
})

export const isNothing = ({ places, values }: Outcome): boolean => places?.length === 0 && values?.size === 0

/** Combines what two alternative expressions can give. */
export function either(left: Outcome, right: Outcome): Outcome {
  if (isNothing(left)) return right
  if (isNothing(right)) return left
  const texts = left.texts && right.texts && [...left.texts, ...right.texts]
  return {
    places: left.places && right.places && [...left.places, ...right.places],
    values: left.values && right.values && new Set([...left.values, ...right.values]),
    neverTrue: left.neverTrue && right.neverTrue,
    ...(texts === undefined ? {} : { texts }),
  }
}

export type ComparedKind = ValueKind | 'complex'

const MOMENTS = new Set(['date', 'dateTime', 'instant', 'time'])

export function comparedKind({ jsonKind, name }: ElementType): ComparedKind {
  if (jsonKind === 'object') return 'complex'
  if (jsonKind === 'number' || name === 'integer64') return 'number'
  return jsonKind === 'string' && MOMENTS.has(name) ? 'moment' : jsonKind
}

/** Returns the kinds that `=` can meet; undefined if unknown. */
export function kindsOf({ places, values }: Outcome): ReadonlySet<ComparedKind> | undefined {
  if (places === undefined || values === undefined) return undefined
  return new Set([...values, ...places.map(({ type }) => comparedKind(type))])
}
