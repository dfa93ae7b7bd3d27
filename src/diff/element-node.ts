import type { ElementType } from '../fhir/elements.js'
import type { FhirVersion } from '../fhir/version.js'
import { OUTCOMES, type Outcome } from './outcome.js'

/** One element of a resource type, whatever array it is in, with what became of its values. */
export interface ElementNode {
  /** `Patient.name.family`; what no FHIR version knows is `(unknown)`, as its name may be a patient's. */
  readonly path: string
  readonly key: string
  /** A FHIR type's name, `unknown` where no version knows the element. */
  readonly typeName: string
  readonly type: { readonly version: FhirVersion; readonly element: ElementType } | undefined
  readonly parent: ElementNode | undefined
  /** What may identify a person here: see `concernOf`. */
  readonly concern: string | undefined
  /** Number of values for each outcome, in the order of OUTCOMES. */
  readonly counts: Float64Array
  readonly children: Map<string, ElementNode>
}

export const countOf = (node: ElementNode, outcome: Outcome): number =>
  node.counts[OUTCOMES.indexOf(outcome)] ?? 0

/** Types whose text identifies a person. */
const IDENTIFYING: ReadonlySet<string> = new Set([
  'HumanName',
  'Address',
  'ContactPoint',
  'Identifier',
  'Narrative',
  'Annotation',
  'Attachment',
  'Signature',
  'markdown',
])

/** Elements of such types that reveal no more than a code. */
const HARMLESS: ReadonlySet<string> = new Set(['code', 'boolean', 'Coding', 'CodeableConcept', 'Period'])

/**
 * Why a value that stayed as it was deserves a look: the identifying type that it is or lies in, `Reference` for a
 * reference or its display, `id` for a resource's id.
 */
export function concernOf(
  parent: Pick<ElementNode, 'typeName' | 'concern' | 'parent'>,
  key: string,
  typeName: string,
): string | undefined {
  if (parent.parent === undefined && key === 'id') return 'id'
  if (parent.typeName === 'Reference' && (key === 'reference' || key === 'display')) return 'Reference'
  if (IDENTIFYING.has(typeName)) return typeName
  if (HARMLESS.has(typeName)) return undefined
  if (parent.typeName === 'Identifier' && key === 'system') return undefined
  if (parent.typeName === 'Extension' && key === 'url') return undefined
  return parent.concern
}
